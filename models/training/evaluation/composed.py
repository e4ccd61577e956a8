"""A photo and words that change it: pairs from the captions of Flickr8k's dev photos (sensorium/modifications.py).

The 1,000 photos become a collection; each query is a photo of it and words. The photo itself is not counted among the hits.
"""

import argparse
import uuid

import numpy as np
import torch
from torch import Tensor

from ..compose import DEV
from ..sensorium.client import Server, ask_all
from ..sensorium.composition import mean_of
from ..sensorium.data import read_files, read_photos
from ..sensorium.modifications import KINDS, Pair, pairs_of, places_of


def report(name: str, places: np.ndarray, pairs: list[Pair]) -> float:
    kinds = np.array([pair.kind for pair in pairs])
    share = lambda chosen: float((places[chosen] < 10).mean())  # noqa: E731
    each = ", ".join(f"{kind} {share(kinds == kind):.4f}" for kind in KINDS if (kinds == kind).any())
    print(f"{name}: R@1 {float((places < 1).mean()):.4f}, R@10 {(places < 10).mean():.4f} ({each})", flush=True)
    return float((places < 10).mean())


def run(server: Server, arguments: argparse.Namespace) -> None:
    photos = read_photos(arguments.data, "dev", ("flickr8k",))[: arguments.photos]
    files = dict(read_files(arguments.data, "dev", photos))
    pairs = pairs_of(photos, **DEV)[: arguments.items]
    texts = torch.tensor(ask_all(server.embed, [pair.text for pair in pairs], arguments.connections))
    collection = f"composed-{uuid.uuid4().hex[:12]}"
    path = f"/v1/collections/{collection}"
    try:
        ask_all(lambda row: server.send("PUT", f"{path}/items/{row}", files[row], "image/jpeg"), range(len(photos)), arguments.connections)
        item = lambda row: server.send("GET", f"{path}/items/{row}")["embedding"]  # noqa: E731
        vectors = torch.tensor(ask_all(item, range(len(photos)), arguments.connections))

        def place(pair: Pair) -> int:
            """Of the target among the hits, 10 if it is none of the first ten."""
            options = {"collection": collection, "top": "11"}
            hits = server.ask("/v1/retrieve", {"image": files[pair.reference], "text": pair.text.encode()}, options)["hits"]
            ids = [hit["id"] for hit in hits if hit["id"] != str(pair.reference)]
            return ids.index(str(pair.target)) if str(pair.target) in ids[:10] else 10

        places = np.array(ask_all(place, pairs, arguments.connections))
    finally:
        server.send("DELETE", path)
    images = vectors[[pair.reference for pair in pairs]]
    others: dict[str, Tensor] = {"image alone": images, "words alone": texts, "mean of the two vectors": mean_of(images, texts)}
    figures = {name: report(name, places_of(queries, vectors, pairs).numpy(), pairs) for name, queries in others.items()}
    learned = report("as served", places, pairs)
    print(f"{learned / figures['mean of the two vectors']:.2f} times the mean; chance R@10 {10 / (len(photos) - 1):.4f}; {len(pairs)} pairs of {len(photos)} photos")
