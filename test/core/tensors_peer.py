"""This script reads a checkpoint in Python: CHECKPOINT OBSERVATIONS, a JSON file with one list for each observation.

Prints the tensors' names, dtypes and shapes, the metadata, and the actions of the actor in NumPy.
"""

import json
import sys

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file

checkpoint, observations = sys.argv[1:]
tensors = load_file(checkpoint)
with safe_open(checkpoint, framework="numpy") as file:
    metadata = file.metadata()

with open(observations) as file:
    x = np.array(json.load(file), dtype=np.float32)
for layer in ("actor.0", "actor.2", "actor.4"):
    if layer != "actor.0":
        x = np.maximum(x, 0)
    x = x @ tensors[f"{layer}.weight"].T + tensors[f"{layer}.bias"]
assert "actor.6.weight" not in tensors
print(
    json.dumps(
        {
            "tensors": {name: [str(t.dtype), list(t.shape)] for name, t in tensors.items()},
            "metadata": metadata,
            "actions": np.tanh(x).tolist(),
        }
    )
)
