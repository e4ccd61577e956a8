"""Step 19. Phrases that explain an answer: what training captions say often, and kinds of sounds, as vectors of the space.

Phrases are made from subject, action and place of the captions (sensorium/modifications.py): "two dogs running through the
grass". Added to the component `space`: the list `concepts` and the tensor of that name.
"""

import argparse
import re
from collections import Counter
from pathlib import Path

from .sensorium.article import article
from .sensorium.component import load_component, save_component
from .sensorium.data import read_photos
from .sensorium.modifications import attributes
from .sensorium.text_vectors import TextVectors


def phrases_of(captions: list[str], most: int) -> list[str]:
    """Subject alone, with action, with place, with both: the most frequent ones, each counted in its most frequent wording."""
    counts: Counter[tuple] = Counter()
    wordings: dict[tuple, Counter[str]] = {}
    for caption in captions:
        subject, found = attributes(caption)
        number, place, action = (found.get(kind) for kind in ("number", "place", "action"))
        if not subject or not number:
            continue
        doing = action and action[0]  # named by their form in -ing
        for parts in {(doing, None), (None, place), (doing, place), (None, None)}:
            key = (subject, number[0], parts[0], parts[1] and parts[1][0])
            counts[key] += 1
            wordings.setdefault(key, Counter())[" ".join(filter(None, [number[1], parts[0], parts[1] and parts[1][1]]))] += 1
    # Some captions say "a airplane".
    said = (re.sub(r"\ba (?=(\w+))", lambda match: f"{article(match[1])} ", wordings[key].most_common(1)[0][0]) for key, _ in counts.most_common(2 * most))
    chosen = dict.fromkeys(said)
    return list(chosen)[:most]


def sound_phrases(data: Path) -> list[str]:
    lines = (data / "sounds/sounds.tsv").read_text().splitlines()
    kinds = dict.fromkeys(line.split("\t")[2] for line in lines if line.split("\t")[1] in ("train", "dev"))
    return [f"the sound of {kind.replace('_', ' ')}" for kind in kinds]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--work", type=Path, required=True, help="folder with components")
    parser.add_argument("--checkpoint", type=Path, default=Path("sensorium-base"), help="whose text input the space has")
    parser.add_argument("--most", type=int, default=400, help="phrases in all")
    arguments = parser.parse_args()
    config, weights = load_component(arguments.work, "space")
    sounds = sound_phrases(arguments.data)
    captions = [text for photo in read_photos(arguments.data, "train") for text in photo.captions]
    phrases = phrases_of(captions, arguments.most - len(sounds)) + sounds
    weights["concepts"] = TextVectors(arguments.checkpoint, arguments.work).of(phrases)
    save_component(arguments.work, "space", "head", config | {"concepts": phrases}, weights)
    print(f"{len(phrases)} phrases: {', '.join(phrases[::40])}")


if __name__ == "__main__":
    main()
