#!/usr/bin/env python3
"""Times the image tower (EfficientNet-Lite2, 260 pixels, one image) against ONNX Runtime in f32.

    swift build -c release --product sensorium
    python scripts/bench/tower.py [--model models/sensorium-base] [--threads 2] [--rounds 8] [--repeats 10]

The two engines take turns, round by round, so that drift of a shared machine touches both alike. The last three lines
are the best times of each and their ratio. Needs scripts/bench/requirements.txt. ONNX Runtime gets timm's network with
random weights: speed does not depend on them.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile
import time
import warnings

warnings.filterwarnings("ignore")
ROOT = pathlib.Path(__file__).resolve().parents[2]


def onnx_session(threads):
    import onnxruntime
    import timm
    import torch

    model = timm.create_model("tf_efficientnet_lite2", pretrained=False, num_classes=0, global_pool="").eval()
    with tempfile.TemporaryDirectory() as folder:
        path = str(pathlib.Path(folder) / "tower.onnx")
        torch.onnx.export(model, (torch.zeros(1, 3, 260, 260),), path, input_names=["pixels"], opset_version=17,
                          dynamo=False)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        print(f"# onnxruntime {onnxruntime.__version__}, timm {timm.__version__}, torch {torch.__version__}")
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=str(ROOT / ".build/release/sensorium"))
    parser.add_argument("--model", default=str(ROOT / "models/sensorium-base"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=10, help="runs of each engine in a round")
    a = parser.parse_args()
    import numpy

    session = onnx_session(a.threads)
    feed = {"pixels": numpy.random.default_rng(0).standard_normal((1, 3, 260, 260), dtype=numpy.float32)}
    command = [a.binary, "bench", "tower", "--model", a.model, "--threads", str(a.threads), "--repeats", str(a.repeats)]
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
    print(f"# kernels {result['kernels']}, {result['threads']} threads; "
          f"weights {result['weight_bytes'] / 1e6:.1f} MB, activations {result['activation_bytes'] / 1e6:.1f} MB")
    print(f"# medians: sensorium {statistics.median(medians):.2f} ms, "
          f"onnxruntime {statistics.median(t for times in theirs for t in times):.2f} ms")
    best = min(min(times) for times in theirs)
    print(f"sensorium_ms {min(ours):.2f}")
    print(f"onnxruntime_ms {best:.2f}")
    print(f"ratio {min(ours) / best:.3f}")


if __name__ == "__main__":
    main()
