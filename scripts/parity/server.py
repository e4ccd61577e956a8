"""The server that the scripts of this folder ask: one model, a free port, no data folder."""

import json
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path


class Server:
    """`sensorium serve` until the block ends."""

    def __init__(self, program, folder, threads, *options):
        self.folder = Path(folder)
        start = time.monotonic()
        command = [program, "serve", "--model", folder, "--port", "0", "--data", "off", "--access-log", "off", "--threads", threads, *options]
        self.process = subprocess.Popen([str(word) for word in command], stderr=subprocess.PIPE, text=True)
        said = []
        for line in self.process.stderr:
            said.append(line)
            if "Listening on " in line:
                self.address = line.split("Listening on ")[1].split()[0].rstrip(".")
                break
        else:
            raise SystemExit("The server did not start: " + "".join(said))
        self.seconds_to_ready = self.wait(start)

    def wait(self, start):
        while time.monotonic() - start < 300:
            try:
                with urllib.request.urlopen(self.address + "/health/ready", timeout=5):
                    return time.monotonic() - start
            except OSError:
                if self.process.poll() is not None:
                    raise SystemExit("The server ended: " + self.process.stderr.read())
                time.sleep(0.02)
        self.stop()
        raise SystemExit("The server was not ready after 300 s.")

    def memory(self):
        """How long it took to be ready, and what of the weights' size is resident, in words."""
        weights = sum(file.stat().st_size for file in self.folder.iterdir() if file.suffix in (".safetensors", ".bin"))
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        resident = int(status.split("VmRSS:")[1].split()[0]) * 1024
        return (f"ready in {self.seconds_to_ready:.2f} s, {weights / 1e6:.0f} MB of weights, resident {resident / 1e6:.0f} MB "
                f"({resident / weights:.2f} x)")

    def post(self, path, **parts):
        """The answer to a form, and the seconds until it was read: files as bytes, fields as anything else."""
        boundary = uuid.uuid4().hex
        body = b""
        for name, value in parts.items():
            head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"' + ('; filename="a"' if isinstance(value, bytes) else "")
            body += head.encode() + b"\r\n\r\n" + (value if isinstance(value, bytes) else str(value).encode()) + b"\r\n"
        body += f"--{boundary}--\r\n".encode()
        request = urllib.request.Request(self.address + path, body, {"Content-Type": f"multipart/form-data; boundary={boundary}"})
        start = time.monotonic()
        try:
            with urllib.request.urlopen(request, timeout=900) as answer:
                found = json.load(answer)
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{path}: {error.code} {error.read().decode()}")
        return found, time.monotonic() - start

    def stop(self):
        self.process.terminate()
        self.process.communicate()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
