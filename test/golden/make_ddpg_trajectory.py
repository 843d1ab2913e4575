"""Write ddpg_trajectory.json: 100 DDPG updates as PyTorch computes them, for six small learners.

    pip install torch numpy
    python test/golden/make_ddpg_trajectory.py

Only stock pieces of PyTorch take part: nn.Linear, autograd, the loss functions, clip_grad_norm_ and
optim.Adam. Every case runs in float64, which is the reference, and again in float32, which shows how
far honest rounding alone carries the same arithmetic. Before anything is written the same update is
held against ddpg_step.json (an independent float64 run), all four variants, to 1e-9.

Inputs are closed formulas, rounded to float32 before use, so the JSON holds settings and results only.
"""

import json
import math
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

HERE = Path(__file__).parent
UPDATES = 100
CHECKPOINTS = (1, 10, 100)
PHASES = {"actor": 0.1, "target_actor": 0.2, "critic": 0.5, "target_critic": 0.9}
LOSSES = {"l2": F.mse_loss, "l1": F.l1_loss, "smooth_l1": F.smooth_l1_loss}
ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh}

DEFAULTS = {
    "critic_activation": "relu", "gamma": 0.99, "tau": 0.005, "actor_lr": 1e-3, "critic_lr": 2e-3,
    "actor_weight_decay": 0.0, "critic_weight_decay": 0.0, "max_grad_norm": 0.0, "delay_actor": True,
    "reward_amplitude": 1.0, "phase_shift": 0.0,
}
SMALL = {"obs": 5, "actions": 2, "actor_hidden": [16, 12], "critic_hidden": [16, 12], "batch": 8}
CASES = {
    # this amplitude has the critic clipped in about half of the updates
    "l2_clip": {**SMALL, "loss": "l2", "max_grad_norm": 1.0, "reward_amplitude": 3.0},
    "l1": {**SMALL, "loss": "l1", "phase_shift": 0.34},  # stays 1e-5 from every ReLU kink, 4e-3 from the loss's
    "smooth_l1_tanh_decay_online_actor": {
        **SMALL, "loss": "smooth_l1", "max_grad_norm": 0.05, "actor_weight_decay": 1e-4,
        "critic_weight_decay": 1e-3, "critic_activation": "tanh", "delay_actor": False,
        "reward_amplitude": 2.0,
    },
    "odd_widths_batch_1": {
        "obs": 3, "actions": 1, "actor_hidden": [7, 5], "critic_hidden": [9, 3, 11], "batch": 1,
        "loss": "l2",
    },
    "narrowest": {
        "obs": 1, "actions": 3, "actor_hidden": [1], "critic_hidden": [2], "batch": 5, "loss": "l2",
    },
    "past_vector_widths": {
        "obs": 33, "actions": 2, "actor_hidden": [65, 31], "critic_hidden": [67, 34], "batch": 33,
        "loss": "smooth_l1", "max_grad_norm": 1.0, "reward_amplitude": 2.0,
        "phase_shift": 4.15,  # chosen among about 100: keeps every ReLU input beyond 1e-6 of its kink
    },
}

INPUTS = {
    "rounding": "compute in float64, round to float32, then use in the precision of the run",
    "sizes": "O = obs, A = actions, B = batch; the actor maps O to A, the critic maps O + A (obs first) to 1",
    "parameters": "parameter k of a network, counted from 0 over W1 (row-major, out x in), b1, W2, b2, ...: "
                  "sin(phase + phase_shift + 0.7*k) / sqrt(fan_in), summed from the left, where fan_in is the "
                  "input width of the layer that holds k (also for its bias)",
    "phases": PHASES,
    "u": "number of the update, counted from 1",
    "obs": "obs[i][j] = sin(0.9*n + 0.013*n*n + 0.37*u), n = i*O + j",
    "next_obs": "next_obs[i][j] = cos(0.6*n + 0.017*n*n + 0.23*u), n = i*O + j",
    "action": "action[i][j] = sin(1.3*n + 0.51*u), n = i*A + j",
    "reward": "reward[i] = reward_amplitude * cos(0.8*i + 0.29*u)",
    "terminated": "terminated[i] = 1 where (i + u) mod 4 == 0, else 0",
}


class Mlp(nn.Module):
    def __init__(self, widths, hidden, output=None):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(i, o) for i, o in zip(widths, widths[1:]))
        self.hidden, self.output = hidden(), output() if output else nn.Identity()

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = self.hidden(layer(x))
        return self.output(self.layers[-1](x))


