"""Captions of dev photos, Flickr8k's or those of other sets: BLEU and CIDEr-D."""

import argparse
import json
import time

from ..sensorium.client import Server, ask_all
from ..sensorium.data import read_files, read_photos, uploadable
from ..sensorium.score import scores


def run(server: Server, arguments: argparse.Namespace) -> None:
    options = dict(option.split("=", 1) for option in arguments.option or ["beams=3"])
    photos = read_photos(arguments.data, "dev", tuple(arguments.sets))[: arguments.photos]
    files = dict(read_files(arguments.data, "dev", photos))
    start = time.monotonic()
    ask = lambda index: server.caption(uploadable(files[index]), options)["caption"]  # noqa: E731
    captions = ask_all(ask, range(len(photos)), arguments.connections)
    seconds = time.monotonic() - start
    for name, value in scores(captions, [photo.captions for photo in photos]).items():
        print(f"{name} {value:.4f}")
    print(f"{len(captions)} photos, {len(set(captions))} different captions, {len(captions) / seconds:.1f} photos/s, options {options}")
    if arguments.output:
        arguments.output.write_text(json.dumps({photo.name: caption for photo, caption in zip(photos, captions)}, indent=1))
