"""What views and explanations cost: processor time of a running server for each request, printed in milliseconds.

Needs a model with views and concepts, curl, and a server on this machine with --data, into which it puts a collection of 1,000
random vectors named cost-of-explaining:

    python scripts/bench/retrieve_cpu.py http://127.0.0.1:8080 PID PHOTO.jpg
"""

import json
import random
import subprocess
import sys
from pathlib import Path

ITEMS, REQUESTS = 1000, 40


def processor_ms(pid: str) -> int:
    """User and system time so far; a tick is 10 ms."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 10


def send(method: str, url: str, *fields: str) -> dict:
    form = [argument for field in fields for argument in ("-F", field)]
    return json.loads(subprocess.run(["curl", "-s", "-X", method, *form, url], capture_output=True, check=True).stdout)


def main() -> None:
    server, pid, photo = sys.argv[1:]
    model = send("GET", f"{server}/v1/models")["models"][0]
    random.seed(1)

    def vector() -> str:
        return json.dumps([round(random.gauss(0, 1), 4) for _ in range(model["space"]["dimensions"])])

    items = f"{server}/v1/collections/cost-of-explaining"
    for number in range(ITEMS):
        send("PUT", f"{items}/items/{number}", f"embedding={vector()}", f"model={model['name']}")

    def measure(name: str, path: str, *fields: str) -> None:
        before = processor_ms(pid)
        for _ in range(REQUESTS):
            answer = send("POST", server + path, *fields)
            if "code" in answer:
                sys.exit(answer["detail"])
        print(f"{name:40} {(processor_ms(pid) - before) / REQUESTS:6.1f} ms", flush=True)

    for top in (10, ITEMS):
        for explain in ("false", "true"):
            path = f"/v1/retrieve?collection=cost-of-explaining&top={top}&explain={explain}&model={model['name']}"
            measure(f"{top} hits, explain={explain}", path, f"embedding={vector()}")
    for view in ("photo", "sketch", "auto"):
        measure(f"embed a photo, view={view}", f"/v1/embed?view={view}", f"image=@{photo}")
    measure("embed a photo and words", "/v1/embed?view=photo", f"image=@{photo}", "text=on a beach")
    subprocess.run(["curl", "-s", "-X", "DELETE", items], check=True)


if __name__ == "__main__":
    main()
