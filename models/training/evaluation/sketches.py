"""Flickr8k's dev photos by sketches of them (sensorium/sketching.py), and what photos and sketches are taken for."""

import argparse
import io

import torch

from ..sensorium.client import Server, ask_all
from ..sensorium.crossview import found
from ..sensorium.data import decode, read_files, read_photos
from ..sensorium.views import view_of


def sketches_of(files: dict[int, bytes]) -> dict[int, bytes]:
    """PNGs, one of each photo; the same in every run."""
    result = {}
    for row, file in files.items():
        png = io.BytesIO()
        view_of(decode(file), "sketch", row).save(png, "png")
        result[row] = png.getvalue()
    return result


def run(server: Server, arguments: argparse.Namespace) -> None:
    photos = read_photos(arguments.data, "dev", ("flickr8k",))[: arguments.photos]
    files = dict(read_files(arguments.data, "dev", photos))
    sketches, rows = sketches_of(files), range(len(photos))
    ask = lambda file, view: server.ask("/v1/embed", {"image": file}, {"view": view})  # noqa: E731
    answers = ask_all(lambda row: ask(files[row], "auto"), rows, arguments.connections)
    items = torch.tensor([answer["embedding"] for answer in answers])
    taken = {"photo": sum(answer["inputs"]["image"]["view"] == "photo" for answer in answers) / len(rows)}
    for view, what in (("auto", "view auto"), ("sketch", "view sketch"), ("photo", "taken for photos, as without sketch training")):
        answers = ask_all(lambda row: ask(sketches[row], view), rows, arguments.connections)
        result = found(torch.tensor([answer["embedding"] for answer in answers]), items)
        print(f"sketch to its photo, {what}: " + ", ".join(f"{name} {value:.4f}" for name, value in result.items()), flush=True)
        if view == "auto":
            taken["sketch"] = sum(answer["inputs"]["image"]["view"] == "sketch" for answer in answers) / len(rows)
    print(f"taken for what they are: photos {taken['photo']:.4f}, sketches {taken['sketch']:.4f}")
    print(f"chance: R@1 {1 / len(rows):.4f}, R@10 {10 / len(rows):.4f}; {len(rows)} photos")
