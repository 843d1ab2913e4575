"""Drives build/core.wasm in wasmtime: the environments, the training loop and the hashes, written again in Python.

Usage: driver.py core.wasm FOLDER SCENARIO
Reads from FOLDER what input.ts wrote, compares the links of the chain and prints {"weights": …} as JSON. From Node come
the market's features and prices, the configuration (by way of the receipt) and, where there is one, the checkpoint to
resume from; everything between them and the hashes is computed here. Validations and metrics are left out: they change
no weight.
"""

import ctypes
import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import wasmtime
from environments import PositionEnv, TradingEnv
from safetensors import safe_open

STREAMS = 6
LOSSES = ["l2", "l1", "smooth_l1"]
BLOCKS = [
    ("actor", 0, 0),
    ("critic", 1, 0),
    ("actor_target", 0, 1),
    ("critic_target", 1, 1),
    ("actor_exp_avg", 0, 2),
    ("actor_exp_avg_sq", 0, 3),
    ("critic_exp_avg", 1, 2),
    ("critic_exp_avg_sq", 1, 3),
]
# the quantities of a link in their places; metrics need what is left out here
PLACES = ["environment", "random", "metrics", "critic", "actor", "moments", "critic_target", "actor_target"]
QUANTITIES = {name: place for place, name in enumerate(PLACES) if name != "metrics"}


class Core:
    """An instance of the module; `call` is its exports, `view` its memory as numpy arrays."""

    def __init__(self, path, seed):
        self.store = wasmtime.Store()
        module = wasmtime.Module.from_file(self.store.engine, path)
        assert not module.imports
        self.exports = wasmtime.Instance(self.store, module, []).exports(self.store)
        for stream in range(STREAMS):
            self.call("seedStream", stream, float(seed))

    def call(self, name, *arguments):
        return self.exports[name](self.store, *arguments)

    def view(self, address, dtype, *shape):
        """Borrowed from linear memory, which must not grow afterwards."""
        memory = self.exports["memory"]
        start = ctypes.addressof(memory.data_ptr(self.store).contents) + (address & 0xFFFFFFFF)
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        return np.frombuffer((ctypes.c_uint8 * size).from_address(start), dtype).reshape(shape)

    def log(self, x):
        return self.call("log", x)


class Learner:
    """The core's learner; its arrays are views of linear memory."""

    def __init__(self, core, config, obs_dim, action_dim):
        network, training = config["network"], config["training"]
        self.core, self.noise = core, training["noise"]
        actor, critic = network["actor_hidden_dims"], network["critic_hidden_dims"]
        self.dims = [[obs_dim, *actor, action_dim], [obs_dim + action_dim, *critic, 1]]
        dimensions = core.view(core.call("dimensionsAddress"), np.int32, 5)
        batch, capacity = training["sample_size"], training["buffer_size"]
        dimensions[:] = [obs_dim, action_dim, batch, capacity, network["init"] == "small"]
        shapes = core.view(core.call("shapesAddress"), np.int32, 2, 12)
        for shape, dims, tanh in zip(shapes, self.dims, [False, network["critic_activation"] == "tanh"]):
            shape[: 2 + len(dims)] = [len(dims) - 1, tanh, *dims]
        assert core.call("create")
        rates = [training[f"{who}_{what}"] for what in ("lr", "weight_decay") for who in ("actor", "critic")]
        rest = [training[key] for key in ("gamma", "tau", "max_grad_norm")]
        loss = LOSSES.index(training["loss_function"])
        hyperparameters = core.view(core.call("hyperparametersAddress"), np.float64, 16)
        more = ["action_penalty", "inverting_gradients", "policy_delay", "target_noise", "target_noise_clip", "n_step"]
        switches = [*(training[key] for key in more), training["optimizer"] == "adamw"]
        hyperparameters[:] = [*rates, *rest, loss, training["delay_actor"], *switches]
        self.obs = core.view(core.call("obsAddress"), np.float32, obs_dim)
        self.action = core.view(core.call("actionAddress"), np.float32, action_dim)
        self.next_obs = core.view(core.call("nextObsAddress"), np.float32, obs_dim)
        self.state = {
            "counters": core.view(core.call("countersAddress"), np.float64, 5),
            "noise": core.view(core.call("noiseAddress"), np.float32, action_dim),
            "random": core.view(core.call("streamsAddress"), np.uint64, STREAMS, 2),
        }
        self.blocks = {prefix: self.layers(network, block) for prefix, network, block in BLOCKS}

    def layers(self, network, block):
        """For each layer where its weights [out, in] are in the block, then its bias; and the block itself."""
        core, dims = self.core, self.dims[network]
        places = []
        for layer, (ins, outs) in enumerate(zip(dims, dims[1:])):
            at = [[core.call("weightOffset", network, layer, i, o) for i in range(ins)] for o in range(outs)]
            first = core.call("biasOffset", network, layer)
            places += [np.array(at), np.arange(first, first + outs)]
        size = 1 + max(int(place.max()) for place in places)
        return places, core.view(core.call("blockAddress", network, block), np.float32, size)

    def act(self, sigma):
        self.core.call("act")
        if sigma == 0:
            return
        if self.noise["type"] == "ou":
            self.core.call("addOrnsteinUhlenbeck", sigma, float(self.noise["theta"]), float(self.noise["dt"]))
        else:
            self.core.call("addGaussian", sigma)

    def restore(self, tensors):
        for prefix, (places, values) in self.blocks.items():
            for i, place in enumerate(places):
                name = f"{prefix}.{i // 2 * 2}.{'weight' if i % 2 == 0 else 'bias'}"
                values[place] = tensors[name]
        for name, view in self.state.items():
            view[:] = tensors[name]
        self.obs[:] = tensors["obs"]
        fields = ["obs", "action", "reward", "next_obs", "terminated", "truncated"]
        for number, field in enumerate(fields):
            saved = tensors[f"replay_{field}"]
            self.core.view(self.core.call("replayAddress", number), saved.dtype, *saved.shape)[:] = saved

    def hash_of(self, *prefixes):
        digest = hashlib.sha256()
        for prefix in prefixes:
            places, values = self.blocks[prefix]
            for place in places:
                digest.update(values[place].tobytes())
        return digest.hexdigest()

    def hashes(self):
        names = ["actor", "critic", "actor_target", "critic_target"]
        random = hashlib.sha256(b"".join(view.tobytes() for view in self.state.values())).hexdigest()
        moments = self.hash_of(*[prefix for prefix, _, _ in BLOCKS if "_exp_avg" in prefix])
        return {**{name: self.hash_of(name) for name in names}, "random": random, "moments": moments}


