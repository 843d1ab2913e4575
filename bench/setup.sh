#!/bin/sh
# Installs the peers of bench/peers.py in folders of their own: bench/.venv and bench/peers/node_modules.
set -e
cd "$(dirname "$0")"
python3 -m venv .venv
.venv/bin/pip install --requirement requirements.txt
npm install --prefix peers --no-package-lock --no-audit --no-fund
