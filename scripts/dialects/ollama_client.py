#!/usr/bin/env python3
"""Asks a server as clients of Ollama do: the package `ollama`. Prints what was checked.

    python scripts/dialects/ollama_client.py .build/release/sensorium [PORT]
"""

import base64
from importlib.metadata import version

import ollama
from checks import PHOTO, Server, check, end, near, refused

IMAGE = PHOTO.read_bytes()
DATA = base64.b64encode(IMAGE).decode()
ASK = "what animal is this?"


def main():
    print("ollama", version("ollama"))
    with Server() as server:
        client = ollama.Client(host=server.address)
        names = [model.model for model in client.list().models]
        check("list", "sensorium-base" in names and "smolvlm" in names, names)
        check("show", client.show("sensorium-base").capabilities == ["completion", "vision", "embedding"])

        caption = server.native("/v1/caption", {"image": DATA})["caption"]
        check("generate: a caption", client.generate("sensorium-base", images=[IMAGE]).response == caption, caption)
        answer = server.native("/v1/vqa", {"image": DATA, "question": ASK})["answer"]
        check("generate: an answer", client.generate("sensorium-base:latest", ASK, images=[IMAGE]).response == answer, answer)
        greedy = server.native("/v1/caption", {"image": DATA, "beams": 1})["caption"]
        pieces = list(client.generate("sensorium-base", images=[IMAGE], stream=True))
        check("generate: a stream", "".join(p.response for p in pieces) == greedy and pieces[-1].done, len(pieces))

        messages = [{"role": "user", "content": "describe it", "images": [IMAGE]}]
        options = {"num_predict": 8, "temperature": 0, "num_ctx": 2048}
        said = client.chat("smolvlm", messages, options=options, keep_alive="5m")
        check("chat", said.eval_count <= 8 and said.prompt_eval_count > 8 and said.done, repr(said.message.content[:40]))
        told = "".join(p.message.content for p in client.chat("smolvlm", messages, options=options, stream=True))
        check("chat: a stream", told == said.message.content)

        def own(text, **more):
            return server.native("/v1/embed", {"text": text, "model": "mpnet-embed", **more})["embedding"]

        texts = [f"a dog runs, {n}" for n in range(40)]
        found = client.embed("mpnet-embed", texts)
        check("embed: 40 texts", all(near(a, own(b)) for a, b in zip(found.embeddings, texts)), found.prompt_eval_count)
        old = client.embeddings("mpnet-embed", "a dog").embedding
        check("embeddings", near(old, own("a dog", normalize=False), 1e-5))

        error = ollama.ResponseError
        refused("an unknown model", error, lambda: client.generate("llama3", "a"), "sensorium-base")
        refused("format", error, lambda: client.chat("smolvlm", messages, format="json"), "format")
        refused("tools", error, lambda: client.chat("smolvlm", messages, tools=[{"type": "function"}]), "tools")
        refused("stop", error, lambda: client.chat("smolvlm", messages, options={"stop": ["a"]}), "stop")
        server.price("/api/embed", {"model": "mpnet-embed", "input": "a dog runs"}, {"model": "mpnet-embed", "text": "a dog runs"})
    end()


main()
