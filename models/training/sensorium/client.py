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

    def post(self, path: str, body: bytes, content_type: str) -> dict:
        connection = self.connection()
        connection.request("POST", path, body, {"Content-Type": content_type})
        response = connection.getresponse()
        answer = response.read()
        if response.status != 200:
            raise RuntimeError(f"{path} answered {response.status}: {answer.decode(errors='replace')}")
        return json.loads(answer)

    def caption(self, image: bytes, options: dict[str, str]) -> dict:
        boundary = uuid.uuid4().hex
        parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'.encode() for k, v in options.items()]
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="photo"\r\nContent-Type: application/octet-stream\r\n\r\n'
        body = b"".join([*parts, head.encode(), image, f"\r\n--{boundary}--\r\n".encode()])
        return self.post("/v1/caption", body, f"multipart/form-data; boundary={boundary}")

    def embed(self, text: str) -> list[float]:
        return self.post("/v1/embed", json.dumps({"text": text}).encode(), "application/json")["embedding"]


def ask_all(ask: Callable[[Question], Answer], questions: Sequence[Question], connections: int) -> list[Answer]:
    """Answers in the order of the questions, asked over `connections` connections."""
    with ThreadPoolExecutor(connections) as pool:
        return list(pool.map(ask, questions))
