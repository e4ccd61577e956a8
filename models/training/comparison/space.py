"""Dev photos and captions in the joint space: the least cosine, and the same photo found for every caption."""

import argparse

import torch
from torch import Tensor
from tqdm import tqdm

from ..sensorium.client import Server, ask_all
from ..sensorium.data import read_files, read_photos
from ..sensorium.fusion import ProjectionHead
from ..sensorium.names import likeliest
from .towers import Reference


def vector(reference: Reference, head: ProjectionHead, file: bytes) -> Tensor:
    """Of a photo [1, dimensions], which may know names."""
    image = head("image", *reference.photo(file))
    if head.things is None:
        return image
    seen, likelihoods = reference.seen(file), torch.zeros(1, len(head.things))
    likelihoods[0, seen.names[0]] = torch.from_numpy(likeliest(seen.likelihoods)[0])
    return head.with_names(image, likelihoods)


@torch.no_grad()
def run(server: Server, arguments: argparse.Namespace) -> None:
    photos = read_photos(arguments.data, "dev", ("flickr8k",))[: arguments.items]
    files = dict(read_files(arguments.data, "dev", photos))
    texts = [photo.captions[0] for photo in photos]
    reference = Reference(arguments.checkpoint)
    head = reference.head("space")
    images = torch.cat([vector(reference, head, files[row]) for row in tqdm(range(len(photos)), desc="PyTorch")])
    words = torch.cat([head("text", *reference.words(text)) for text in texts])
    ask = lambda row: server.ask("/v1/embed", {"image": files[row]}, {})["embedding"]  # noqa: E731
    served_images = torch.tensor(ask_all(ask, range(len(photos)), arguments.connections))
    served_words = torch.tensor(ask_all(server.embed, texts, arguments.connections))
    for name, ours, theirs in (("photos", served_images, images), ("captions", served_words, words)):
        print(f"{len(ours)} {name}: least cosine {torch.cosine_similarity(ours, theirs).min():.7f}")
    same = (served_words @ served_images.T).argmax(1) == (words @ images.T).argmax(1)
    print(f"photo found for a caption: {same.sum()} of {len(same)} the same")
