"""Everyday sounds of the training data, and the phrases that name them in the joint space."""

import io
import tarfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

TEMPLATES = ("the sound of {kind}", "{kind}", "a recording of {kind}")


@dataclass(frozen=True)
class Sound:
    name: str
    split: str
    kind: str


def read_sounds(data: Path) -> list[Sound]:
    lines = (data / "sounds" / "sounds.tsv").read_text().splitlines()
    return [Sound(*line.split("\t")) for line in lines]


def read_files(data: Path, split: str) -> dict[str, bytes]:
    """File name to Ogg Vorbis."""
    with tarfile.open(data / "sounds" / f"{split}.tar") as tar:
        return {Path(member.name).name: tar.extractfile(member).read() for member in tar if member.isfile()}


def read_samples(data: Path, split: str) -> dict[str, np.ndarray]:
    """File name to mono float32 at 16 kHz, which the recordings already are."""
    files = read_files(data, split)
    return {name: soundfile.read(io.BytesIO(file), dtype="float32", always_2d=True)[0].mean(1) for name, file in files.items()}
