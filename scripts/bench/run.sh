#!/usr/bin/env bash
# Prints every figure of the README that this machine can measure (`make bench`).
#
# Without anything set: start, memory, throughput, latency, soak, overload, attacks. With peers:
#   PYTHON=python        an interpreter with scripts/bench/requirements.txt: the towers, and emotion from three parts, against ONNX Runtime
#   HUMMINGBIRD=PROGRAM  built from scripts/bench/peers/hummingbird-peer: the HTTP layer against Hummingbird
#   DATA=FOLDER          the data of models/training/README.md: caption quality and parity with PyTorch
set -euo pipefail
cd "$(dirname "$0")/../.."

# Some machines set these for old BLAS builds; they slow OpenBLAS, in the peers too.
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE

tower_ms=()
if [ -n "${PYTHON:-}" ]; then
    output=$("$PYTHON" scripts/bench/tower.py)
    echo "$output"
    tower_ms=(--tower-ms "$(echo "$output" | sed -n 's/^onnxruntime_ms //p')")
    "$PYTHON" scripts/bench/audio_tower.py
    "$PYTHON" scripts/bench/emotion.py
fi
hummingbird=()
if [ -n "${HUMMINGBIRD:-}" ]; then hummingbird=(--hummingbird "$HUMMINGBIRD"); fi

python3 scripts/bench/serving.py "${tower_ms[@]}" "${hummingbird[@]}"

# A missed bound is printed as such, and what comes after is measured all the same.
.build/release/sensorium bench hostile || true

if [ -n "${DATA:-}" ]; then scripts/bench/quality.sh "$DATA"; fi
