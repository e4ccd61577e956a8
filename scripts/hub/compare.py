"""Whether huggingface_hub and `sensorium pull` read each other's cache: a hub on loopback, both clients, both directions.

    python scripts/hub/compare.py .build/release/sensorium FOLDER        # huggingface_hub 2.4; FOLDER is a model's

The hub serves FOLDER as `org/tiny`: small files by their git id, large ones by a redirect to another port, as the Hub's store.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

PROGRAM, FOLDER = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
FILES = {str(path.relative_to(FOLDER)): path for path in sorted(FOLDER.rglob("*")) if path.is_file()}
COMMIT = hashlib.sha1(json.dumps(sorted(FILES)).encode()).hexdigest()


def is_large(name: str) -> bool:
    return name.endswith((".safetensors", ".bin"))


def etag(name: str) -> str:
    content = FILES[name].read_bytes()
    return hashlib.sha256(content).hexdigest() if is_large(name) else hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class Hub(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    store = ""

    def log_message(self, *_):
        pass

    def answer(self, status: int, body: bytes = b"", **fields: str):
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self):
        path = unquote(urlsplit(self.path).path)
        if path.startswith("/api/models/org/tiny/revision/") or path == "/api/models/org/tiny":
            info = {"id": "org/tiny", "sha": COMMIT, "siblings": [{"rfilename": name} for name in FILES]}
            return self.answer(200, json.dumps(info).encode(), Content_Type="application/json")
        if path.startswith("/api/models/org/tiny/tree/"):
            entries = [{"type": "file", "path": name, "size": file.stat().st_size, "oid": "0" * 40} for name, file in FILES.items()]
            return self.answer(200, json.dumps(entries).encode(), Content_Type="application/json")
        name = path.removeprefix(f"/org/tiny/resolve/{COMMIT}/").removeprefix("/org/tiny/resolve/main/")
        if name not in FILES:
            return self.answer(404, X_Error_Code="EntryNotFound", X_Repo_Commit=COMMIT)
        if is_large(name):
            return self.answer(
                302, Location=f"{self.store}/{name}", X_Linked_Etag=f'"{etag(name)}"', X_Linked_Size=str(FILES[name].stat().st_size), X_Repo_Commit=COMMIT)
        self.answer(200, FILES[name].read_bytes(), ETag=f'"{etag(name)}"', X_Repo_Commit=COMMIT)

    do_HEAD = do_GET


class Store(Hub):
    def do_GET(self):
        assert "Authorization" not in self.headers, "the token left the hub"
        content = FILES[unquote(self.path[1:])].read_bytes()
        start = int(self.headers["Range"].split("=")[1].split("-")[0]) if "Range" in self.headers else 0
        if start:
            return self.answer(206, content[start:], Content_Range=f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.answer(200, content)

    do_HEAD = do_GET


def serve(handler) -> str:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


Hub.store = serve(Store)
endpoint = serve(Hub)
with tempfile.TemporaryDirectory() as home:
    environment = os.environ | {"HF_ENDPOINT": endpoint, "HF_TOKEN": "hf_secret", "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}

    def python(code: str, cache: str) -> str:
        run = subprocess.run([sys.executable, "-c", f"from huggingface_hub import *; {code}"], env=environment | {"HF_HOME": cache}, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        return run.stdout.strip()

    def ours(*arguments: str, cache: str) -> str:
        run = subprocess.run([PROGRAM, *arguments], env=environment | {"HF_HOME": cache}, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        return run.stdout.strip()

    mine, theirs = f"{home}/mine", f"{home}/theirs"
    folder = ours("pull", "org/tiny", cache=mine)
    assert python("print(snapshot_download('org/tiny', local_files_only=True))", mine) == folder
    for name in sorted(path for path in FILES if (Path(folder) / path).exists()):
        path = python(f"print(hf_hub_download('org/tiny', {name!r}, local_files_only=True))", mine)
        assert path == f"{folder}/{name}" and Path(path).read_bytes() == FILES[name].read_bytes(), name
        print("huggingface_hub reads what sensorium fetched:", name, os.readlink(path))
    assert python("print(snapshot_download('org/tiny'))", mine) == folder, "and completes it"

    snapshot = python("print(snapshot_download('org/tiny'))", theirs)
    before = sorted(str(path) for path in Path(theirs).rglob("blobs/*"))
    assert ours("pull", "org/tiny", cache=theirs) == snapshot
    assert sorted(str(path) for path in Path(theirs).rglob("blobs/*")) == before, "nothing was fetched again"
    print("sensorium finds what huggingface_hub fetched:", snapshot.removeprefix(home))
