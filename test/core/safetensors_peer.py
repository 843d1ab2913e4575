"""Reads a safetensors file, prints what is in it, and writes it again: INPUT OUTPUT."""

import json
import sys

from safetensors import safe_open
from safetensors.numpy import load_file, save_file

source, copy = sys.argv[1:]
tensors = load_file(source)
with safe_open(source, framework="numpy") as file:
    metadata = file.metadata()
save_file(tensors, copy, metadata)

seen = {
    "metadata": metadata,
    "dtypes": {name: str(tensor.dtype) for name, tensor in tensors.items()},
    "weight": tensors["weight"].tolist(),
    "counters": tensors["counters"].tolist(),
    # JSON readers would round integers of 64 bits
    "random": [[str(x) for x in row] for row in tensors["random"].tolist()],
}
print(json.dumps(seen))
