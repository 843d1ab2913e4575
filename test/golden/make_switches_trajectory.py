"""Write ddpg_switches.json: 100 updates with each of the learner's switches, and with those of TD3, as PyTorch computes them.

    pip install torch numpy
    python test/golden/make_switches_trajectory.py

It is make_ddpg_trajectory.py with more in the update; what that says of inputs and of float32 holds here too. Random
numbers are those of the learner: PCG32, Box-Muller and Lemire's index, restated here and seeded with 0.
"""

import math
import struct

import numpy as np
import torch
from torch import nn

import make_ddpg_trajectory as base
from make_ddpg_trajectory import HERE, LOSSES, SMALL, Mlp, dump, fill, named

PHASES = {**base.PHASES, "critic2": 0.7, "target_critic2": 1.1}
DEFAULTS = {
    **base.DEFAULTS, **SMALL, "loss": "l2", "action_penalty": 0.0, "inverting_gradients": False, "twin_critics": False,
    "policy_delay": 1, "target_noise": 0.0, "target_noise_clip": 0.5, "n_step": 1, "optimizer": "adam",
}
NOISE = {"target_noise": 0.6, "target_noise_clip": 0.5}
CASES = {
    "action_penalty": {"action_penalty": 0.3, "actor_lr": 1e-2},
    "inverting_gradients": {"inverting_gradients": True, "actor_lr": 1e-2},
    "twin_critics": {"twin_critics": True, "max_grad_norm": 1.0, "reward_amplitude": 2.0},
    "policy_delay": {"policy_delay": 3},
    "target_noise": NOISE,
    "td3": {"twin_critics": True, "policy_delay": 2, **NOISE, "loss": "smooth_l1"},
    "n_step": {"n_step": 3, "held": 40, "stored": 53},
    "adamw": {"optimizer": "adamw", "actor_weight_decay": 0.3, "critic_weight_decay": 0.1},
}
REPLAY = 2
WORD = 2**64 - 1


class Pcg32:
    """The stream REPLAY of seed 0 (assembly/rng.ts)."""

    def __init__(self, seed, stream):
        x = seed + stream * 0xD1342543DE82EF95 + 0x9E3779B97F4A7C15 & WORD
        x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 & WORD
        x = (x ^ x >> 27) * 0x94D049BB133111EB & WORD
        self.state, self.increment = 0, stream << 1 | 1
        self.next()
        self.state = self.state + (x ^ x >> 31) & WORD
        self.next()

    def next(self):
        old = self.state
        self.state = old * 6364136223846793005 + self.increment & WORD
        bits, turn = (old >> 18 ^ old) >> 27 & 0xFFFFFFFF, old >> 59
        return (bits >> turn | bits << (-turn & 31)) & 0xFFFFFFFF

    def uniform(self):
        high = self.next()
        return (high << 21 | self.next() >> 11) / 2**53

    def normal(self):
        radius = math.sqrt(-2 * math.log(1 - self.uniform()))
        return radius * math.cos(2 * math.pi * self.uniform())

    def index(self, n):
        product = self.next() * n
        while product & 0xFFFFFFFF < (2**32 - n) % n:
            product = self.next() * n
        return product >> 32


class InvertingClip(torch.autograd.Function):
    """Clips to ±1; a gradient that raises z fades with 1 - z, one that lowers it with 1 + z."""

    @staticmethod
    def forward(ctx, z):
        ctx.save_for_backward(z)
        return z.clamp(-1, 1)

    @staticmethod
    def backward(ctx, g):
        (z,) = ctx.saved_tensors
        return torch.where(g < 0, g * (1 - z) / 2, g * (1 + z) / 2)


