"""What schemathesis must know of Sensorium to send requests that are answered with more than a refusal.

Two things are added to what `openapi.yaml` says. Strategies give real photos, sounds, arrays and vectors where the contract
has files. `fit` makes a request that is valid by the contract one that this server can answer: OpenAPI has no words for what
one place of a request demands of another, nor for what depends on the served model or on what is stored. It touches only
places that are valid; every check is applied to what is sent.
"""

import base64
import itertools
import json
import os
import struct
import urllib.request
import zlib
from pathlib import Path

import schemathesis
from hypothesis import strategies as st
from schemathesis.core.parameters import ParameterLocation as Place
from schemathesis.generation.modes import GenerationMode
from schemathesis.transport.serialization import Binary

SERVER = os.environ["CONTRACT_URL"]
KEY = os.environ.get("CONTRACT_KEY", "")
MEDIA = Path(__file__).resolve().parents[2] / "Tests" / "Fixtures" / "media"

PHOTOS = {
    "image/jpeg": ["jpeg/grey.jpg"],
    "image/png": ["png/grey-1.png"],
    "image/webp": ["webp/lossy.webp"],
    "image/gif": ["gif/plain.gif"],
    "image/bmp": ["bmp/8.bmp"],
    "image/heic": ["heic/grid.heic"],
    "image/avif": ["avif/photo.avif"],
    "image/tiff": ["tiff/lzw.tif"],
}
SOUNDS = {
    "audio/wav": ["audio/speech-8k-mulaw.wav"],
    "audio/flac": ["audio/voice.flac"],
    "audio/ogg": ["audio/voice.ogg", "audio/voice.opus"],
    "audio/mpeg": ["audio/voice.mp3"],
}


def read(name):
    return (MEDIA / name).read_bytes()


def npy(width, rows):
    """An array of zeros as `numpy.save` writes it."""
    head = "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }" % (rows, width)
    head = head.ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + bytes(4 * width * rows)


photos = [read(name) for names in PHOTOS.values() for name in names]
sounds = [read(name) for names in SOUNDS.values() for name in names]
arrays = [npy(4, 1), npy(4, 3)]

for kinds in (PHOTOS, SOUNDS):
    for kind, names in kinds.items():
        schemathesis.openapi.media_type(kind, st.sampled_from([read(name) for name in names]))
# A raw body of no certain kind is a photo.
schemathesis.openapi.media_type("application/octet-stream", st.sampled_from(photos))
schemathesis.openapi.media_type("application/x-npy", st.sampled_from(arrays))


def in_base64(files, kind):
    texts = [base64.b64encode(file).decode() for file in files]
    return st.sampled_from(texts + [f"data:{kind};base64,{texts[0]}"])


schemathesis.openapi.format("base64-image", in_base64(photos, "image/png"))
schemathesis.openapi.format("base64-sound", in_base64(sounds, "audio/wav"))
schemathesis.openapi.format("base64-array", in_base64(arrays, "application/octet-stream"))

numbers = st.lists(st.sampled_from([0.5, -1.0, 2.0, 1e-3]), min_size=1, max_size=4)
floats = numbers.map(lambda vector: base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode())
schemathesis.openapi.format("base64-floats", floats)
schemathesis.openapi.format("embedding", numbers.map(json.dumps) | floats)


