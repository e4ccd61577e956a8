#!/usr/bin/env python3
"""Times the audio tower on one clip, at the clip's own length, against ONNX Runtime in f32.

    swift build -c release --product sensorium
    python scripts/bench/audio_tower.py [--model models/sensorium-base] [--tower audio] [--seconds 3] [--threads 2]
                                        [--rounds 8] [--repeats 10]

As tower.py: the two engines take turns, and the last three lines are the best times of each and their ratio. ONNX Runtime
gets the encoder of models/training with the layers that the checkpoint has and random weights: speed does not depend on
them. Needs scripts/bench/requirements.txt.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import warnings

warnings.filterwarnings("ignore")
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "models"))


def onnx_session(config, frames, threads):
    import onnxruntime
    import torch
    from training.sensorium.audio import AudioTower

    model = AudioTower(config).eval()
    with tempfile.TemporaryDirectory() as folder:
        path = str(pathlib.Path(folder) / "tower.onnx")
        torch.onnx.export(model, (torch.zeros(1, frames, config["mel_bins"]),), path, input_names=["mel"],
                          opset_version=17, dynamo=False)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        print(f"# onnxruntime {onnxruntime.__version__}, torch {torch.__version__}")
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=str(ROOT / ".build/release/sensorium"))
    parser.add_argument("--model", default=str(ROOT / "models/sensorium-base"))
    parser.add_argument("--tower", default="audio", help="the tower's name in config.json")
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=10, help="runs of each engine in a round")
    a = parser.parse_args()
    import numpy

    config = json.loads((pathlib.Path(a.model) / "config.json").read_text())["towers"].get(a.tower)
    if config is None:
        return print(f"# {a.model} has no tower called {a.tower}")
    frames = int(a.seconds * 100)
    session = onnx_session(config, frames, a.threads)
    feed = {"mel": numpy.random.default_rng(0).standard_normal((1, frames, config["mel_bins"]), dtype=numpy.float32)}
    command = [a.binary, "bench", "tower", "--model", a.model, "--tower", a.tower, "--seconds", str(a.seconds),
               "--threads", str(a.threads), "--repeats", str(a.repeats)]
    ours, theirs, medians = [], [], []
    for _ in range(a.rounds):
        result = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
        ours.append(result["minimum_ms"])
        medians.append(result["median_ms"])
        session.run(None, feed)
        times = []
        for _ in range(a.repeats):
            start = time.perf_counter()
            session.run(None, feed)
            times.append((time.perf_counter() - start) * 1e3)
        theirs.append(times)
    print(f"# kernels {result['kernels']}, {result['threads']} threads; {config['layers']} layers, {a.seconds:g} s of sound")
    print(f"# medians: sensorium {statistics.median(medians):.2f} ms, "
          f"onnxruntime {statistics.median(t for times in theirs for t in times):.2f} ms")
    best = min(min(times) for times in theirs)
    print(f"sensorium_ms {min(ours):.2f}")
    print(f"onnxruntime_ms {best:.2f}")
    print(f"ratio {min(ours) / best:.3f}")


if __name__ == "__main__":
    main()
