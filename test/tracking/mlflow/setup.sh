#!/usr/bin/env bash
# Makes test/tracking/mlflow/.venv-2 and .venv-3: older versions of MLflow with what their servers need, and no more. Does
# nothing when they are up to date. PYTHON names the interpreter to build from (default python3).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

for major in 2 3; do
  venv="$here/.venv-$major"
  wanted="$here/requirements-$major.txt"
  stamp="$venv/requirements.installed.txt"
  if [ -x "$venv/bin/python" ] && cmp -s "$wanted" "$stamp"; then
    continue
  fi
  "${PYTHON:-python3}" -m venv --clear "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --root-user-action=ignore -r "$wanted"
  cp "$wanted" "$stamp"
done
