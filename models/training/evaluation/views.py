"""One place seen twice: left halves of Flickr8k's dev photos and their right halves, and neighbouring frames of DAQUAR's rooms."""

import argparse
import io
import re

import torch
from PIL import Image
from torch import Tensor

from ..sensorium.client import Server, ask_all
from ..sensorium.crossview import found
from ..sensorium.data import Photo, decode, photo_names, read_files, read_photos
from ..sensorium.views import halves


def png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "png", compress_level=1)
    return file.getvalue()


def neighbours(names: list[str]) -> list[list[int]]:
    """Of each file the places of those whose number is one more or one less: the next frames of the same video, mostly."""
    numbers = [int(re.search(r"\d+", name)[0]) for name in names]
    places = {number: place for place, number in enumerate(numbers)}
    return [[places[n] for n in (number - 1, number + 1) if n in places] for number in numbers]


def report(what: str, result: dict[str, float], count: int) -> None:
    print(f"{what}: " + ", ".join(f"{name} {value:.4f}" for name, value in result.items()) + f" (chance R@1 {1 / count:.4f}, R@10 {10 / count:.4f}; {count} photos)", flush=True)


def run(server: Server, arguments: argparse.Namespace) -> None:
    def embed(images: list[Image.Image]) -> Tensor:
        ask = lambda image: server.ask("/v1/embed", {"image": png(image)}, {})["embedding"]  # noqa: E731
        return torch.tensor(ask_all(ask, images, arguments.connections))

    photos = read_photos(arguments.data, "dev", ("flickr8k",))[: arguments.photos]
    files = dict(read_files(arguments.data, "dev", photos))
    images = [decode(files[row]) for row in range(len(photos))]
    left, right = (embed([halves(image)[side] for image in images]) for side in (0, 1))
    report("left half to its right half", found(left, right), len(photos))
    report("right half to its left half", found(right, left), len(photos))
    report("left half to its whole photo", found(left, embed(images)), len(photos))

    rooms = [Photo("vqa/daquar", name, []) for name in photo_names(arguments.data, "vqa/daquar", "dev")]
    files = dict(read_files(arguments.data, "dev", rooms))
    near = neighbours([room.name for room in rooms])
    vectors = embed([decode(files[row]) for row in range(len(rooms))])
    print(frames(vectors, near))


def frames(vectors: Tensor, near: list[list[int]]) -> str:
    """How often one of the neighbours of a frame is the nearest of all others, or among the ten nearest."""
    similar = vectors @ vectors.T
    similar.fill_diagonal_(-torch.inf)
    order = similar.argsort(1, descending=True).tolist()
    asked = [place for place, places in enumerate(near) if places]
    shares = {k: sum(bool(set(order[place][:k]) & set(near[place])) for place in asked) / len(asked) for k in (1, 10)}
    others = len(vectors) - 1
    chance = sum(len(near[place]) for place in asked) / len(asked) / others
    return f"frame of a room to a neighbouring frame: R@1 {shares[1]:.4f}, R@10 {shares[10]:.4f} (chance R@1 {chance:.4f}; {len(asked)} frames with a neighbour among {len(vectors)})"
