"""This script is bench/control.ts in Stable-Baselines3: its DDPG with the same settings, from the same start states.

Takes the settings as JSON in its first argument; prints {"seconds", "mean_episode_return", "mean_random_return"}, the
last over episodes that begin as Gymnasium has them begin. One thread.
"""

import json
import sys
import time

import gymnasium
import numpy as np
import torch
from stable_baselines3 import DDPG
from stable_baselines3.common.noise import NormalActionNoise, OrnsteinUhlenbeckActionNoise

torch.set_num_threads(1)
settings = json.loads(sys.argv[1])
network, training = settings["network"], settings["training"]
noise, zero = training["noise"], np.zeros(1)
sigma = noise["sigma"] * np.ones(1)
if noise["type"] == "ou":
    action_noise = OrnsteinUhlenbeckActionNoise(zero, sigma, theta=noise["theta"], dt=noise["dt"])
else:
    action_noise = NormalActionNoise(zero, sigma)
net_arch = {"pi": network["actor_hidden_dims"], "qf": network["critic_hidden_dims"]}

model = DDPG(
    "MlpPolicy",
    gymnasium.make(settings["env"]),
    learning_rate=training["actor_lr"],
    buffer_size=training["buffer_size"],
    learning_starts=training["init_rand_steps"],
    batch_size=training["sample_size"],
    tau=training["tau"],
    gamma=training["gamma"],
    train_freq=1,
    gradient_steps=1,
    action_noise=action_noise,
    policy_kwargs={"net_arch": net_arch},
    seed=settings["seed"],
    device="cpu",
)
began = time.perf_counter()
model.learn(training["max_steps"])
seconds = time.perf_counter() - began

env = gymnasium.make(settings["env"])
dtype = np.float64 if settings["env"] == "Pendulum-v1" else np.float32


def episode(obs):
    total, over = 0.0, False
    while not over:
        action, _ = model.predict(obs, deterministic=True)
        obs, reward, terminated, truncated, _ = env.step(action)
        total += float(reward)
        over = terminated or truncated
    return total


def begin(start):
    env.reset()
    env.unwrapped.state = np.array(start, dtype=dtype)
    return env.unwrapped._get_obs() if dtype == np.float64 else env.unwrapped.state


env.reset(seed=1)
result = {
    "seconds": seconds,
    "mean_episode_return": np.mean([episode(begin(start)) for start in settings["starts"]]),
    "mean_random_return": np.mean([episode(env.reset()[0]) for _ in range(settings["random_episodes"])]),
}
print(json.dumps({key: float(value) for key, value in result.items()}))