def fill(network, values):
    """Set the parameters, in torch order, from values(k, fan_in)."""
    k = 0
    with torch.no_grad():
        for layer in network.layers:
            for p in (layer.weight, layer.bias):
                p.copy_(torch.tensor([values(k + i, layer.in_features) for i in range(p.numel())],
                                     dtype=torch.float64).reshape(p.shape))
                k += p.numel()


class Learner:
    def __init__(self, case, dtype, values):
        self.case, act = case, ACTIVATIONS[case["critic_activation"]]
        actor = [case["obs"], *case["actor_hidden"], case["actions"]]
        critic = [case["obs"] + case["actions"], *case["critic_hidden"], 1]
        self.nets = {}
        for name, phase in PHASES.items():
            net = Mlp(actor, nn.ReLU, nn.Tanh) if name.endswith("actor") else Mlp(critic, act)
            self.nets[name] = net.to(dtype)
            fill(net, lambda k, fan_in: values(phase, k, fan_in))
        self.adam = {
            name: torch.optim.Adam(self.nets[name].parameters(), lr=case[f"{name}_lr"],
                                   weight_decay=case[f"{name}_weight_decay"], foreach=False)
            for name in ("actor", "critic")
        }

    def q(self, name, obs, action):
        return self.nets[name](torch.cat([obs, action], dim=1)).squeeze(1)

    def descend(self, name, loss):
        """Backward, clip, Adam; the gradients and their norm as they were before clipping."""
        params = list(self.nets[name].parameters())
        grads = torch.autograd.grad(loss, params)  # of this network alone: the other one stays frozen
        for p, g in zip(params, grads):
            p.grad = g.clone()
        limit = self.case["max_grad_norm"]
        norm = nn.utils.clip_grad_norm_(params, limit if limit > 0 else math.inf)
        self.adam[name].step()
        return grads, norm.item()

    def update(self, batch):
        case, (obs, action, reward, next_obs, terminated) = self.case, batch
        with torch.no_grad():
            next_action = self.nets["target_actor" if case["delay_actor"] else "actor"](next_obs)
            y = reward + case["gamma"] * (1 - terminated) * self.q("target_critic", next_obs, next_action)
            before = -self.q("critic", obs, self.nets["actor"](obs)).mean()
        q = self.q("critic", obs, action)
        critic_loss = LOSSES[case["loss"]](q, y)
        critic_grads, critic_norm = self.descend("critic", critic_loss)
        actor_loss = -self.q("critic", obs, self.nets["actor"](obs)).mean()
        actor_grads, actor_norm = self.descend("actor", actor_loss)
        with torch.no_grad():
            for name in ("actor", "critic"):
                for p, t in zip(self.nets[name].parameters(), self.nets[f"target_{name}"].parameters()):
                    t += case["tau"] * (p - t)
        return {
            "y": y.numpy(), "q": q.detach().numpy(),
            "critic_loss": critic_loss.item(), "actor_loss": actor_loss.item(),
            "actor_loss_before": before.item(),  # as it was before the critic's step
            "critic_grad_norm": critic_norm, "actor_grad_norm": actor_norm,
            "gradients": named("critic", critic_grads) | named("actor", actor_grads),
        }

    def state(self):
        """Every tensor that an update changes, by name."""
        state = {}
        for name, net in self.nets.items():
            state |= named(name, net.parameters())
        for name, adam in self.adam.items():
            for moment in ("exp_avg", "exp_avg_sq"):
                tensors = [adam.state[p][moment] for p in self.nets[name].parameters()]
                state |= named(f"{moment}.{name}", tensors)
        return state


def named(prefix, tensors):
    """Tensors in torch order as `prefix.LAYER.weight|bias`, copied to flat float64."""
    return {
        f"{prefix}.{i // 2}.{'bias' if i % 2 else 'weight'}": t.detach().numpy().ravel().astype(np.float64)
        for i, t in enumerate(tensors)
    }


def formula_parameter(phase, k, fan_in):
    return float(np.float32(math.sin(phase + 0.7 * k) / math.sqrt(fan_in)))