def train(env, learner, training, links, step, every):
    """The loop of src/trial/train.ts. Appends to `links` what is compared: at the beginning, every so many updates, at the end."""
    core, noise = learner.core, training["noise"]
    last = training["max_steps"]

    def sigma_at(step):
        end, over = noise.get("sigma_end"), noise.get("anneal_steps")
        end = noise["sigma"] if end is None else end
        return noise["sigma"] + (end - noise["sigma"]) * min(1, step / (last if over is None else over))

    def link():
        state = np.array(env.save(), np.float64).tobytes() + learner.obs.tobytes()
        hashes = {**learner.hashes(), "environment": hashlib.sha256(state).hexdigest()}
        updates = int(learner.state["counters"][0])
        links.append({"updates": updates, **{name: hashes[name][:8] for name in QUANTITIES}})

    def begin():
        learner.obs[:] = env.reset()
        core.call("resetNoise")

    if step == 0:
        link()
        begin()
    while step < last:
        for step in range(step + 1, min(step + training["frames_per_batch"], last) + 1):
            if step - 1 < training["init_rand_steps"]:
                core.call("actUniform")
            else:
                learner.act(float(sigma_at(step - 1)))
            obs, reward, terminated, truncated = env.step(learner.action.astype(float).tolist())
            learner.next_obs[:] = obs
            assert core.call("observe", reward * training["reward_scale"], int(terminated), int(truncated))
            learner.obs[:] = obs
            if terminated or truncated:
                begin()
        for _ in range(training["optim_steps_per_batch"] if step > training["init_rand_steps"] else 0):
            assert core.call("update") == 0
            if learner.state["counters"][0] % every == 0:
                link()
    if learner.state["counters"][0] % every != 0:
        link()


def read(path):
    with safe_open(path, framework="numpy") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata()


def compare(links, texts):
    """Exits with what differs from the receipt's links, of which a resumed run has only the later ones."""
    expected = {}
    for text in texts:
        updates, _, *digits = text.split(" ")
        expected[int(updates)] = {name: digits[place] for name, place in QUANTITIES.items()}
    for link in links:
        updates = link.pop("updates")
        wrong = [name for name in QUANTITIES if link[name] != expected[updates][name]]
        if wrong:
            raise SystemExit(f"at update {updates} these differ: {', '.join(wrong)}")


def main(wasm, folder, scenario):
    folder = Path(folder)
    receipt = json.loads((folder / f"{scenario}.receipt.json").read_text())
    config = receipt["config"]
    assert hashlib.sha256(Path(wasm).read_bytes()).hexdigest() == receipt["core"]
    market, _ = read(folder / f"{scenario}.market.safetensors")
    core = Core(wasm, receipt["seed"])
    kind = TradingEnv if config["env"]["backend"] == "tradingenv" else PositionEnv
    env = kind(config["env"], market["features"], market["prices"], core)
    checkpoint = folder / f"{scenario}.checkpoint.safetensors"
    learner = Learner(core, config, env.obs_dim, env.action_dim)
    step, links = 0, []
    if checkpoint.exists():
        tensors, metadata = read(checkpoint)
        step = int(metadata["step"])
        env.restore(tensors["environment"].tolist())
        learner.restore(tensors)
    train(env, learner, config["training"], links, step, receipt["chain"]["every"])

    compare(links, receipt["chain"]["links"])
    hashes = learner.hashes()
    print(json.dumps({"weights": {name: hashes[name] for name in receipt["weights"]}}))


if __name__ == "__main__":
    main(*sys.argv[1:])
