#!/usr/bin/env python3
"""Asks a server as clients of OpenAI's API do: the SDK `openai`, and `langchain-openai`. Prints what was checked.

    python scripts/dialects/openai_client.py .build/release/sensorium [PORT]
"""

import base64
import warnings

import langchain_openai
import openai
from checks import PHOTO, VOICE, Server, check, end, near, refused
from importlib.metadata import version

warnings.filterwarnings("ignore")
DATA = "data:image/jpeg;base64," + base64.b64encode(PHOTO.read_bytes()).decode()
IMAGE = {"type": "image_url", "image_url": {"url": DATA}}
ASK = "what animal is this?"


def user(*parts):
    return [{"role": "user", "content": [{"type": "text", "text": p} if isinstance(p, str) else p for p in parts]}]


def chat(client, server):
    create = client.chat.completions.create
    caption = create(model="sensorium-base", messages=user(IMAGE))
    native = server.native("/v1/caption", {"image": DATA})
    check("a picture alone is captioned", caption.choices[0].message.content == native["caption"], native["caption"])
    answer = create(model="sensorium-base", messages=user(IMAGE, ASK), max_tokens=50, temperature=0)
    native = server.native("/v1/vqa", {"image": DATA, "question": ASK})
    check("a question about it is answered", answer.choices[0].message.content == native["answer"], native["answer"])
    words = create(model="sensorium-base", messages=user(IMAGE), stream=True)
    told = "".join(c.choices[0].delta.content or "" for c in words)
    greedy = server.native("/v1/caption", {"image": DATA, "beams": 1})["caption"]
    check("captions are streamed", told == greedy, told)
    said = create(model="smolvlm", messages=user(IMAGE, "describe it"), max_completion_tokens=8)
    check(
        "a conversation goes on, with tokens counted", said.usage.completion_tokens <= 8 and said.usage.prompt_tokens > 8,
        f"{said.usage.prompt_tokens} + {said.usage.completion_tokens}, {said.choices[0].finish_reason}")
    chunks = list(
        create(
            model="smolvlm", messages=user(IMAGE, "describe it"), max_tokens=8, stream=True, temperature=0,
            stream_options={"include_usage": True}))
    greedy = create(model="smolvlm", messages=user(IMAGE, "describe it"), max_tokens=8, temperature=0)
    told = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    check("its stream has the same words, and usage at its end",
          told == greedy.choices[0].message.content and chunks[-1].usage.total_tokens > 8)
    refused("an unknown model", openai.NotFoundError, lambda: create(model="gpt-4o-mini", messages=user("a")), "sensorium-base")
    unprocessable = openai.UnprocessableEntityError
    for name, value in (("n", 2), ("tools", [{"type": "function", "function": {"name": "a"}}]), ("stop", ["a"]),
                        ("response_format", {"type": "json_object"}), ("logprobs", True)):
        refused(name, unprocessable, lambda: create(model="smolvlm", messages=user("a"), **{name: value}), f'"{name}"')
    remote = {"type": "image_url", "image_url": {"url": "https://example.org/a.jpg"}}
    refused("a remote URL", unprocessable, lambda: create(model="smolvlm", messages=user(remote)), "fetches nothing")
    broken = {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,AAAA"}}
    refused("a picture that is none", unprocessable, lambda: create(model="smolvlm", messages=user(broken)))


def embeddings(client, server):
    create = client.embeddings.create
    texts = [f"a dog runs, {n}" for n in range(60)]
    # The SDK asks for base64 where nothing is said.
    many = create(model="mpnet-embed", input=texts)
    wanted = [server.native("/v1/embed", {"text": text, "model": "mpnet-embed"})["embedding"] for text in texts]
    check("60 texts have our own vectors, in their order", all(near(d.embedding, w) for d, w in zip(many.data, wanted)))
    one = create(model="mpnet-embed", input=texts[0], encoding_format="float")
    check("a text in numbers", near(one.data[0].embedding, wanted[0]) and one.usage.prompt_tokens > 3)
    cut = create(model="mpnet-embed", input="a", dimensions=8).data[0].embedding
    check("cut to 8 dimensions, of length 1", len(cut) == 8 and abs(sum(x * x for x in cut) - 1) < 1e-5)
    image = create(model="clip", input=[DATA], extra_body={"modality": "image"}).data[0].embedding
    check("a picture by modality", near(image, server.native("/v1/embed", {"image": DATA, "model": "clip"})["embedding"]))
    both = client.post("/embeddings", body={"model": "sensorium-base", "messages": user(IMAGE, "in the snow")}, cast_to=object)
    native = server.native("/v1/embed", {"image": DATA, "text": "in the snow", "model": "sensorium-base"})["embedding"]
    check("a picture and a text as one vector by messages", near(both["data"][0]["embedding"], native))
    refused("ids of tokens", openai.UnprocessableEntityError, lambda: create(model="mpnet-embed", input=[[1, 2]]),
            "check_embedding_ctx_length=False")
    refused("3,000 texts", openai.UnprocessableEntityError, lambda: create(model="mpnet-embed", input=["a"] * 3000), "2048")


def speech(client, server):
    sound = base64.b64encode(VOICE.read_bytes()).decode()
    text = server.native("/v1/transcribe", {"audio": sound, "model": "english"})["text"]
    create = client.audio.transcriptions.create
    with VOICE.open("rb") as file:
        check("a transcript", create(model="english", file=file).text == text, repr(text[:40]))
    for form, begin in (("text", text[:5]), ("srt", "1\n00:00:"), ("vtt", "WEBVTT\n\n")):
        answer = create(model="english", file=("a.flac", VOICE.read_bytes()), response_format=form)
        check(f"as {form}", answer.startswith(begin))
    verbose = create(
        model="english", file=("a.flac", VOICE.read_bytes()), response_format="verbose_json",
        timestamp_granularities=["segment"])
    check("as verbose_json", verbose.text == text and verbose.duration > 0 and verbose.segments is not None)
    events = list(create(model="english", file=("a.flac", VOICE.read_bytes()), stream=True))
    check("as a stream", events[-1].type == "transcript.text.done" and events[-1].text == text)
    refused("a translation by a model of one language", openai.UnprocessableEntityError,
            lambda: client.audio.translations.create(model="english", file=("a.flac", VOICE.read_bytes())))
    refused("a sound that is none", openai.UnprocessableEntityError, lambda: create(model="english", file=("a.wav", b"abc")))


def langchain(server):
    base = {"base_url": server.address + "/v1", "api_key": "none"}
    model = langchain_openai.ChatOpenAI(model="sensorium-base", **base)
    said = model.invoke(user(IMAGE, ASK)).content
    check("LangChain: ChatOpenAI", said == server.native("/v1/vqa", {"image": DATA, "question": ASK})["answer"], said)
    talker = langchain_openai.ChatOpenAI(model="smolvlm", max_tokens=8, temperature=0, **base)
    told = "".join(piece.content for piece in talker.stream(user(IMAGE, "describe it")))
    check("LangChain: a stream", told == talker.invoke(user(IMAGE, "describe it")).content)
    vectors = langchain_openai.OpenAIEmbeddings(model="mpnet-embed", check_embedding_ctx_length=False, **base)
    wanted = server.native("/v1/embed", {"text": "a dog", "model": "mpnet-embed"})["embedding"]
    check("LangChain: OpenAIEmbeddings of a query", near(vectors.embed_query("a dog"), wanted))
    check("LangChain: of documents", all(near(v, wanted) for v in vectors.embed_documents(["a dog"] * 40)))


def keys(path):
    with Server("--api-keys", path, "--rate-limit", "1/m:4") as server:
        key = open(path).read().strip()
        wrong = openai.OpenAI(base_url=server.address + "/v1", api_key="wrong", max_retries=0)
        refused("a wrong key", openai.AuthenticationError,
                lambda: wrong.embeddings.create(model="mpnet-embed", input="a"), "API keys")
        right = openai.OpenAI(base_url=server.address + "/v1", api_key=key, max_retries=0)
        check("a right key", len(right.embeddings.create(model="mpnet-embed", input="a").data) == 1)

        def ask_often():
            for _ in range(9):
                right.embeddings.create(model="mpnet-embed", input="a")

        refused("too often", openai.RateLimitError, ask_often, "rate-limit")


def main():
    for name in ("openai", "langchain-openai"):
        print(name, version(name))
    with Server() as server:
        client = openai.OpenAI(base_url=server.address + "/v1", api_key="none", max_retries=0)
        names = [model.id for model in client.models.list()]
        check("the models are listed", "sensorium-base" in names and client.models.retrieve("clip").id == "clip", names)
        chat(client, server)
        embeddings(client, server)
        speech(client, server)
        langchain(server)
        server.price(
            "/v1/embeddings", {"model": "mpnet-embed", "input": "a dog runs", "encoding_format": "float"},
            {"model": "mpnet-embed", "text": "a dog runs"})
    import os
    import tempfile
    with tempfile.NamedTemporaryFile("w", suffix=".keys") as file:
        file.write("dialects-0123456789abcdef0123456789abcdef\n")
        file.flush()
        os.chmod(file.name, 0o600)
        keys(file.name)
    end()


main()
