"""From which likelihood on a name is worth telling: WORK/floors.json, by name, for those that need more than the floor of all.

A name's floor is the least likelihood from which on a fifth of the training photos where it was seen have it in a caption; where no
likelihood is high enough, it lies above all that were seen. Names that were never seen in training keep the floor of all.
"""

import argparse
import json
import re
from pathlib import Path

from .caption import Material, add_naming
from .sensorium.captions import CaptionCodec
from .sensorium.data import read_photos
from .sensorium.exchange import AMBIGUOUS, plural
from .sensorium.names import likeliest

RIGHT = 0.2
HIGHEST = 0.999


def floor_of(sightings: list[tuple[float, bool]], least: float) -> float:
    """`sightings`: a name's likelihood in a photo, and whether a caption says it."""
    found, right = None, 0
    for count, (likelihood, said) in enumerate(sorted(sightings, reverse=True), 1):
        right += said
        if right / count >= RIGHT:
            found = likelihood
    if found is None:
        return min(max(sightings)[0] + 1e-3, HIGHEST)
    return least if found <= min(sightings)[0] else found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--work", type=Path, required=True, help="folder with the scores of things")
    add_naming(parser)
    arguments = parser.parse_args()
    photos = read_photos(arguments.data, "train", arguments.sets)
    material = Material(arguments, "train", photos, CaptionCodec.in_work(arguments.work))
    names, seen = material.rules.names, material.named.seen
    ambiguous = {index: re.compile(rf"\b({re.escape(name)}|{re.escape(plural(name))})\b") for index, name in enumerate(names) if name in AMBIGUOUS}
    sightings: dict[int, list[tuple[float, bool]]] = {}
    for photo, captions in enumerate(material.captions):
        said = set().union(*map(material.rules.said, captions))
        for name, likelihood in zip(seen.names[photo].tolist(), likeliest(seen.likelihoods[photo]).tolist()):
            if likelihood >= arguments.floor:
                there = name in said or (name in ambiguous and any(map(ambiguous[name].search, captions)))
                sightings.setdefault(name, []).append((likelihood, there))
    floors = {names[name]: round(floor_of(found, arguments.floor), 4) for name, found in sorted(sightings.items())}
    floors = {name: floor for name, floor in floors.items() if floor > arguments.floor}
    (arguments.work / "floors.json").write_text(json.dumps(floors, indent=1) + "\n")
    print(f"{len(floors)} of {len(names)} names have a floor of their own; seen {sum(map(len, sightings.values()))} times")


if __name__ == "__main__":
    main()
