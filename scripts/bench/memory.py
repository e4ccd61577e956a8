#!/usr/bin/env python3
"""Attacks the memory of a server, and measures what it and its decoder processes take.

    python scripts/bench/memory.py [--limit MB] [--only idle,work,bombs,base64,uploads,trickle] [--seconds S]

Starts a server of its own, in a memory cgroup with that limit where one can be made (as root), and prints one line per
attack: the most memory that server and decoders took together, the bound, how many captions somebody else asked for
meanwhile, how many of them were refused, and their 99th percentile in ms. Attackers come from 127.0.0.2 to 127.0.0.9, the
other client from 127.0.0.1. Memory is that of the processes without the files mapped into them (RssAnon), read every 10 ms.
Ends with 1 if something was killed, refused or beyond its bound. Needs Python 3.11, nothing else.
"""
import argparse
import base64
import glob
import http.client
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MEDIA = os.path.join(ROOT, "Tests/Fixtures/media")
MiB = 1 << 20


def read(path):
    with open(path, "rb") as file:
        return file.read()


class Group:
    """A memory cgroup of version 2 or 1, or none where none can be made."""

    def __init__(self, limit):
        self.path = None
        if not limit:
            return
        name = f"sensorium-bench-{os.getpid()}"
        for root, file in [("/sys/fs/cgroup", "memory.max"), ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")]:
            try:
                path = os.path.join(root, name)
                os.mkdir(path)
                # Beside the groups of version 1 there is an ordinary folder, without the files of a group.
                with open(os.path.join(path, file), "r+") as setting:
                    setting.write(str(limit))
                self.path = path
                return
            except OSError:
                try:
                    os.rmdir(path)
                except OSError:
                    pass
        print("no memory cgroup can be made here: measured without a limit")

    def enter(self):
        if self.path:
            with open(os.path.join(self.path, "cgroup.procs"), "w") as processes:
                processes.write(str(os.getpid()))

    def kills(self):
        for name in ("memory.events", "memory.oom_control"):
            try:
                found = re.search(rb"oom_kill (\d+)", read(os.path.join(self.path, name)))
                if found:
                    return int(found[1])
            except (OSError, TypeError):
                pass
        return 0

    def remove(self):
        if self.path:
            for _ in range(100):
                try:
                    return os.rmdir(self.path)
                except OSError:
                    time.sleep(0.05)


class Server:
    def __init__(self, arguments, group):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [arguments.program, "serve", "--model", arguments.model, "--port", str(self.port), "--data", "off",
             "--access-log", "off", "--max-connections", "2048", *arguments.options],
            stderr=self.log, preexec_fn=group.enter)
        while self.process.poll() is None and not self.is_ready():
            time.sleep(0.02)
        self.log.seek(0)
        self.said = self.log.read().decode()

    def is_ready(self):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            connection.request("GET", "/health/ready")
            return connection.getresponse().status == 200
        except OSError:
            return False

    def processes(self):
        children = read(f"/proc/{self.process.pid}/task/{self.process.pid}/children").split()
        for task in glob.glob(f"/proc/{self.process.pid}/task/*/children"):
            try:
                children += read(task).split()
            except OSError:
                pass
        return [self.process.pid] + sorted({int(child) for child in children})

    def anonymous(self):
        """Bytes of the server and of each child."""
        found = []
        for process in self.processes():
            try:
                text = read(f"/proc/{process}/status").decode()
            except OSError:
                continue
            lines = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
            found.append(1024 * sum(int(lines.get(name, "0").split()[0]) for name in ("RssAnon", "RssShmem")))
        return found


class Watch:
    """The most memory taken, and somebody else's captions, while the block runs."""

    def __init__(self, server, image):
        self.server, self.image = server, image
        self.peak, self.times, self.refused, self.over = 0, [], 0, False

    def __enter__(self):
        self.threads = [threading.Thread(target=self.measure), threading.Thread(target=self.ask)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over = True
        for thread in self.threads:
            thread.join()

    def measure(self):
        while not self.over:
            self.peak = max(self.peak, sum(self.server.anonymous()))
            time.sleep(0.01)

    def ask(self):
        while not self.over:
            start = time.perf_counter()
            status = send(self.server.port, "127.0.0.1", "image/jpeg", self.image)
            self.times.append(time.perf_counter() - start)
            self.refused += status != 200
            time.sleep(0.02)


def send(port, address, kind, body, path="/v1/caption"):
    """Sends a request; returns the status, or 0 where no answer came."""
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60, source_address=(address, 0))
        connection.request("POST", path, body=body, headers={"Content-Type": kind, "Connection": "close"})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(side):
    """One colour, side by side pixels: small as a file."""
    squeeze = zlib.compressobj(9)
    row = bytes(1 + 3 * side)
    data = b"".join(squeeze.compress(row) for _ in range(side))
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data + squeeze.flush()) + chunk(b"IEND", b"")


