"""Novel objects (after Hendricks 2016): F1 of naming eight things in captions of COCO photos that show them.

A photo shows a thing if two of its human captions name it. `--split train` is for a checkpoint that never saw their captions.
"""

import argparse

from ..sensorium.client import Server, ask_all
from ..sensorium.data import CAPTION_SETS, clean, read_files, read_photos, uploadable
from .free import names_one

THINGS = {
    "bus": ["bus"], "bottle": ["bottle"], "couch": ["couch", "sofa"], "microwave": ["microwave"], "pizza": ["pizza"],
    "racket": ["racket", "racquet"], "suitcase": ["suitcase"], "zebra": ["zebra"],
}
MOST, OTHERS = 60, 400


def shown(captions: list[str]) -> set[str]:
    return {thing for thing, words in THINGS.items() if sum(names_one(clean(caption), words) for caption in captions) >= 2}


def run(server: Server, arguments: argparse.Namespace) -> None:
    photos = read_photos(arguments.data, arguments.split, CAPTION_SETS[1:])
    truths = [shown(photo.captions) for photo in photos]
    chosen: dict[int, None] = {}
    for thing in THINGS:
        chosen |= dict.fromkeys([row for row, truth in enumerate(truths) if thing in truth][:MOST])
    mentioned = [any(names_one(clean(caption), words) for words in THINGS.values() for caption in photo.captions) for photo in photos]
    chosen |= dict.fromkeys([row for row, is_mentioned in enumerate(mentioned) if not is_mentioned][:OTHERS])
    rows = list(chosen)
    files = dict(read_files(arguments.data, arguments.split, photos))
    options = dict(option.split("=", 1) for option in arguments.option or ["beams=3"])
    captions = ask_all(lambda row: server.caption(uploadable(files[row]), options)["caption"], rows, arguments.connections)
    total = 0.0
    for thing, words in THINGS.items():
        said, true = [names_one(caption, words) for caption in captions], [thing in truths[row] for row in rows]
        both = sum(a and b for a, b in zip(said, true))
        f1 = 2 * both / max(sum(said) + sum(true), 1)
        total += f1
        print(f"{thing}: F1 {f1:.3f}, named in {both} of {sum(true)} photos that show it, in {sum(said) - both} that do not")
    print(f"mean F1 {total / len(THINGS):.3f}, {len(rows)} photos of {arguments.split}")
