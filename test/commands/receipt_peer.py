"""This script computes the hashes of a receipt as docs/receipts.md says: CHECKPOINT DATA (parquet) CORE (wasm) RECEIPT.

CHECKPOINT is of a complete run, so the last link of the chain can be computed from it as well.
"""

import hashlib
import json
import sys

import numpy as np
import pyarrow.parquet
from safetensors import safe_open

checkpoint, data, core, receipt = sys.argv[1:]


def sha256(*parts):
    """Text as UTF-8, arrays as their bytes, one after the other."""
    hasher = hashlib.sha256()
    for part in parts:
        hasher.update(part.encode() if isinstance(part, str) else np.ascontiguousarray(part).tobytes())
    return hasher.hexdigest()


with safe_open(checkpoint, framework="numpy") as file:
    metadata = file.metadata()
    tensors = {name: file.get_tensor(name) for name in file.keys()}
content = open(checkpoint, "rb").read()
header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
names = sorted(tensors, key=lambda name: header[name]["data_offsets"])  # the order of the file
run = json.loads(metadata["run"])


def network(prefix):
    layers = sorted(int(n.split(".")[1]) for n in names if n.startswith(prefix + ".") and n.endswith(".weight"))
    return sha256(*(tensors[f"{prefix}.{layer}.{kind}"] for layer in layers for kind in ("weight", "bias")))


def canonical(numbers):
    """NaN as its usual bits."""
    return np.where(np.isnan(numbers), np.float64("nan"), numbers)


weights = {prefix: network(prefix) for prefix in ("actor", "critic", "actor_target", "critic_target")}
metrics = sha256(run["chain"]["metrics"], canonical(tensors["pending"]))
quantities = {
    "environment": sha256(canonical(tensors["environment"]), tensors["obs"]),
    "random": sha256(tensors["counters"], tensors["noise"], tensors["random"]),
    "metrics": metrics,
    "critic": weights["critic"],
    "actor": weights["actor"],
    "moments": sha256(*(tensors[name] for name in names if "_exp_avg" in name)),
    "critic_target": weights["critic_target"],
    "actor_target": weights["actor_target"],
}
updates = int(tensors["counters"][0])
before = run["chain"]["links"][-1].split(" ")[1]
link = sha256(before, str(updates), *quantities.values())

table = pyarrow.parquet.read_table(data)
columns = []
for name in sorted(table.column_names):
    column = table[name].combine_chunks()
    if name == "timestamp":
        column = column.cast(pyarrow.timestamp("ms", tz="UTC")).cast(pyarrow.int64())
    columns += [name + "\n", column.to_numpy().astype(np.float64)]

print(
    json.dumps(
        {
            "weights": weights,
            "metrics": metrics,
            "data": sha256(*columns),
            "core": hashlib.sha256(open(core, "rb").read()).hexdigest(),
            "link": " ".join([str(updates), link, *(value[:8] for value in quantities.values())]),
            "name": hashlib.sha256(open(receipt, "rb").read()).hexdigest(),
            "checksum": hashlib.sha256(content[:-32]).digest() == content[-32:],
        }
    )
)