class Learner(base.Learner):
    def __init__(self, case, dtype, values):
        self.case, self.dtype, act = case, dtype, base.ACTIVATIONS[case["critic_activation"]]
        actor = [case["obs"], *case["actor_hidden"], case["actions"]]
        critic = [case["obs"] + case["actions"], *case["critic_hidden"], 1]
        self.critics = ["critic", "critic2"] if case["twin_critics"] else ["critic"]
        self.learned = ["actor", *self.critics]
        self.nets = {}
        for name in [*self.learned, *(f"target_{name}" for name in self.learned)]:
            net = Mlp(actor, nn.ReLU) if name.endswith("actor") else Mlp(critic, act)
            self.nets[name] = net.to(dtype)
            fill(net, lambda k, fan_in: values(PHASES[name], k, fan_in))
        kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[case["optimizer"]]
        self.adam = {}
        for name in self.learned:
            role = name.rstrip("2")
            self.adam[name] = kind(self.nets[name].parameters(), lr=case[f"{role}_lr"],
                                   weight_decay=case[f"{role}_weight_decay"], foreach=False)
        self.random, self.updates = Pcg32(0, REPLAY), 0
        self.last = {"actor_loss": 0.0, "actor_grad_norm": 0.0}

    def squash(self, z):
        return InvertingClip.apply(z) if self.case["inverting_gradients"] else torch.tanh(z)

    def noise(self, rows):
        clip, sigma = self.case["target_noise_clip"], self.case["target_noise"]
        values = [min(clip, max(-clip, sigma * self.random.normal())) for _ in range(rows * self.case["actions"])]
        return torch.tensor(values, dtype=torch.float64).reshape(rows, -1).to(self.dtype)

    def returns(self):
        """A batch of returns from the transitions that are held, and the discount of each."""
        case = self.case
        newest = case["stored"] - 1
        held = range(case["stored"] - case["held"], case["stored"])
        row_of = {t % case["held"]: t for t in held}
        rows = []
        for t in [row_of[self.random.index(case["held"])] for _ in range(case["batch"])]:
            last, total, discount = t, transition(case, t)["reward"], case["gamma"]
            while last - t + 1 < case["n_step"] and last != newest:
                if transition(case, last)["terminated"] or transition(case, last)["truncated"]:
                    break
                last += 1
                total += discount * transition(case, last)["reward"]
                discount *= case["gamma"]
            first, end = transition(case, t), transition(case, last)
            rows.append((first["obs"], first["action"], total, end["next_obs"], float(end["terminated"]), discount))
        return [torch.tensor(column, dtype=torch.float64).to(self.dtype) for column in zip(*rows)]

    def update(self, batch):
        case = self.case
        discount = case["gamma"]
        if case["n_step"] > 1:
            *batch, discount = self.returns()
        obs, action, reward, next_obs, terminated = batch
        self.updates += 1
        with torch.no_grad():
            next_action = self.squash(self.nets["target_actor"](next_obs))
            if case["target_noise"] > 0:
                next_action = (next_action + self.noise(len(next_obs))).clamp(-1, 1)
            values = [self.q(f"target_{name}", next_obs, next_action) for name in self.critics]
            y = reward + discount * (1 - terminated) * torch.stack(values).min(dim=0).values
        losses, squares, gradients = 0.0, 0.0, {}
        for name in self.critics:
            q = self.q(name, obs, action)
            loss = LOSSES[case["loss"]](q, y)
            grads, norm = self.descend(name, loss)
            losses, squares = losses + loss.item(), squares + norm**2
            gradients |= named(name, grads)
        if self.updates % case["policy_delay"] == 0:
            z = self.nets["actor"](obs)
            loss = -self.q("critic", obs, self.squash(z)).mean() + case["action_penalty"] * (z * z).mean()
            grads, norm = self.descend("actor", loss)
            gradients |= named("actor", grads)
            self.last = {"actor_loss": loss.item(), "actor_grad_norm": norm}
            with torch.no_grad():
                for name in self.learned:
                    for p, t in zip(self.nets[name].parameters(), self.nets[f"target_{name}"].parameters()):
                        t += case["tau"] * (p - t)
        return {"y": y.numpy(), "q": q.detach().numpy(), "critic_loss": losses, "critic_grad_norm": math.sqrt(squares),
                **self.last, "gradients": gradients}

    def state(self):
        state = {}
        for name, net in self.nets.items():
            state |= named(name, net.parameters())
        for name, adam in self.adam.items():
            for moment in ("exp_avg", "exp_avg_sq"):
                tensors = [adam.state[p][moment] for p in self.nets[name].parameters() if adam.state[p]]
                state |= named(f"{moment}.{name}", tensors)
        return state


def transition(case, t):
    """Transition t, counted from 0, that the replay buffer is given."""
    single = lambda x: struct.unpack("f", struct.pack("f", x))[0]
    O, A = case["obs"], case["actions"]
    return {
        "obs": [single(math.sin(0.9 * n + 0.013 * n * n)) for n in range(t * O, t * O + O)],
        "next_obs": [single(math.cos(0.6 * n + 0.017 * n * n)) for n in range(t * O, t * O + O)],
        "action": [single(math.sin(1.3 * n)) for n in range(t * A, t * A + A)],
        "reward": single(math.cos(0.8 * t)), "terminated": t % 11 == 5, "truncated": t % 7 == 3,
    }


def separated(case):
    """The case with the first phase shift that keeps float32 on the same side of every kink, at a distance."""
    for shift in range(400):
        shifted = {**case, "phase_shift": round(0.17 * shift, 2)}
        _, _, kinks = base.run(shifted, torch.float64)
        if kinks.near == 0 and kinks.relu > 2e-6:
            return shifted
    raise SystemExit("no phase shift keeps away from the kinks")


def main():
    torch.set_num_threads(1)
    base.Learner = Learner
    base.PHASES = PHASES
    cases = {}
    for name, case in CASES.items():
        cases[name] = base.record(separated({**DEFAULTS, **case}))
        print(name, dump(cases[name]["float32_deviation"]), dump(cases[name]["kinks"]), flush=True)
    document = {
        "made_by": f"make_switches_trajectory.py, PyTorch {torch.__version__.split('+')[0]}, float64, one thread",
        "inputs": {
            **base.INPUTS, "phases": PHASES,
            "n_step": "transition t, counted from 0, as in this script; `stored` of them go into a buffer of `held`",
        },
        "reading": {
            "rest": "as in ddpg_trajectory.json", "critic_loss": "sum over the critics",
            "critic_grad_norm": "of the gradients of all critics", "actor_loss": "of the last update of the actor",
        },
        "cases": cases,
    }
    (HERE / "ddpg_switches.json").write_text(dump(document) + "\n")


if __name__ == "__main__":
    main()
