"""Photos by their captions and captions by their photos, in the joint space: Flickr8k's dev part."""

import argparse

import torch

from ..sensorium.client import Server, ask_all
from ..sensorium.data import read_files, read_photos
from ..sensorium.matching import recalls


def run(server: Server, arguments: argparse.Namespace) -> None:
    photos = read_photos(arguments.data, "dev", ("flickr8k",))[: arguments.photos]
    files = dict(read_files(arguments.data, "dev", photos))
    captions = [(row, text) for row, photo in enumerate(photos) for text in photo.captions]
    ask = lambda row: server.ask("/v1/embed", {"image": files[row]}, {})["embedding"]  # noqa: E731
    images = torch.tensor(ask_all(ask, range(len(photos)), arguments.connections))
    texts = torch.tensor(ask_all(server.embed, [text for _, text in captions], arguments.connections))
    result = recalls(images, texts, torch.tensor([row for row, _ in captions]))
    for name, way in (("t2i", "text to image"), ("i2t", "image to text")):
        print(f"{way}: " + ", ".join(f"R@{k} {result[f'{name} R@{k}']:.4f}" for k in (1, 5, 10)))
    chance = [k / len(photos) for k in (1, 5, 10)]
    print(f"chance, text to image: {', '.join(f'{value:.4f}' for value in chance)}; median rank {result['t2i median rank']:.0f}; {len(photos)} photos, {len(captions)} captions, {images.shape[1]} dimensions")
