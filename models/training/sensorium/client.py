"""A running server, asked over a few connections at once."""

import http.client
import json
import threading
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from urllib.parse import urlsplit

Question, Answer = TypeVar("Question"), TypeVar("Answer")


class Server:
    """One connection per thread, kept open between requests."""

    def __init__(self, url: str):
        self.address = urlsplit(url)
        self.threads = threading.local()

    def connection(self) -> http.client.HTTPConnection:
        if not hasattr(self.threads, "connection"):
            secure = self.address.scheme == "https"
            kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
            self.threads.connection = kind(self.address.hostname, self.address.port, timeout=120)
        return self.threads.connection

    def send(self, method: str, path: str, body: bytes | None = None, content_type: str = "application/octet-stream") -> dict:
        """The answer; empty for a 204."""
        connection = self.connection()
        # Whoever measures waits: a server refuses what it would answer later than its usual second.
        headers = {"X-Request-Timeout": "60"} | ({"Content-Type": content_type} if body is not None else {})
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        answer = response.read()
        if response.status not in (200, 201, 204):
            raise RuntimeError(f"{path} answered {response.status}: {answer.decode(errors='replace')}")
        return json.loads(answer) if answer else {}

    def post(self, path: str, body: bytes, content_type: str) -> dict:
        return self.send("POST", path, body, content_type)

    def ask(self, path: str, parts: dict[str, bytes], options: dict[str, str]) -> dict:
        """A form of media (with file names) and options; `text` and `question` are fields."""
        boundary = uuid.uuid4().hex
        body = []
        for name, value in [*parts.items(), *((name, value.encode()) for name, value in options.items())]:
            file = "" if name in options or name in ("text", "question") else f'; filename="{name}"\r\nContent-Type: application/octet-stream'
            body.append(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode() + value + b"\r\n")
        return self.post(path, b"".join([*body, f"--{boundary}--\r\n".encode()]), f"multipart/form-data; boundary={boundary}")

    def caption(self, image: bytes, options: dict[str, str]) -> dict:
        return self.ask("/v1/caption", {"image": image}, options)

    def embed(self, text: str) -> list[float]:
        return self.post("/v1/embed", json.dumps({"text": text}).encode(), "application/json")["embedding"]


def ask_all(ask: Callable[[Question], Answer], questions: Sequence[Question], connections: int) -> list[Answer]:
    """Answers in the order of the questions, asked over `connections` connections."""
    with ThreadPoolExecutor(connections) as pool:
        return list(pool.map(ask, questions))
