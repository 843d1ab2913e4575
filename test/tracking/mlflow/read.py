"""Prints as JSON what MLflow's own client sees: read.py URI EXPERIMENT"""

import hashlib
import json
import os
import sys
import tempfile
from pathlib import Path

os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"  # for a folder of text files, since 3.13

import mlflow
from mlflow import MlflowClient

uri, experiment_name = sys.argv[1:]
mlflow.set_tracking_uri(uri)
client = MlflowClient()
experiment = client.get_experiment_by_name(experiment_name)
runs = []
for run in client.search_runs([experiment.experiment_id], order_by=["attributes.start_time ASC"]):
    with tempfile.TemporaryDirectory() as folder:
        root = Path(mlflow.artifacts.download_artifacts(run_id=run.info.run_id, dst_path=folder))
        artifacts = {
            str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(root.rglob("*"))
            if path.is_file()
        }
    runs.append(
        {
            "id": run.info.run_id,
            "name": run.info.run_name,
            "status": run.info.status,
            "parent": run.data.tags.get("mlflow.parentRunId"),
            "tags": run.data.tags,
            "params": run.data.params,
            "metrics": run.data.metrics,
            "history": {
                key: [[m.step, m.value, m.timestamp] for m in client.get_metric_history(run.info.run_id, key)]
                for key in run.data.metrics
            },
            "datasets": [
                {
                    "name": item.dataset.name,
                    "digest": item.dataset.digest,
                    "context": item.tags[0].value,
                    "schema": json.loads(item.dataset.schema),
                }
                for item in run.inputs.dataset_inputs
            ],
            "artifacts": artifacts,
        }
    )
json.dump({"tags": experiment.tags, "runs": runs}, sys.stdout)
