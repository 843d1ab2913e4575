"""This script steps Gymnasium's own environments: {name, starts, actions} as JSON, where an episode begins at the next of
`starts` and `actions` are in [-1, 1]. Prints a row for each action: observation, reward, terminated, truncated."""

import json
import sys

import gymnasium
import numpy as np

given = json.loads(sys.argv[1])
env = gymnasium.make(given["name"])
scale = env.action_space.high
is_pendulum = given["name"] == "Pendulum-v1"
starts = iter(given["starts"])


def begin():
    env.reset()
    env.unwrapped.state = np.array(next(starts), dtype=np.float64 if is_pendulum else np.float32)


begin()
rows = []
for action in given["actions"]:
    obs, reward, terminated, truncated, _ = env.step(np.array([action], dtype=np.float32) * scale)
    rows.append([*map(float, obs), float(reward), bool(terminated), bool(truncated)])
    if terminated or truncated:
        begin()
print(json.dumps(rows))
