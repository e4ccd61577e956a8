"""The scores of the model cards, through a running server, by the dev parts of the data."""

import argparse
from pathlib import Path

from .evaluation import caption, composed, confidence, emotion, free, novel, ravdess_av, retrieval, sketches, sounds, views, vqa, words
from .sensorium.client import Server
from .sensorium.data import CAPTION_SETS

TASKS = {
    "caption": caption.run, "vqa": vqa.run, "retrieval": retrieval.run, "emotion": emotion.run, "sounds": sounds.run,
    "confidence": confidence.run, "sketches": sketches.run, "composed": composed.run, "views": views.run,
}
# They need a server on models/ravdess-av, photos of one's own, a checkpoint that saw no captions of some things, RapidOCR.
APART = {"ravdess-av": ravdess_av.run, "free": free.run, "novel": novel.run, "words": words.run}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", default="http://127.0.0.1:8080")
    parser.add_argument("--data", type=Path, help="folder of the training data")
    parser.add_argument("--task", action="append", choices=[*TASKS, *APART], help=f"left out: {', '.join(TASKS)}")
    parser.add_argument("--option", action="append", metavar="NAME=VALUE", help="of the caption requests (default: beams=3)")
    parser.add_argument("--photos", type=int, default=1000, help="the first so many of the 1,000 dev photos of Flickr8k")
    parser.add_argument("--items", type=int, help="at most so many of each other set; left out: all")
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--sets", nargs="*", default=["flickr8k"], choices=CAPTION_SETS, help="sets of photos that are captioned")
    parser.add_argument("--split", default="dev", choices=["dev", "train"], help="of `novel`")
    parser.add_argument("--free", type=Path, default=Path(__file__).parents[1] / "free-photos", help="folder of photos.tsv")
    parser.add_argument("--output", type=Path, help="JSON file for the captions")
    arguments = parser.parse_args()
    if arguments.data is None and arguments.task != ["words"]:
        parser.error("--data is needed for every task but words")
    server = Server(arguments.server)
    for task in arguments.task or TASKS:
        print(f"{task}:", flush=True)
        (TASKS | APART)[task](server, arguments)


if __name__ == "__main__":
    main()
