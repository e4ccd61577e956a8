#!/usr/bin/env python3
"""Measures a running Sensorium: latency, throughput, HTTP, start, memory, soak, overload.

    python scripts/bench/serving.py [--only latency,throughput,http,start,memory,upload,soak,overload]
                                    [--tower-ms MS] [--hummingbird PROGRAM] [--image FILE]

Starts its own server on a free port for each measurement and prints one line per figure:
name, value, the bound that the project sets itself, and whether it holds. Loads come from
`sensorium bench load` (C-speed client) and `wrk`; this script only starts, reads /proc and
divides. `--tower-ms` is ONNX Runtime's time for the image tower of the same run (tower.py
prints it). Needs Python 3.11, nothing else; `wrk` for the HTTP lines.
"""
import argparse
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
IMAGE = os.path.join(ROOT, "Tests/Fixtures/media/astronaut.jpg")


class Server:
    """A server process on a free port of 127.0.0.1, stopped at the end of the block."""

    def __init__(self, program, model, *options):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.command = [program, "serve", "--model", model, "--host", "127.0.0.1", "--port", str(self.port),
                        "--access-log", "off", "--data", "off", "--lame-duck-seconds", "0", *options]

    def __enter__(self):
        self.started = time.perf_counter()
        self.process = subprocess.Popen(self.command, stderr=subprocess.DEVNULL)
        while not self.answers("/health/ready"):
            if self.process.poll() is not None:
                sys.exit(f"the server ended with {self.process.returncode}: {' '.join(self.command)}")
            time.sleep(0.002)
        self.seconds_to_ready = time.perf_counter() - self.started
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.exit_code = self.process.wait(timeout=60)

    def answers(self, path):
        try:
            return urllib.request.urlopen(self.url + path, timeout=2).status == 200
        except OSError:
            return False

    def resident_bytes(self, field="VmRSS"):
        """What the server has, and what its decoder processes have beside the pages of the program they share with it."""
        total = status_bytes(self.process.pid, field)
        for child in self.decoders():
            total += status_bytes(child, field) - status_bytes(child, "RssFile")
        return total

    def decoders(self):
        return [int(process) for process in os.listdir("/proc") if process.isdigit()
                and re.search(rf"^PPid:\t{self.process.pid}$", status_text(process), re.MULTILINE)]

    def core_seconds(self):
        """User and system time of the process so far (man 5 proc, fields 14 and 15 of stat)."""
        with open(f"/proc/{self.process.pid}/stat") as f:
            fields = f.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def forget_peak(self):
        """Makes VmHWM start again from what is resident now (man 5 proc, clear_refs)."""
        for process in [self.process.pid, *self.decoders()]:
            with open(f"/proc/{process}/clear_refs", "w") as f:
                f.write("5")


def status_text(process):
    try:
        with open(f"/proc/{process}/status") as f:
            return f.read()
    except OSError:
        return ""


def status_bytes(process, field):
    return int(re.search(field + r":\s+(\d+) kB", status_text(process)).group(1)) * 1024


def report(name, value, bound=None, holds=None):
    verdict = "" if bound is None else f"   bound {bound}   {'holds' if holds else 'MISSED'}"
    print(f"{name:58s} {value}{verdict}", flush=True)


def load(a, server, clients, requests):
    """Greedy captions from `clients` connections; the load program's JSON."""
    command = [a.program, "bench", "load", "--url", server.url + "/v1/caption", "--image", a.image,
               "--clients", str(clients), "--requests", str(requests), "--beams", "1"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def wrk(url, seconds):
    """(requests per second, p99 in milliseconds) of `wrk -t1 -c32`."""
    text = subprocess.run(["wrk", "-t1", "-c32", f"-d{seconds}s", "--latency", url],
                          check=True, capture_output=True, text=True).stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1))
    value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", text).groups()
    return rate, float(value) * {"us": 1e-3, "ms": 1, "s": 1e3}[unit]


def latency(a):
    with Server(a.program, a.model) as server:
        load(a, server, 1, 20)
        p50 = load(a, server, 1, 200)["p50_ms"]
    if a.tower_ms:
        ratio = p50 / a.tower_ms
        report("caption over HTTP, greedy, 1 client, median", f"{p50:.1f} ms = {ratio:.2f} x ONNX Runtime's tower",
               "4", ratio <= 4)
    else:
        report("caption over HTTP, greedy, 1 client, median", f"{p50:.1f} ms")


def throughput(a):
    """One client and sixteen take turns, so that both meet the same machine; the ratio is the median of the turns'.

    How long the cores work for one caption stands beside it: on a machine with other work the steadier figure."""
    with Server(a.program, a.model) as server:
        load(a, server, 16, 64)
        rates, work = {1: [], 16: []}, {1: [], 16: []}
        for _ in range(9):
            for clients, requests in ((1, 50), (16, 128)):
                before = server.core_seconds()
                rates[clients].append(load(a, server, clients, requests)["throughput"])
                work[clients].append((server.core_seconds() - before) * 1e3 / requests)
    one, many = (statistics.median(rates[n]) for n in (1, 16))
    ratio = statistics.median(many / one for one, many in zip(rates[1], rates[16]))
    report("captions per second, 1 client and 16 clients", f"{one:.1f} and {many:.1f}, median of nine ratios {ratio:.2f} x", "1.5",
           ratio >= 1.5)
    one, many = (min(work[n]) for n in (1, 16))
    report("  milliseconds of all cores for a caption, the same", f"{one:.1f} and {many:.1f}")


