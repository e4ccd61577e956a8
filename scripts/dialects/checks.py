"""A server with small models, and what the scripts of this folder share: checks that are printed, and the price of a dialect."""

import http.client
import json
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "Tests" / "Fixtures"
PHOTO = ROOT / "examples" / "photos" / "chelsea.jpg"
VOICE = FIXTURES / "media" / "audio" / "voice.flac"
MODELS = [
    "models/sensorium-base", "Tests/Fixtures/vision/clip", "Tests/Fixtures/text/bert-rank",
    "Tests/Fixtures/text/mpnet-embed", "Tests/Fixtures/text/bert-labels", "Tests/Fixtures/whisper/english",
    "Tests/Fixtures/smolvlm/smolvlm",
]


class Server:
    """The program given on the command line, as long as the `with` block runs."""

    def __init__(self, *options):
        self.port = int(sys.argv[2]) if len(sys.argv) > 2 else 8650
        self.address = f"http://127.0.0.1:{self.port}"
        models = [word for model in MODELS for word in ("--model", str(ROOT / model))]
        self.process = subprocess.Popen(
            [sys.argv[1], "serve", *models, "--port", str(self.port), "--data", "off", "--access-log", "off", *options],
            stderr=subprocess.DEVNULL)

    def __enter__(self):
        for _ in range(600):
            try:
                urllib.request.urlopen(self.address + "/health/ready").close()
                return self
            except OSError:
                time.sleep(0.1)
        raise SystemExit("the server did not become ready")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def native(self, path, body):
        """The answer of a path of Sensorium's own."""
        request = urllib.request.Request(
            self.address + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def price(self, path, body, native):
        """The median of the differences of a dialect's time and that of `/v1/embed`, in milliseconds: 200 pairs, asked in turn over
        one connection."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)

        def ask(path, body):
            start = time.perf_counter()
            connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200, path
            return 1000 * (time.perf_counter() - start)

        for _ in range(20):
            ask("/v1/embed", native), ask(path, body)
        pairs = [(ask("/v1/embed", native), ask(path, body)) for _ in range(200)]
        difference = statistics.median(theirs - ours for ours, theirs in pairs)
        print(
            f"{path}: median {statistics.median(p[1] for p in pairs):.2f} ms, /v1/embed "
            f"{statistics.median(p[0] for p in pairs):.2f} ms; paired difference {difference:+.3f} ms")
        check(f"{path} costs at most 1 ms more", difference <= 1)


failures = 0


def check(what, holds, note=""):
    """Prints whether something holds."""
    global failures
    failures += not holds
    print("ok  " if holds else "FAIL", what, note)


def refused(what, kind, call, *named):
    """Checks that a call is refused by an error of that type, which names something."""
    try:
        call()
    except kind as error:
        missing = [name for name in named if name not in str(error)]
        check(f"refused: {what}", not missing, f"({kind.__name__})" if not missing else f"does not name {missing}: {error}")
    else:
        check(f"refused: {what}", False, "was answered")


def near(a, b, tolerance=2e-6):
    return len(a) == len(b) and max(abs(x - y) for x, y in zip(a, b)) <= tolerance


def end():
    print(f"{failures} failures" if failures else "all as it should be")
    sys.exit(1 if failures else 0)