def formula_batch(case, u, dtype):
    width, actions, rows = case["obs"], case["actions"], case["batch"]
    obs = [math.sin(0.9 * n + 0.013 * n * n + 0.37 * u) for n in range(rows * width)]
    next_obs = [math.cos(0.6 * n + 0.017 * n * n + 0.23 * u) for n in range(rows * width)]
    action = [math.sin(1.3 * n + 0.51 * u) for n in range(rows * actions)]
    reward = [case["reward_amplitude"] * math.cos(0.8 * i + 0.29 * u) for i in range(rows)]
    terminated = [1.0 if (i + u) % 4 == 0 else 0.0 for i in range(rows)]
    tensor = lambda values, *shape: torch.tensor(values, dtype=torch.float32).reshape(shape).to(dtype)
    return (tensor(obs, rows, width), tensor(action, rows, actions), tensor(reward, rows),
            tensor(next_obs, rows, width), tensor(terminated, rows))


class Kinks:
    """How near a run comes to the points where a derivative jumps, and on which side it passes them."""

    def __init__(self, learner):
        self.sides, self.relu, self.td = [], math.inf, math.inf
        self.near = 0
        for net in learner.nets.values():
            if isinstance(net.hidden, nn.ReLU):
                net.hidden.register_forward_hook(lambda _, inputs, __: self.see(inputs[0]))

    def see(self, z):
        distance = z.detach().abs()
        self.relu = min(self.relu, distance.min().item())
        self.near += int((distance < 1e-6).sum())
        self.sides.append((z.detach() > 0).numpy().copy())

    def see_td(self, d):
        self.td = min(self.td, float(np.abs(d).min()))
        self.sides.append(d > 0)


def run(case, dtype):
    shift = case["phase_shift"]
    learner = Learner(case, dtype, lambda phase, k, fan_in: formula_parameter(phase + shift, k, fan_in))
    kinks, results, states = Kinks(learner), [], {}
    for u in range(1, UPDATES + 1):
        results.append(learner.update(formula_batch(case, u, dtype)))
        if case["loss"] == "l1":
            kinks.see_td(results[-1]["q"] - results[-1]["y"])
        if u in CHECKPOINTS:
            states[u] = learner.state()
    return results, states, kinks


def deviation(a, b):
    """Largest |a - b| over the largest |b|."""
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    scale = np.abs(b).max()
    return float(np.abs(a - b).max() / scale) if scale > 0 else float(np.abs(a).max())


def summary(x, head):
    return {
        "size": x.size, "sum": float(x.sum()), "sum_sq": float((x * x).sum()),
        "weighted": float((x * np.sin(1.0 + np.arange(x.size))).sum()),
        "max_abs": float(np.abs(x).max()), "head": x[:head].tolist(),
    }


SERIES = ("critic_loss", "actor_loss", "critic_grad_norm", "actor_grad_norm")


def record(case):
    results, states, kinks = run(case, torch.float64)
    results32, states32, kinks32 = run(case, torch.float32)
    first, first32 = results[0], results32[0]
    worst = lambda a, b, prefix: max(deviation(a[k], b[k]) for k in b if k.startswith(prefix + "."))
    groups = ["actor", "critic", "target_actor", "target_critic", "exp_avg", "exp_avg_sq"]
    crossed = sum(int((a != b).sum()) for a, b in zip(kinks.sides, kinks32.sides))
    return {
        "settings": case,
        "first_update": {
            "y": first["y"].tolist(), "q": first["q"].tolist(),
            **{k: first[k] for k in SERIES},
            "gradients": {k: summary(g, 20) for k, g in first["gradients"].items()},
        },
        "series": {k: [r[k] for r in results] for k in SERIES},
        "after": {str(u): {k: summary(x, 6) for k, x in s.items()} for u, s in states.items()},
        "float32_deviation": {
            "y": deviation(first32["y"], first["y"]), "q": deviation(first32["q"], first["q"]),
            "gradients": max(deviation(first32["gradients"][k], g) for k, g in first["gradients"].items()),
            "series": {k: deviation([r[k] for r in results32], [r[k] for r in results]) for k in SERIES},
            "after": {str(u): {g: worst(states32[u], s, g) for g in groups} for u, s in states.items()},
        },
        "kinks": {
            "least_relu_distance": kinks.relu if math.isfinite(kinks.relu) else None,
            "relu_inputs_within_1e-6": kinks.near,
            "least_td_error": kinks.td if math.isfinite(kinks.td) else None,
            "crossed_in_float32": crossed,
        },
    }


