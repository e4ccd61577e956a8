"""Step 8. The scores of the model card, through a running server: captions of Flickr8k's dev photos."""

import argparse
import json
import time
from pathlib import Path

from .sensorium.client import Server, ask_all
from .sensorium.data import read_files, read_photos
from .sensorium.score import scores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", default="http://127.0.0.1:8080")
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--option", action="append", metavar="NAME=VALUE", help="of the request (default: beams=3)")
    parser.add_argument("--photos", type=int, default=1000, help="the first of the 1,000 dev photos")
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--output", type=Path, help="JSON file for the captions")
    arguments = parser.parse_args()
    options = dict(option.split("=", 1) for option in arguments.option or ["beams=3"])
    photos = read_photos(arguments.data, "dev", ("flickr8k",))[: arguments.photos]
    files = dict(read_files(arguments.data, "dev", photos))
    server = Server(arguments.server)
    start = time.monotonic()
    ask = lambda index: server.caption(files[index], options)["caption"]  # noqa: E731
    captions = ask_all(ask, range(len(photos)), arguments.connections)
    seconds = time.monotonic() - start
    for name, value in scores(captions, [photo.captions for photo in photos]).items():
        print(f"{name} {value:.4f}")
    print(f"{len(captions)} photos, {len(set(captions))} different captions, {len(captions) / seconds:.1f} photos/s, options {options}")
    if arguments.output:
        arguments.output.write_text(json.dumps({photo.name: caption for photo, caption in zip(photos, captions)}, indent=1))


if __name__ == "__main__":
    main()