def wav(seconds, rate=8000):
    data = bytes([128]) * (seconds * rate)
    return (b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, rate, rate, 1, 8)
            + b"data" + struct.pack("<I", len(data)) + data)


def bombs():
    files = sorted(glob.glob(os.path.join(MEDIA, "bombs/*.*g"))) + [os.path.join(MEDIA, "png/chunk-bombs.png")]
    images = [png(8000), png(5000), *map(read, files)]
    # The format is told by the first bytes, not by the type.
    return [("/v1/caption", "image/png", image) for image in images] + [
        ("/v1/emotion", "audio/wav", wav(600)), ("/v1/emotion", "audio/wav", wav(599, 44_100))]


def together(calls):
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def many(server, requests, seconds):
    """Sends requests again and again, from eight addresses."""
    end = time.monotonic() + seconds

    def client(number):
        path, kind, body = requests[number % len(requests)]
        while time.monotonic() < end:
            send(server.port, f"127.0.0.{2 + number % 8}", kind, body, path)

    together([lambda number=number: client(number) for number in range(max(16, len(requests)))])


def trickle(server, count, seconds):
    """Connections that announce 32 MiB and send 1.2 kB in a second."""
    sockets = []
    for number in range(count):
        s = socket.create_connection(("127.0.0.1", server.port), source_address=(f"127.0.0.{2 + number % 8}", 0))
        s.sendall(b"POST /v1/caption HTTP/1.1\r\nHost: a\r\nContent-Type: image/jpeg\r\nContent-Length: 33554432\r\n\r\n")
        sockets.append(s)
    for _ in range(seconds):
        for s in sockets:
            try:
                s.sendall(bytes(1200))
            except OSError:
                pass
        time.sleep(1)
    for s in sockets:
        s.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=os.path.join(ROOT, ".build/release/sensorium"))
    parser.add_argument("--model", default=os.path.join(ROOT, "models/sensorium-base"))
    parser.add_argument("--limit", type=int, default=400, help="of the cgroup, in MB; 0 for none")
    parser.add_argument("--only", default="idle,work,bombs,base64,uploads,trickle")
    parser.add_argument("--seconds", type=int, default=10, help="for each attack")
    parser.add_argument("options", nargs="*", help="options of the server, behind --")
    arguments = parser.parse_args()
    group = Group(arguments.limit * 10**6)
    server = Server(arguments, group)
    print(server.said.strip())
    if server.process.poll() is not None:
        group.remove()
        sys.exit(f"the server ended with {server.process.returncode}")
    image = read(os.path.join(MEDIA, "astronaut.jpg"))
    found = re.search(r"may take (\d+)MiB", server.said)
    budget = int(found[1]) * MiB
    idle = server.anonymous()
    large = png(1500) + bytes(31_000_000)
    small = bombs() if "bombs" in arguments.only else []
    attacks = {
        "idle": lambda: time.sleep(arguments.seconds),
        "work": lambda: many(server, [("/v1/caption", "image/jpeg", image)], arguments.seconds),
        "bombs": lambda: many(server, small * 4, arguments.seconds),
        "base64": lambda: many(server, [("/v1/caption", "application/json", b'{"image":"%s"}' % base64.b64encode(
            large[:23_000_000]))], arguments.seconds),
        "uploads": lambda: many(server, [("/v1/caption", "image/png", large)], arguments.seconds),
        "trickle": lambda: (trickle(server, 16, arguments.seconds), trickle(server, 1000, arguments.seconds)),
    }
    print(f"idle: server {idle[0] / MiB:.0f} MiB, decoders {', '.join(f'{each / MiB:.0f}' for each in idle[1:])} MiB; "
          f"budget {budget / MiB:.0f} MiB")
    bound = arguments.limit * 10**6 if group.path else sum(idle) + budget
    is_good = True
    for name in arguments.only.split(","):
        with Watch(server, image) as watch:
            attacks[name]()
        times = sorted(watch.times)
        alive = server.process.poll() is None
        is_good &= alive and watch.peak <= bound and group.kills() == 0 and watch.refused == 0
        print(f"{name:8} peak {watch.peak / MiB:6.0f} MiB of {bound / MiB:.0f}; others: {len(times)} captions, "
              f"{watch.refused} refused, p99 {times[int(0.99 * (len(times) - 1))] * 1000:.0f} ms; killed: {group.kills()}"
              f"{'' if alive else '; THE SERVER ENDED'}", flush=True)
        if not alive:
            break
    if server.process.poll() is None:
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(timeout=60)
    group.remove()
    sys.exit(0 if is_good else 1)


if __name__ == "__main__":
    main()
