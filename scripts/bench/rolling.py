#!/usr/bin/env python3
"""Restarts two servers in turn behind a proxy, while clients ask, and counts what failed.

    python3 scripts/bench/rolling.py haproxy|nginx [--rounds 2] [--program FILE] [--port 8080] [--lame-duck SECONDS]

Starts two servers with data folders of their own and the proxy with the example of docs/guides/behind-a-proxy, on three
ports from --port on. Clients send captions, streamed captions and PUTs of items through the proxy without a pause, over
connections that they keep. Each server in turn is sent SIGTERM, ends, is started again and waited for, --rounds times.
Prints failed and total for each kind, and ends with 1 if anything failed. Needs Python 3.11 and the proxy, nothing else.
"""
import argparse
import collections
import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PHOTO = os.path.join(ROOT, "Tests/Fixtures/media/coffee.jpg")
EXAMPLES = os.path.join(ROOT, "docs/guides/behind-a-proxy")
# As long as the slower of the two proxies needs to see that a server is back, and more.
SECONDS_TO_NOTICE = 3


class Server:
    """One server, which can be started again on the same port and data folder."""

    def __init__(self, options, port, folder):
        self.command = [options.program, "serve", "--model", options.model, "--port", str(port), "--data", folder,
                        "--threads", "1", "--access-log", "off", "--trusted-proxy", "127.0.0.1",
                        "--lame-duck-seconds", str(options.lame_duck)]
        self.ready_url = f"http://127.0.0.1:{port}/health/ready"
        self.log = open(folder + ".log", "ab")
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command, stderr=self.log)
        while not self.is_ready():
            if self.process.poll() is not None:
                sys.exit(f"a server ended with {self.process.returncode}; {self.log.name} says why")
            time.sleep(0.05)

    def is_ready(self):
        try:
            return urllib.request.urlopen(self.ready_url, timeout=2).status == 200
        except OSError:
            return False

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=120)


class Client(threading.Thread):
    """Asks again and again, over one connection as long as the other side keeps it."""

    def __init__(self, kind, port, request, is_good, stop):
        super().__init__()
        self.kind, self.port, self.request, self.is_good, self.stop = kind, port, request, is_good, stop
        self.total = 0
        self.failures = collections.Counter()

    def run(self):
        connection = None
        while not self.stop.is_set():
            connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=90)
            self.total += 1
            try:
                method, path, body, headers = self.request(self.total)
                # Half of the servers may be too few to answer in the usual time, which is no failure of a restart.
                connection.request(method, path, body, headers | {"X-Request-Timeout": "60"})
                answer = connection.getresponse()
                content = answer.read()
                if not self.is_good(answer.status, content):
                    self.failures[f"{answer.status} {content[:200]!r}"] += 1
            except (OSError, http.client.HTTPException) as error:
                self.failures[repr(error)] += 1
                connection.close()
                connection = None


def clients(port, stop):
    with open(PHOTO, "rb") as f:
        photo = f.read()
    jpeg = {"Content-Type": "image/jpeg"}

    def caption(_):
        return "POST", "/v1/caption?beams=1", photo, jpeg

    def stream(_):
        return "POST", "/v1/caption?stream=true", photo, jpeg

    def item(name):
        def request(number):
            body = json.dumps({"text": f"a dog and {number} balls"})
            return ("PUT", f"/v1/collections/rolling/items/{name}-{number % 100}", body,
                    {"Content-Type": "application/json"})
        return request

    def streamed(status, content):
        return status == 200 and b"event: result\n" in content and content.endswith(b"\n\n")

    kinds = [("captions", caption, lambda status, _: status == 200), ("streams", stream, streamed)]
    for number in range(2):
        yield from (Client(kind, port, request, good, stop) for kind, request, good in kinds)
        yield Client("PUTs", port, item(number), lambda status, _: status in (200, 201), stop)


def start_proxy(name, port, folder):
    """The shipped example, on the ports of this run."""
    file = {"haproxy": "haproxy.cfg", "nginx": "nginx.conf"}[name]
    with open(os.path.join(EXAMPLES, file), encoding="utf-8") as f:
        text = f.read()
    for offset in reversed(range(3)):
        text = text.replace(f"127.0.0.1:{8080 + offset}", f"127.0.0.1:{port + offset}")
    # So that nginx needs no folder of the system's, whoever runs it.
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    text = text.replace("http {", "http {\n" + "".join(f"{kind}_temp_path {kind};\n" for kind in kinds))
    user = "user root; " if os.geteuid() == 0 else ""
    path = os.path.join(folder, file)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    command = (["haproxy", "-db", "-f", path] if name == "haproxy"
               else ["nginx", "-p", folder, "-c", path, "-e", "stderr",
                     "-g", f"{user}daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;"])
    proxy = subprocess.Popen(command)
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=2)
            return proxy
        except OSError:
            if proxy.poll() is not None:
                sys.exit(f"{name} ended with {proxy.returncode}")
            time.sleep(0.1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("proxy", choices=["haproxy", "nginx"])
    parser.add_argument("--rounds", type=int, default=2, help="restarts of each server")
    parser.add_argument("--program", default=os.path.join(ROOT, ".build/release/sensorium"))
    parser.add_argument("--model", default=os.path.join(ROOT, "models/sensorium-base"))
    parser.add_argument("--port", type=int, default=8080, help="the proxy's; the servers have the next two")
    parser.add_argument("--lame-duck", type=float, default=5, help="seconds; 0 shows what happens without")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory(prefix="sensorium-rolling-") as folder:
        servers, proxy, running, stop = [], None, [], threading.Event()
        try:
            servers = [Server(options, options.port + number, f"{folder}/data-{number}") for number in (1, 2)]
            proxy = start_proxy(options.proxy, options.port, folder)
            time.sleep(SECONDS_TO_NOTICE)
            running = list(clients(options.port, stop))
            for client in running:
                client.start()
            for _ in range(options.rounds):
                for server in servers:
                    time.sleep(SECONDS_TO_NOTICE)
                    if code := server.end():
                        print(f"a server ended with {code} instead of 0")
                    server.start()
            time.sleep(SECONDS_TO_NOTICE)
        finally:
            stop.set()
            for client in running:
                client.join()
            if proxy:
                proxy.terminate()
                proxy.wait()
            for server in servers:
                if server.process.poll() is None:
                    server.process.kill()
                    server.process.wait()
        return report(options, running)


def report(options, ran):
    failed = 0
    for kind in ("captions", "streams", "PUTs"):
        of_kind = [client for client in ran if client.kind == kind]
        failures = sum((client.failures for client in of_kind), collections.Counter())
        failed += failures.total()
        print(f"{options.proxy}, {2 * options.rounds} restarts: {kind} failed {failures.total()} "
              f"of {sum(client.total for client in of_kind)}")
        for failure, count in failures.most_common(5):
            print(f"  {count} x {failure}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