def verify_step():
    """Hold Learner.update against ddpg_step.json; its inputs are formulas too, unrounded."""
    golden = json.loads((HERE / "ddpg_step.json").read_text())
    base = {**DEFAULTS, "obs": 3, "actions": 1, "actor_hidden": [4, 3], "critic_hidden": [4, 3],
            "critic_activation": "tanh", "loss": "l2"}
    decay = {"loss": "smooth_l1", "actor_weight_decay": 1e-4, "critic_weight_decay": 1e-3}
    variants = {
        "l2_delayed_actor": base,
        "l2_online_actor_target(torchrl default)": {**base, "delay_actor": False},
        "smooth_l1_clip1_wd": {**base, **decay, "max_grad_norm": 1.0},
        "smooth_l1_clip0.05_wd": {**base, **decay, "max_grad_norm": 0.05},
    }
    tensor = lambda values, *shape: torch.tensor(values, dtype=torch.float64).reshape(shape)
    batch = (tensor([math.sin(0.9 * n) for n in range(15)], 5, 3), tensor([-1, -0.3, 0, 0.4, 1], 5, 1),
             tensor([0.01, -0.02, 0.03, 0, -0.05], 5), tensor([math.cos(0.6 * n) for n in range(15)], 5, 3),
             tensor([0, 0, 1, 0, 0], 5))
    for name, case in variants.items():
        learner = Learner(case, torch.float64, lambda phase, k, _: 0.3 * math.sin(phase + 0.7 * k))
        got, want = learner.update(batch), golden[name]
        flat = {n: np.concatenate([p.detach().numpy().ravel() for p in net.parameters()])
                for n, net in learner.nets.items()}
        pairs = [
            (got["y"], want["y"]), (got["q"], want["pred"]), (got["critic_loss"], want["loss_value"]),
            (got["actor_loss_before"], want["loss_actor_before_critic_step"]),
            (got["actor_loss"], want["loss_actor"]),
            *[(flat[n][:6], want[f"{n}_after_head"]) for n in ("actor", "critic", "target_critic")],
            *[(flat[n].sum(), want[f"sum_{s}"]) for n, s in
              (("actor", "actor"), ("critic", "critic"), ("target_critic", "tc"), ("target_actor", "ta"))],
            *[(got[k], want[k]) for k in ("critic_grad_norm", "actor_grad_norm") if want[k] is not None],
        ]
        worst = max(float(np.abs(np.asarray(a) - np.asarray(b)).max()) for a, b in pairs)
        print(f"ddpg_step.json {name}: {len(pairs)} quantities, largest difference {worst:.1e}")
        if not worst < 1e-9:
            raise SystemExit(f"the update disagrees with ddpg_step.json in variant {name}")


def dump(value, indent=0):
    """JSON with one line per tensor or list: readable, and small enough to diff."""
    flat = not isinstance(value, dict) or not any(isinstance(v, dict) for v in value.values())
    if flat or "size" in value:
        return json.dumps(value, allow_nan=False)
    pad = " " * (indent + 1)
    rows = [f"{pad}{json.dumps(k)}: {dump(v, indent + 1)}" for k, v in value.items()]
    return "{\n" + ",\n".join(rows) + "\n" + " " * indent + "}"


def main():
    torch.set_num_threads(1)
    verify_step()
    cases = {name: record({**DEFAULTS, **case}) for name, case in CASES.items()}
    for name, case in cases.items():
        print(name, dump(case["float32_deviation"]), dump(case["kinks"]))
    document = {
        "made_by": f"make_ddpg_trajectory.py, PyTorch {torch.__version__.split('+')[0]}, float64, one thread",
        "inputs": INPUTS,
        "reading": {
            "names": "NETWORK.LAYER.weight|bias, layers counted from 0; Adam's moments: exp_avg.*, exp_avg_sq.*",
            "summary": "size, sum, sum_sq, weighted = sum of x[k]*sin(1+k), max_abs, head = the first values "
                       "(up to 20 of a gradient, 6 of the rest)",
            "gradients": "before clipping and before weight decay; the norms too",
            "actor_loss": "with the critic already updated, as in the step itself",
            "series": "element u - 1 belongs to update u",
            "float32_deviation": "the same script in float32: largest |f32 - f64| over the largest |f64| of the "
                                 "same tensor or list, worst tensor of each group; the room a tolerance needs",
            "kinks": "the nearest that the float64 run comes to a point where a derivative jumps, and how many "
                     "ReLU inputs (and l1 errors) have another sign in the float32 run",
        },
        "cases": cases,
    }
    (HERE / "ddpg_trajectory.json").write_text(dump(document) + "\n")


if __name__ == "__main__":
    main()
