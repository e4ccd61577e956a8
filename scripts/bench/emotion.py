#!/usr/bin/env python3
"""Times POST /v1/emotion with a photo, 3 seconds of sound and a sentence against the three towers alone in ONNX Runtime.

    swift build -c release --product sensorium
    python scripts/bench/emotion.py [--model models/sensorium-base] [--threads 2] [--rounds 5] [--requests 20]

Two figures: the median request of one client as a multiple of the towers' f32 times summed (bound 2), and what the face
finder adds to it with an ordinary photo (`face=auto` against `face=whole`, bound 15 %; what it adds to a request with the
photo alone stands beside it). The kinds of request and ONNX Runtime take turns, round by round, so that drift of a shared machine touches them alike. ONNX Runtime gets
the towers of models/training with random weights and its best round counts: speed does not depend on the weights. Needs
scripts/bench/requirements.txt.
"""
import argparse
import http.client
import io
import json
import pathlib
import statistics
import sys
import tempfile
import time
import warnings
import wave

import numpy

import serving

warnings.filterwarnings("ignore")
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "models"))
SENTENCE = "I can't believe it, we have been waiting for this for such a long time"


def sessions(model, seconds, threads):
    """ONNX Runtime's sessions of the towers that the emotion head reads, each with what it is fed."""
    import onnxruntime
    import torch
    from tokenizers import Tokenizer
    from training.sensorium.audio import AudioTower
    from training.sensorium.face import FaceTower
    from training.sensorium.network import TextTower

    class WordStates(torch.nn.Module):
        """The text tower as the emotion head reads it: as many layers in all as the shared ones and the branch's."""

        def __init__(self, tower):
            super().__init__()
            self.tower = tower

        def forward(self, ids):
            return self.tower.states(ids, torch.ones_like(ids, dtype=torch.bool))

    config = json.loads((model / "config.json").read_text())
    inputs, towers = config["heads"]["emotion"]["inputs"], config["towers"]
    face, audio, branch = (towers[inputs[part]["tower"]] for part in ("image", "audio", "text"))
    text = towers[branch["of"]] | {"num_hidden_layers": branch["from_layer"] + branch["layers"]}
    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    tokenizer.no_padding()
    ids = tokenizer.encode(SENTENCE).ids
    networks = {
        "face": (FaceTower(face["layout"]), torch.zeros(1, 1, face["image_size"], face["image_size"])),
        "audio": (AudioTower(audio), torch.zeros(1, int(100 * seconds), audio["mel_bins"])),
        "text": (WordStates(TextTower(text)), torch.tensor([ids])),
    }
    print(f"# onnxruntime {onnxruntime.__version__}, torch {torch.__version__}; {seconds:g} s of sound, {len(ids)} word pieces")
    result = {}
    for name, (network, example) in networks.items():
        with tempfile.TemporaryDirectory() as folder:
            path = str(pathlib.Path(folder) / "tower.onnx")
            torch.onnx.export(network.eval(), (example,), path, input_names=["x"], opset_version=17, dynamo=False)
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
            session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        result[name] = (session, {"x": example.numpy()})
    return result


def speech(seconds):
    """A WAV of 16 kHz: noise that swells and ebbs four times a second, as syllables do."""
    times = numpy.arange(int(16_000 * seconds)) / 16_000
    samples = numpy.random.default_rng(0).standard_normal(len(times)) * 3000 * (1 + numpy.sin(8 * numpy.pi * times)) / 2
    file = io.BytesIO()
    with wave.open(file, "wb") as clip:
        clip.setnchannels(1)
        clip.setsampwidth(2)
        clip.setframerate(16_000)
        clip.writeframes(samples.astype("<i2").tobytes())
    return file.getvalue()


def form(parts):
    """A multipart body of bytes (files) and texts (fields)."""
    body = b""
    for name, value in parts.items():
        file = f'; filename="{name}"' if isinstance(value, bytes) else ""
        value = value if isinstance(value, bytes) else value.encode()
        body += f'--B\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode() + value + b"\r\n"
    return body + b"--B--\r\n"


def timed(connection, body, requests):
    """Milliseconds of each of so many requests, and the last answer."""
    times = []
    for _ in range(requests):
        start = time.perf_counter()
        connection.request("POST", "/v1/emotion", body, {"Content-Type": "multipart/form-data; boundary=B"})
        response = connection.getresponse()
        answer = response.read()
        times.append((time.perf_counter() - start) * 1e3)
        if response.status != 200:
            sys.exit(f"/v1/emotion answered {response.status}: {answer.decode()}")
    return times, json.loads(answer)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=str(ROOT / ".build/release/sensorium"))
    parser.add_argument("--model", type=pathlib.Path, default=ROOT / "models/sensorium-base")
    parser.add_argument("--image", default=serving.IMAGE, help="an ordinary photo with a face")
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=20, help="of each kind in a round")
    a = parser.parse_args()
    with open(a.image, "rb") as file:
        photo = file.read()
    three = {"image": photo, "audio": speech(a.seconds), "text": SENTENCE}
    bodies = {
        "three parts": form(three), "three parts, face=whole": form(three | {"face": "whole"}),
        "photo": form({"image": photo}), "photo, face=whole": form({"image": photo, "face": "whole"}),
    }
    towers = sessions(a.model, a.seconds, a.threads)
    best = dict.fromkeys(towers, float("inf"))
    ours, stages = {kind: [] for kind in bodies}, {}
    with serving.Server(a.binary, str(a.model), "--threads", str(a.threads)) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        for body in bodies.values():
            timed(connection, body, 3)
        for _ in range(a.rounds):
            for kind, body in bodies.items():
                times, answer = timed(connection, body, a.requests)
                ours[kind] += times
                stages[kind] = answer["timing"]
            for name, (session, feed) in towers.items():
                for _ in range(a.requests):
                    start = time.perf_counter()
                    session.run(None, feed)
                    best[name] = min(best[name], (time.perf_counter() - start) * 1e3)
        connection.close()
    for kind, timing in stages.items():
        print(f"# timing of the last answer, {kind}: " + ", ".join(f"{stage} {value:.1f}" for stage, value in timing.items()))
    print("# onnxruntime, best: " + ", ".join(f"{name} {value:.2f} ms" for name, value in best.items()))
    medians = {kind: statistics.median(times) for kind, times in ours.items()}
    all_parts, without = medians["three parts"], medians["three parts, face=whole"]
    towers_ms = sum(best.values())
    serving.report("/v1/emotion with photo, voice and text, 1 client, median",
                   f"{all_parts:.1f} ms = {all_parts / towers_ms:.2f} x the towers in ONNX Runtime", "2",
                   all_parts <= 2 * towers_ms)
    serving.report("  the face finder adds to it", f"{without:.1f} to {all_parts:.1f} ms, {all_parts / without - 1:+.1%}", "15 %",
                   all_parts <= 1.15 * without)
    serving.report("  and to a request with the photo alone", "{:.1f} to {:.1f} ms".format(medians["photo, face=whole"], medians["photo"]))


if __name__ == "__main__":
    main()
