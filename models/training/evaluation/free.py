"""Free photos with one clear main thing: whether captions, answers and searches name it, and whether captions name what is not there.
`--free FOLDER` has photos.tsv.

A caption is plainly false if it has a noun that is neither a word for the main thing nor in the photo's column `visible`, which was
written by looking at the photo. What is no noun is told by lists (`claims`), so the rule leaves nothing to taste.
"""

import argparse
import csv
import re
from dataclasses import dataclass

import torch

from ..sensorium.client import Server, ask_all
from ..sensorium.data import read_files, read_photos
from ..sensorium.exchange import plural
from ..sensorium.generation import COLORS, COMMON, COUNTS, DETERMINERS, FINITE, LINKS, PREPOSITIONS, is_verb

# Words of captions beside those of the questions' rules that claim no thing.
NO_THINGS = frozenset(
    "air background middle side end edge center bottom left right picture photo view it wooden metal plastic snowy grassy sandy rocky dirty wet dry busy empty "
    "bright dark colorful striped adult female male away it's another together".split()
)
KNOWN = DETERMINERS | COLORS | COUNTS | PREPOSITIONS | LINKS | FINITE | COMMON | NO_THINGS


@dataclass
class FreePhoto:
    file: bytes
    name: str
    kind: str
    question: str
    accepted: list[str]
    visible: list[str]
    phrase: str


def read_free(arguments: argparse.Namespace) -> list[FreePhoto]:
    with open(arguments.free / "photos.tsv", newline="") as table:
        rows = list(csv.DictReader(table, delimiter="\t"))
    file = lambda row: (arguments.free / row["file"]).read_bytes()  # noqa: E731
    return [
        FreePhoto(file(row), row["file"], row["kind"], row["question"], row["accepted"].split("|"), row["visible"].split("|"), row["phrase"])
        for row in rows
    ]


def forms(words: list[str]) -> str:
    """A pattern of the words in either number, the longest first."""
    return "|".join(re.escape(form) for form in sorted({form for word in words for form in (word, plural(word))}, key=len, reverse=True))


def claims(caption: str, known: list[str]) -> list[str]:
    """Nouns of a caption that are not among the known words."""
    rest = re.sub(rf"\b({forms(known)})\b", " ", caption.lower())
    words = re.findall(r"[a-z'-]+", rest.replace("grey", "gray"))
    return [word for word in words if word not in KNOWN and not is_verb(word)]


def names_one(text: str, accepted: list[str]) -> bool:
    """Whether a text has one of the words, in either number."""
    return re.search(rf"\b({forms(accepted)})\b", text.lower()) is not None


def run(server: Server, arguments: argparse.Namespace) -> None:
    photos = read_free(arguments)
    options = dict(option.split("=", 1) for option in arguments.option or ["beams=3"])
    captions = ask_all(lambda photo: server.caption(photo.file, options)["caption"], photos, arguments.connections)
    named = [names_one(caption, photo.accepted) for photo, caption in zip(photos, captions)]
    print(f"captions that name the main thing: {sum(named) / len(photos):.3f} of {len(photos)} photos")
    for kind in dict.fromkeys(photo.kind for photo in photos):
        found = [is_named for photo, is_named in zip(photos, named) if photo.kind == kind]
        print(f"  {kind}: {sum(found)} of {len(found)}")
    false = [claims(caption, [*photo.accepted, *photo.visible]) for photo, caption in zip(photos, captions)]
    print(f"plainly false: {sum(map(bool, false)) / len(photos):.3f}")

    asked = [photo for photo in photos if photo.question]
    ask = lambda photo: server.ask("/v1/vqa", {"image": photo.file, "question": photo.question.encode()}, {"top": "1"})["answer"]  # noqa: E731
    answers = ask_all(ask, asked, arguments.connections)
    right = [names_one(str(answer["label"] if isinstance(answer, dict) else answer), photo.accepted) for photo, answer in zip(asked, answers)]
    print(f"questions answered: {sum(right) / len(asked):.3f} of {len(asked)}")

    others = read_photos(arguments.data, "dev", ("flickr8k",))[: arguments.photos]
    files = [photo.file for photo in photos] + list(dict(sorted(read_files(arguments.data, "dev", others))).values())
    images = torch.tensor(ask_all(lambda file: server.ask("/v1/embed", {"image": file}, {})["embedding"], files, arguments.connections))
    texts = torch.tensor(ask_all(server.embed, [photo.phrase for photo in photos], arguments.connections))
    ranks = first_ranks(images, texts, [photo.accepted for photo in photos])
    print(", ".join(f"R@{k} {sum(rank < k for rank in ranks) / len(ranks):.3f}" for k in (1, 5, 10)) + f" among {len(files)} photos by a phrase")
    for photo, caption, is_named, nouns in zip(photos, captions, named, false):
        print(f"  {'+' if is_named else '-'} {photo.name}: {caption}", *(["false:", *nouns] if nouns else []))
    for photo, answer, is_right in zip(asked, answers, right):
        print(f"  {'+' if is_right else '-'} {photo.name}: {photo.question} {answer}")


def first_ranks(images: torch.Tensor, texts: torch.Tensor, accepted: list[list[str]]) -> list[int]:
    """How many photos come before the first that shows the same thing; photos with a word in common show the same."""
    order = (texts @ images.T).argsort(1, descending=True).tolist()
    words = [set(own) for own in accepted]
    return [next(rank for rank, found in enumerate(row) if found < len(words) and words[found] & words[photo]) for photo, row in enumerate(order)]