def http(a):
    if not shutil.which("wrk"):
        return report("GET /health/live", "not measured: wrk is missing (apt-get install wrk)")
    with Server(a.program, a.model) as server:
        ours, theirs = [], []
        peer = None
        if a.hummingbird:
            peer = subprocess.Popen([a.hummingbird, str(server.port + 1)], stderr=subprocess.DEVNULL)
            time.sleep(1)
        for _ in range(3):
            ours.append(wrk(server.url + "/health/live", 5)[0])
            if peer:
                theirs.append(wrk(f"http://127.0.0.1:{server.port + 1}/health/live", 5)[0])
        rate = sorted(ours)[1]
        if peer:
            peer.terminate()
            peer.wait()
            other = sorted(theirs)[1]
            report("GET /health/live, wrk -t1 -c32, requests per second",
                   f"{rate:.0f}, Hummingbird {other:.0f} = {rate / other:.2f} x", "1.0", rate >= other)
        else:
            report("GET /health/live, wrk -t1 -c32, requests per second", f"{rate:.0f} (no peer given)")
        captions = subprocess.Popen(
            [a.program, "bench", "load", "--url", server.url + "/v1/caption", "--image", a.image,
             "--clients", "16", "--requests", "100000", "--beams", "1"], stdout=subprocess.DEVNULL)
        time.sleep(2)
        p99 = wrk(server.url + "/health/live", 8)[1]
        captions.terminate()
        captions.wait()
        report("GET /health/live, p99 while 16 clients caption", f"{p99:.2f} ms", "10 ms", p99 <= 10)


def start(a):
    times = []
    for _ in range(5):
        with Server(a.program, a.model) as server:
            times.append(server.seconds_to_ready)
    median = sorted(times)[2]
    report("start to ready, median of 5", f"{median:.2f} s", "1.5 s", median <= 1.5)


def checkpoint_bytes(model):
    return sum(os.path.getsize(os.path.join(model, f)) for f in os.listdir(model) if f.endswith(".safetensors"))


def memory(a):
    with Server(a.program, a.model) as server:
        load(a, server, 16, 1000)
        resident, weights = server.resident_bytes(), checkpoint_bytes(a.model)
    bound = 2.5 * weights + 150e6
    report("resident after 1,000 captions at 16 clients",
           f"{resident / 1e6:.0f} MB (checkpoint {weights / 1e6:.0f} MB)", f"{bound / 1e6:.0f} MB", resident <= bound)


def upload(a):
    """What one upload of 32 MB (less the form around it) adds to what was resident before it.

    The peak is forgotten first: loading the model has a higher one, behind which an upload would hide.
    """
    with Server(a.program, a.model) as server:
        load(a, server, 16, 100)
        server.forget_peak()
        before = server.resident_bytes()
        size = 32 * 1024 * 1024 - 4096
        with open(a.image, "rb") as f:
            photo = f.read()
        body = (b'--B\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n'
                + photo + bytes(size - len(photo)) + b"\r\n--B--\r\n")
        request = urllib.request.Request(server.url + "/v1/caption", data=body,
                                         headers={"Content-Type": "multipart/form-data; boundary=B"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            status = answer.status
        added = server.resident_bytes("VmHWM") - before
    report(f"one upload of 32 MB (status {status}) adds", f"{added / 1e6:.0f} MB", f"{2 * size / 1e6:.0f} MB",
           added <= 2 * size)


def soak(a):
    with Server(a.program, a.model) as server:
        command = [a.program, "bench", "soak", "--url", server.url, "--image", a.image, "--requests", "20000",
                   "--pid", str(server.process.pid)]
        result = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        alive = server.process.poll() is None and server.answers("/health/ready")
    print(json.dumps(result))
    report("20,000 mixed requests: alive at the end, exit code", f"{alive}, {server.exit_code}", "True, 0",
           alive and server.exit_code == 0)
    report("  descriptors before and after", f"{result['descriptors_before']} and {result['descriptors_after']}",
           "equal", result["descriptors_after"] <= result["descriptors_before"])
    slope = result["rss_slope_bytes_per_request"]
    report("  memory slope after warm-up", f"{slope:.1f} bytes per request", "100", slope <= 100)


def overload(a):
    """Answers within one second where requests come at random at multiples of the capacity; how late refusals are."""
    with Server(a.program, a.model) as server:
        command = [a.program, "bench", "overload", "--url", server.url + "/v1/caption", "--image", a.image, "--beams", "1"]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    for step in map(json.loads, output.splitlines()):
        factor, share, bound = step["factor"], step["goodput_of_capacity"], {1: 0.85, 2: 0.9, 4: 0.9}.get(step["factor"])
        report(f"answers within 1 s at {factor} x the capacity ({step['capacity']:.1f}/s), of the capacity", f"{share:.3f}",
               bound, bound and share >= bound)
        if "refusal_p99_ms" in step:
            late = step["refusal_p99_ms"]
            report("  refusals, p50 and p99", f"{step['refusal_p50_ms']:.1f} and {late:.1f} ms", "5 ms", late <= 5)


MEASUREMENTS = {"latency": latency, "throughput": throughput, "http": http, "start": start, "memory": memory,
                "upload": upload, "soak": soak, "overload": overload}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--only", default=",".join(MEASUREMENTS))
    p.add_argument("--program", default=os.path.join(ROOT, ".build/release/sensorium"))
    p.add_argument("--model", default=os.path.join(ROOT, "models/sensorium-base"))
    p.add_argument("--image", default=IMAGE, help="a JPEG of ordinary size")
    p.add_argument("--tower-ms", type=float)
    p.add_argument("--hummingbird", help="the peer's program, see peers/hummingbird-peer")
    a = p.parse_args()
    for name in a.only.split(","):
        MEASUREMENTS[name](a)


if __name__ == "__main__":
    main()
