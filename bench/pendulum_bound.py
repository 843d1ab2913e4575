"""This script finds the best returns of Pendulum-v1: policies that know its equations start from the states of our
evaluation, by value iteration on a grid of 401 angles, 201 speeds and 21 torques with bilinear interpolation.

Takes {"starts", "gamma"} as JSON in its first argument. Prints {"best", "discounted"}: the mean return of the best policy for
200 steps, and of the one that is best for rewards discounted by gamma, which learners look for.
"""

import json
import sys

import numpy as np

ANGLES, SPEEDS, STEPS = 401, 201, 200
given = json.loads(sys.argv[1])


def step(angle, speed, torque):
    """Next angle and speed, and the reward; as Gymnasium's."""
    turn = (angle + np.pi) % (2 * np.pi) - np.pi
    faster = np.clip(speed + (15 * np.sin(angle) + 3 * torque) * 0.05, -8, 8)
    return angle + faster * 0.05, faster, -(turn**2 + 0.1 * speed**2 + 0.001 * torque**2)


def corners(angle, speed):
    """Indices of the four points of the grid around each state, and the weights that interpolate between them."""
    x = (angle + np.pi) % (2 * np.pi) / (2 * np.pi) * ANGLES
    y = (speed + 8) / 16 * (SPEEDS - 1)
    i, k = np.floor(x).astype(int), np.minimum(np.floor(y).astype(int), SPEEDS - 2)
    fx, fy = x - i, y - k
    left, right = i % ANGLES * SPEEDS + k, (i + 1) % ANGLES * SPEEDS + k
    points = np.stack([left, right, left + 1, right + 1])
    return points, np.stack([(1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy])


def interpolate(values, points, weights):
    return (values[points] * weights).sum(axis=0)


def iterate(values, gamma, moves):
    """Values one step earlier."""
    return np.max([reward + gamma * interpolate(values, *around) for around, reward in moves], axis=0)


def returns(values_after, gamma):
    """Of each start, acting greedily on the values that `values_after(step)` gives."""
    angle, speed = np.array(given["starts"]).T[:, :, None]
    torques, total = np.linspace(-2, 2, 101), 0
    for t in range(STEPS):
        angles, speeds, rewards = step(angle, speed, torques)
        chosen = (rewards + gamma * interpolate(values_after(t), *corners(angles, speeds))).argmax(1)[:, None]
        pick = lambda options: np.take_along_axis(options, chosen, axis=1)
        angle, speed, total = pick(angles), pick(speeds), total + pick(rewards)
    return float(total.mean())


grid = np.meshgrid(-np.pi + 2 * np.pi * np.arange(ANGLES) / ANGLES, np.linspace(-8, 8, SPEEDS), indexing="ij")
angle, speed = (axis.ravel() for axis in grid)
moves = []
for torque in np.linspace(-2, 2, 21):
    next_angle, next_speed, reward = step(angle, speed, torque)
    moves.append((corners(next_angle, next_speed), reward))

by_steps_left = [np.zeros(angle.size)]
for _ in range(STEPS):
    by_steps_left.append(iterate(by_steps_left[-1], 1, moves))
discounted = np.zeros(angle.size)
for _ in range(300):
    discounted = iterate(discounted, given["gamma"], moves)
print(
    json.dumps(
        {
            "best": returns(lambda t: by_steps_left[STEPS - t - 1], 1),
            "discounted": returns(lambda t: discounted, given["gamma"]),
        }
    )
)
