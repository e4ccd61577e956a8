"""The data of the emotion tasks, in the labels of the head.

Seven classes are made so: RAVDESS calm is neutral; GoEmotions by its Ekman mapping (Demszky 2020, appendix), of which the
lines with one Ekman class are used; FER+ without contempt, unknown and NF, and without ties.
"""

import csv
import io
import tarfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

EMOTIONS = ["anger", "disgust", "fear", "joy", "sadness", "surprise", "neutral"]
RAVDESS_EMOTIONS = ["neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised"]
# Luna-Jiménez 2021, without the actors 23 and 24 of the fourth fold, who are held back.
RAVDESS_FOLDS = [(2, 5, 14, 15, 16), (3, 6, 7, 13, 18), (10, 11, 12, 19, 20), (8, 17, 21), (1, 4, 9, 22)]
# `03-01-03-01-02-01-07` and `...-02-07` are the same recording: one of them counts.
DUPLICATE = "03-01-03-01-02-02-07.ogg"

OF_RAVDESS = {
    "neutral": "neutral", "calm": "neutral", "happy": "joy", "sad": "sadness", "angry": "anger", "fearful": "fear",
    "disgust": "disgust", "surprised": "surprise",
}
OF_FACES = {
    "anger": "anger", "disgust": "disgust", "fear": "fear", "happiness": "joy", "sadness": "sadness",
    "surprise": "surprise", "neutral": "neutral",
}
EKMAN = {
    "anger": ["anger", "annoyance", "disapproval"],
    "disgust": ["disgust"],
    "fear": ["fear", "nervousness"],
    "joy": [
        "joy", "amusement", "approval", "excitement", "gratitude", "love", "optimism", "relief", "pride", "admiration",
        "desire", "caring",
    ],
    "sadness": ["sadness", "disappointment", "embarrassment", "grief", "remorse"],
    "surprise": ["surprise", "realization", "confusion", "curiosity"],
    "neutral": ["neutral"],
}


def rows(path: Path) -> list[dict[str, str]]:
    """A table with a header line; quotes are letters like others."""
    with open(path, newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


@dataclass
class Faces:
    """Grey faces [n, 48, 48] of 0...255 and the votes for each of the seven emotions [n, 7]."""

    pixels: np.ndarray
    votes: np.ndarray
    labels: np.ndarray
    """The emotion with the most votes of all ten columns; -1: a tie, or one that is not of the seven."""


def read_faces(data: Path, split: str) -> Faces:
    sheets: dict[str, np.ndarray] = {}
    pixels, votes, labels = [], [], []
    columns = ["neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt", "unknown", "NF"]
    for row in rows(data / "faces" / "labels.tsv"):
        if row["split"] != split:
            continue
        if row["sheet"] not in sheets:
            sheets[row["sheet"]] = np.asarray(Image.open(data / "faces" / row["sheet"]).convert("L"))
        top, left = (48 * place for place in divmod(int(row["tile"]), 40))
        pixels.append(sheets[row["sheet"]][top : top + 48, left : left + 48])
        counts = {name: int(row[name]) for name in columns}
        best = [name for name in columns if counts[name] == max(counts.values())]
        labels.append(EMOTIONS.index(OF_FACES[best[0]]) if len(best) == 1 and best[0] in OF_FACES else -1)
        votes.append([next(counts[face] for face, emotion in OF_FACES.items() if emotion == name) for name in EMOTIONS])
    return Faces(np.stack(pixels), np.array(votes), np.array(labels))


@dataclass
class Line:
    text: str
    emotion: int


def read_goemotions(data: Path, split: str) -> list[Line]:
    """Lines of GoEmotions with one Ekman class."""
    names = (data / "text" / "goemotions_labels.txt").read_text().split()
    ekman = {names.index(fine): EMOTIONS.index(coarse) for coarse, all_fine in EKMAN.items() for fine in all_fine}
    lines = []
    for row in (data / "text" / "goemotions.tsv").read_text().splitlines():
        row_split, ids, text = row.split("\t", 2)
        if row_split == split:
            classes = {ekman[int(identifier)] for identifier in ids.split(",")}
            if len(classes) == 1:
                lines.append(Line(text, classes.pop()))
    return lines


@dataclass
class Clip:
    """A clip of RAVDESS speech. `emotion`: index of the eight; `actor` from 1."""

    name: str
    actor: int
    emotion: int
    split: str

    @property
    def of_seven(self) -> int:
        return EMOTIONS.index(OF_RAVDESS[RAVDESS_EMOTIONS[self.emotion]])


def read_clips(data: Path) -> list[Clip]:
    """The clips in the order of their table, the duplicate left out."""
    return [
        Clip(row["file"], int(row["actor"]), RAVDESS_EMOTIONS.index(row["emotion"]), row["split"])
        for row in rows(data / "speech" / "ravdess.tsv") if row["file"] != DUPLICATE
    ]


def read_recordings(data: Path) -> dict[str, bytes]:
    """File name to Ogg Vorbis."""
    with tarfile.open(data / "speech" / "ravdess.tar") as tar:
        return {Path(member.name).name: tar.extractfile(member).read() for member in tar if member.isfile()}


def read_action_units(data: Path) -> dict[str, np.ndarray]:
    """File name of the clip to its 35 action units."""
    return {
        row["file"]: np.array([float(value) for name, value in row.items() if name.startswith("AU")], np.float32)
        for row in rows(data / "faces" / "ravdess_aus.tsv")
    }


def read_audio(file: bytes) -> np.ndarray:
    """Mono float32 at 16 kHz, which the recordings of the training data already are."""
    import soundfile

    samples, rate = soundfile.read(io.BytesIO(file), dtype="float32", always_2d=True)
    assert rate == 16000, rate
    return samples.mean(1)
