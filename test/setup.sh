#!/usr/bin/env bash
# Makes test/.venv, the Python that some tests compare against. Does nothing when it is already up to date.
# PYTHON names the interpreter to build from (default python3).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
venv="$here/.venv"
wanted="$here/requirements.txt"
stamp="$venv/requirements.installed.txt"
base=${PYTHON:-python3}

if [ -x "$venv/bin/python" ] && cmp -s "$wanted" "$stamp"; then
  exit 0
fi

if ! command -v "$base" >/dev/null; then
  echo "test/setup.sh: $base not found: install Python 3.11 or newer (on Debian: apt-get install python3 python3-venv)" >&2
  exit 1
fi
if ! "$base" -c 'import ensurepip, venv' 2>/dev/null; then
  echo "test/setup.sh: $base cannot make virtual environments: on Debian, apt-get install python3-venv" >&2
  exit 1
fi

"$base" -m venv --clear "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --root-user-action=ignore -r "$wanted"
cp "$wanted" "$stamp"
