"""This program times updates of DDPG by others and by us, in turns on one core, so that a busy neighbour slows both alike.

Run bench/setup.sh once, then `bench/.venv/bin/python bench/peers.py [--rounds 7] [--only torch,jax] [--rows 2]`. Every
contestant samples a minibatch from 10,000 transitions in its own memory and does one step of the critic, one of the
actor (Adam both) and both soft updates, in float32. A cell is peer's time / our time: the median of the rounds'
ratios, then the lowest and the highest.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

BENCH = Path(__file__).resolve().parent
sys.dont_write_bytecode = True
os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["JAX_PLATFORMS"] = "cpu"

from peers_jax import jax_call, jax_scan  # noqa: E402
from peers_torch import torch_compiled, torch_eager, torchrl  # noqa: E402

ROWS = [
    ([32, 16], 32),
    ([64, 64], 64),
    ([64, 64], 128),
    ([128, 128], 128),
    ([256, 256], 256),
    ([400, 300], 64),
]
SECONDS_PER_TURN = 0.15


def child(*command):
    """A contestant in a process of its own that answers {"seconds"} to {shape, "updates"}, a line each."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=BENCH)

    def contestant(hidden, batch):
        def run(updates):
            shape = {"hidden": hidden, "batchSize": batch, "obsDim": 8, "actionDim": 1}
            process.stdin.write(json.dumps(shape | {"updates": updates}) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())["seconds"]

        return run

    return contestant


def timed(updates_of):
    """A contestant in this process, of a function that returns a function that does so many updates."""

    def contestant(hidden, batch):
        update = updates_of(hidden, batch)

        def run(updates):
            began = time.perf_counter()
            update(updates)
            return time.perf_counter() - began

        return run

    return contestant


PEERS = {
    "torch": ("PyTorch eager", timed(torch_eager)),
    "compile": ("torch.compile", timed(torch_compiled)),
    "torchrl": ("TorchRL", timed(torchrl)),
    "jax": ("JAX per call", timed(jax_call)),
    "scan": ("JAX scan", timed(jax_scan)),
    "tfjs": ("tfjs wasm", None),
}


def turns(contestants, rounds):
    """Milliseconds per update of each contestant, a list over the rounds; each warmed up, and long enough a turn."""
    counts = []
    for run in contestants:
        count, seconds = 2, 0.0
        while seconds < SECONDS_PER_TURN / 2:
            count *= 4
            run(count)  # may compile for this count
            seconds = run(count)
        counts.append(count)
    times = [[] for _ in contestants]
    for _ in range(rounds):
        for run, count, own in zip(contestants, counts, times):
            own.append(1000 * run(count) / count)
    return times


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", default=",".join(PEERS), help="peers, comma-separated")
    parser.add_argument("--rows", type=int, default=len(ROWS), help="the first so many rows")
    options = parser.parse_args()
    chosen = options.only.split(",")
    ours = child("node", "serve.ts")
    if "tfjs" in chosen:
        PEERS["tfjs"] = ("tfjs wasm", child("node", "peers/tfjs.js"))

    columns = [PEERS[key] for key in chosen]
    print(f"load {os.getloadavg()[0]:.2f}; {versions()}", flush=True)
    print("| H × B | ours, ms |", *(f"{name} |" for name, _ in columns))
    print("| --- | --- |", *("--- |" for _ in columns), flush=True)
    for hidden, batch in ROWS[: options.rows]:
        contestants = [ours(hidden, batch)] + [peer(hidden, batch) for _, peer in columns]
        own, *others = turns(contestants, options.rounds)
        cells = [f"{statistics.median(own):.3g} ({min(own):.3g}–{max(own):.3g})"]
        for other in others:
            ratios = [theirs / mine for theirs, mine in zip(other, own)]
            cells.append(f"{statistics.median(ratios):.3g} ({min(ratios):.3g}–{max(ratios):.3g})")
        shape = f"{'/'.join(map(str, hidden))} × {batch}"
        print(f"| {shape} |", *(f"{cell} |" for cell in cells), flush=True)
    print(f"load {os.getloadavg()[0]:.2f}")


def versions():
    import jax
    import torch

    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    python = sys.version.split()[0]
    return f"PyTorch {torch.__version__}, JAX {jax.__version__}, Python {python}, Node {node}"


if __name__ == "__main__":
    main()
