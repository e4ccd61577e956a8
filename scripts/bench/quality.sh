#!/usr/bin/env bash
# Caption quality and parity with PyTorch, through a running server.
#   PYTHON=python scripts/bench/quality.sh DATA [MODEL]
# PYTHON is an interpreter with models/training/requirements.txt; DATA is the folder of models/training/README.md.
set -euo pipefail
cd "$(dirname "$0")/../.."
data=$(realpath "$1")
model=$(realpath "${2:-models/sensorium-base}")
port=${PORT:-18081}

.build/release/sensorium serve --model "$model" --host 127.0.0.1 --port "$port" --access-log off --lame-duck-seconds 0 &
server=$!
trap 'kill "$server"; wait "$server" || true' EXIT
until curl -sf -o /dev/null "http://127.0.0.1:$port/health/ready"; do
    kill -0 "$server"
    sleep 0.05
done

cd models
"${PYTHON:-python3}" -m training.evaluate --server "http://127.0.0.1:$port" --data "$data"
"${PYTHON:-python3}" -m training.compare --server "http://127.0.0.1:$port" --data "$data" --checkpoint "$model"