def ask(method, path, body=None):
    """Asks the server beside the tests."""
    request = urllib.request.Request(SERVER + path, method=method, data=body and json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    if KEY:
        request.add_header("Authorization", "Bearer " + KEY)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


MODEL = ask("GET", "/v1/models")["models"][0]
SERVED = [model["name"] for model in ask("GET", "/v1/models")["models"]]
# The paths that another of the served models answers.
OF_PATH = {
    "/v1/classify/zero-shot": "clip",
    "/v1/rerank": "bert-rank",
    "/v1/transcribe": "english",
    "/v1/chat": "smolvlm",
}
# The same for the paths of other programs' clients.
OF_DIALECT = {
    "/v1/chat/completions": "smolvlm",
    "/v1/embeddings": "sensorium-base",
    "/v1/audio/transcriptions": "english",
    "/v1/audio/translations": "multilingual",
    "/": "sensorium-base",
    "/embed": "sensorium-base",
    "/similarity": "sensorium-base",
    "/rerank": "bert-rank",
    "/predict": "sensorium-base",
    "/api/chat": "smolvlm",
    "/api/generate": "smolvlm",
    "/api/embed": "sensorium-base",
    "/api/embeddings": "sensorium-base",
    "/api/show": "smolvlm",
}
OF_PATH |= OF_DIALECT
# How a text is written: not for a model that chooses among answers.
WRITING = (
    "beams max_tokens temperature top_p seed repetition_penalty no_repeat_ngram_size length_penalty".split()
)
# A form has at most 64 parts.
MOST_LABELS = 50
HEADS = {head["name"]: head for head in MODEL["heads"]}

# Collections to read and search: one of the model, and one for each length of the clients' own vectors.
ask("PUT", "/v1/collections/model/items/a", {"text": "a dog"})
for length in range(1, 5):
    ask("PUT", f"/v1/collections/own{length}/items/a", {"embedding": [1.0] * length})


clients = itertools.count()


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.meta is None:
        return name_client(case)
    mode, components = case.meta.generation.mode, dict(case.meta.components)
    name_client(case)
    fit(case, {place for place, component in components.items() if component.mode.is_negative})
    # What was valid stays valid. Reading `meta` judges what was changed, and takes every body with a file for invalid.
    case.meta.components.update(components)
    case.meta.generation.mode = mode
    forget_unknown_fields(case)


def forget_unknown_fields(case):
    """A header field that nobody knows is no mistake (RFC 9110, 5.1), whatever the schema of the others says: it is not sent, and where
    nothing else is wrong, the case is valid."""
    if case.headers.pop("x-schemathesis-unknown-property", None) is None:
        return
    header = case.meta.components.get(Place.HEADER)
    if header is not None:
        header.mode = GenerationMode.POSITIVE
    if not any(component.mode.is_negative for component in case.meta.components.values()):
        case.meta.generation.mode = GenerationMode.POSITIVE


def name_client(case):
    """Has the case come from a client of its own, as the server with keys, which trusts this machine as a proxy, is told: wrong
    keys of one client are limited, and the checks send more than any client would."""
    number = next(clients)
    case.headers["X-Forwarded-For"] = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def fit(case, invalid):
    """Changes the places of a request that are valid by the contract, so that it can be answered."""
    path = {} if Place.PATH in invalid else dict(case.path_parameters or {})
    query = {} if Place.QUERY in invalid else dict(case.query or {})
    body = dict(case.body) if isinstance(case.body, dict) and Place.BODY not in invalid else None
    takes_parts = any(case.operation.body)
    template = case.operation.path
    if takes_parts and isinstance(case.body, dict):
        # An option stands in one place: with a form or JSON, in the body.
        query.clear()
    if "head" in path and choice(case, 8):
        path["head"] = sorted(HEADS)[choice(case, len(HEADS))]
    if template == "/v1/models/{model}" and choice(case, 2):
        path["model"] = MODEL["name"]
    for options in (query, body or {}):
        if options.get("model") is not None and (choice(case, 8) or options["model"] in SERVED):
            options["model"] = OF_PATH.get(template, MODEL["name"])
        if options.get("prompt") is not None:
            options["prompt"] = "a dog"
        if options.get("language") is not None and template == "/v1/transcribe":
            # Which languages there are is for the model to say.
            options["language"] = "en"
        if options.get("task") == "translate" and template == "/v1/transcribe":
            # The one that is served knows English alone.
            options["task"] = "transcribe"
        if template == "/v1/caption" and str(options.get("max_tokens", "")).isdigit():
            # So is how long a caption may be.
            options["max_tokens"] = min(int(options["max_tokens"]), 64)
    if body is not None:
        fit_body(case, template, path, body)
    elif takes_parts and not isinstance(case.body, dict):
        fit_query(case, template, path, query)
    if template == "/v1/transcribe" and isinstance(case.body, bytes) and case.body in photos:
        case.body = sounds[0]
    if template == "/v1/vqa":
        for options in (query, body or {}):
            for name in WRITING:
                options.pop(name, None)
    if "collection" in path:
        path["collection"] = collection_of(case, body) if case.method == "PUT" else existing(case, path["collection"])
    if "item" in path:
        path["item"] = str(path["item"]).encode()[:256].decode(errors="ignore") or "a"
        if case.method == "GET" and choice(case, 2):
            path["item"] = "a"
    if path:
        case.path_parameters = path
    if Place.QUERY not in invalid and query != dict(case.query or {}):
        case.query = query
    if body is not None:
        case.body = body


def choice(case, count):
    """A number below `count` that depends on the case alone, so that runs repeat."""
    return zlib.crc32(repr((case.path, case.path_parameters, case.query, case.body)).encode()) % count


def existing(case, name):
    """Mostly a collection that is there; nothing that other cases need is deleted."""
    if case.method == "DELETE" and case.operation.path.endswith("{collection}"):
        return name if name not in ("model", "own1", "own2", "own3", "own4") else "other"
    return ("model", "own1", "own3", name)[choice(case, 4)]


def length_of(embedding):
    """How many numbers a vector has, which comes as an array, as the text of one, or in base64."""
    if isinstance(embedding, str) and not embedding.startswith("["):
        return len(embedding.rstrip("=")) * 3 // 16
    return len(json.loads(embedding) if isinstance(embedding, str) else embedding)


def collection_of(case, parts):
    """A collection whose vectors can be compared with the one of the request."""
    if not parts or parts.get("embedding") is None:
        return "model"
    return f"{'named' if parts.get('model') is not None else 'own'}{length_of(parts['embedding'])}"


def fit_query(case, template, path, query):
    """What the options demand of a raw body, which is one part."""
    kind = (case.media_type or "").split("/")[0].replace("application", "image")
    if "head" in path:
        path["head"] = {"image": "view", "audio": "sound", "text": "emotion"}.get(kind, path["head"])
    query.pop("weight", None)
    if kind in ("audio", "text"):
        query.pop("view", None)
    if query.get("stream") in (True, "true"):
        for name in ("beams", "candidates", "explain"):
            query.pop(name, None)
    elif "candidates" in query:
        query.update({"temperature": 1.5})
    if template == "/v1/retrieve":
        query["collection"] = "model"
    if template == "/v1/emotion":
        query["face"] = "whole"
    fit_looks(path, query, kind == "image", template == "/v1/emotion")


def fit_looks(path, options, has_picture, takes_text):
    """What words and parts are looked for in, a picture and by a head of things, and who says how sure it is."""
    if not has_picture:
        options.pop("read", None)
    if not has_picture or not takes_text:
        options.pop("text_from", None)
    if path.get("head") != "things":
        options.pop("parts", None)
    if path.get("head") == "view":
        options.pop("min_confidence", None)


def fit_body(case, template, path, body):
    """What a head, the model and the vectors of a collection demand of the parts."""
    nulls = {name: None for name, value in body.items() if value is None}
    for name in nulls:
        # A member that is null counts as left out.
        del body[name]
    fit_given(case, template, path, body)
    if case.media_type != "multipart/form-data":
        for name in nulls:
            body.setdefault(name, None)


def fit_given(case, template, path, body):
    if body.get("question") == "":
        # Where a form has files, schemathesis leaves the texts that it needs empty.
        body["question"] = "what is this?"
    if template == "/v1/classify/zero-shot":
        # Its model tells pictures.
        body.pop("audio", None)
        body.setdefault("image", a_part("image", case.media_type == "multipart/form-data"))
    if body.get("documents") and "document" in body:
        # Either name will do; together they may be more than one list may have.
        del body["document"]
    for name in ("label", "document", "documents"):
        if body.get(name) == "":
            # Two, for one label has nothing to be told from.
            body[name] = ["thing", "other"]
        if isinstance(body.get(name), list) and case.media_type == "multipart/form-data":
            # As the texts, those of lists are left empty, too.
            labels = [label or f"thing {place}" for place, label in enumerate(body[name])]
            body[name] = labels[:MOST_LABELS]
    if template == "/v1/chat":
        fit_messages(case, body)
    if template in OF_DIALECT:
        fit_dialect(template, body)
    if template == "/v1/classify/{head}":
        # No head of this model reads pairs.
        body.pop("text_pair", None)
    head = HEADS.get(path.get("head")) if "head" in path else HEADS.get(template.removeprefix("/v1/"))
    if head:
        form = case.media_type == "multipart/form-data"
        taken = {part["name"]: part for part in head["parts"]}
        if template == "/v1/classify/{head}":
            # There is no face in the photos; /v1/emotion can be told so.
            taken = {name: part for name, part in taken.items() if part["kind"] != "face"}
        for name in ("image", "audio", "text", "question", *[n for n in body if n.startswith("features")]):
            if name not in taken:
                body.pop(name, None)
        needed = [name for name, part in taken.items() if part["required"]]
        if not needed and not any(name in body for name in taken):
            needed = list(taken)[:1]
        for name in needed:
            body.setdefault(name, a_part(taken[name]["kind"], form))
        if template == "/v1/emotion" and "image" in body:
            body["face"] = "whole"
        fit_looks(path, body, "image" in body, "text" in taken)
    if case.media_type == "multipart/form-data":
        for name, files in (("image", photos), ("audio", sounds), ("features", arrays)):
            # Some of the values are files of any kind.
            if name in body and getattr(body[name], "data", body[name]) not in files:
                body[name] = a_part(name, True)
    if template == "/v1/retrieve":
        if "collection" not in body and "candidate" not in body:
            body["collection"] = collection_of(case, body)
        if "collection" in body and choice(case, 8):
            body["collection"] = collection_of(case, body)
        if "candidate" in body and "embedding" in body and case.media_type == "multipart/form-data":
            # A form has texts and files for candidates.
            del body["candidate"]
            body["collection"] = collection_of(case, body)
        if "candidate" in body:
            body["candidate"] = [comparable(candidate, body) for candidate in body["candidate"]]
        if body.get("explain") in (True, "true") and "embedding" in body:
            body.pop("explain")


def fit_messages(case, body):
    """A conversation of which the pictures are there, short enough for a small model."""
    text = {"type": "text", "text": "what is this?"}
    if case.media_type == "multipart/form-data":
        body["messages"] = json.dumps([{"role": "user", "content": [text]}])
        body["image"] = [Binary(photos[0])] if body.get("image") else []
        if not body["image"]:
            del body["image"]
    else:
        image = {"type": "image", "image": base64.b64encode(photos[0]).decode()}
        body["messages"] = [{"role": "user", "content": [image, text] if choice(case, 2) else [text]}]
        body.pop("image", None)
    body["max_tokens"] = 4
    for name in ("beams", "stream"):
        body.pop(name, None)


def fit_dialect(template, body):
    """What these paths demand of a model: conversations that are short, lists of texts, sounds."""
    photo = base64.b64encode(photos[0]).decode()
    image = {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64," + photo}}
    if template == "/v1/chat/completions":
        body["messages"] = [{"role": "user", "content": [image, {"type": "text", "text": "what is this?"}]}]
        body.pop("max_completion_tokens", None)
        body["max_tokens"] = 4
        for name in ("beams", "stream"):
            body.pop(name, None)
        body["model"] = body.get("model") or OF_DIALECT[template]
    if template == "/v1/embeddings":
        body.pop("modality", None)
        if body.get("messages") is not None:
            body["messages"] = [{"role": "user", "content": [image]}]
    if template in ("/api/chat", "/api/generate"):
        body["options"] = {"num_predict": 4}
        body["stream"] = False
        if "messages" in body:
            body["messages"] = [{"role": "user", "content": "what is this?", "images": [photo]}]
        if body.get("images"):
            body["images"] = [photo]
        if template == "/api/generate":
            # Without anything to say the model is loaded, which it is.
            body["prompt"] = "what is this?"
    if template.startswith("/v1/audio/"):
        for name in ("language", "timestamp_granularities[]", "stream"):
            body.pop(name, None)
        body["model"] = body.get("model") or OF_DIALECT[template]
        if getattr(body.get("file"), "data", body.get("file")) not in sounds:
            body["file"] = Binary(sounds[-1])
    if "texts" in body:
        # One alone is ranked before the shortest time that a request may be given is over.
        body["texts"] = (body["texts"] + ["what is this?"] * 100)[:1000]
    if template == "/predict" or template == "/" and "parameters" in body:
        body.pop("parameters", None)
    if template == "/predict" and isinstance(body["inputs"], list):
        body["inputs"] = [["what is this?"]] if isinstance(body["inputs"][0], list) else "what is this?"
    # Short texts, and vectors that are long enough.
    for name in ("truncate", "dimensions"):
        body.pop(name, None)


def a_part(kind, form):
    file = {"image": photos, "face": photos, "audio": sounds, "features": arrays}.get(kind)
    if file is None:
        return "what is this?"
    return Binary(file[-1]) if form else base64.b64encode(file[-1]).decode()


def comparable(candidate, query):
    """A candidate whose vector is as long as the query's."""
    if "embedding" in query:
        return {"embedding": [1.0] * length_of(query["embedding"])}
    return "a dog" if isinstance(candidate, dict) and candidate.get("embedding") is not None else candidate
