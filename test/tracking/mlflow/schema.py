"""Makes a database as MLflow itself does and upgrades another with its command: schema.py BORN UPGRADED"""

import json
import sys

from mlflow import MlflowClient
from mlflow.cli import cli

born, upgraded = sys.argv[1:]
experiments = MlflowClient("sqlite:///" + born).search_experiments()
cli(["db", "upgrade", "sqlite:///" + upgraded], standalone_mode=False)
json.dump([experiment.name for experiment in experiments], sys.stdout)
