"""Everyday sounds of the training data, altered for training, and split by the recording that a clip was cut from."""

import io
import tarfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from .audio import SAMPLE_RATE

FOLDS = 5


@dataclass(frozen=True)
class Sound:
    name: str
    split: str
    kind: str

    @property
    def recording(self) -> str:
        """What the clip was cut from: the second number of its name."""
        return self.name.split("-")[1]


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


def folds_of(sounds: list[Sound], folds: int = FOLDS, seed: int = 0) -> np.ndarray:
    """The fold of every clip: all clips of a recording share one, and the recordings of a kind are dealt out in turn."""
    random, place, fold_of = np.random.default_rng(seed), 0, {}
    for kind in sorted({sound.kind for sound in sounds}):
        recordings = sorted({sound.recording for sound in sounds if sound.kind == kind} - set(fold_of))
        for recording in random.permutation(recordings).tolist():
            fold_of[recording] = place % folds
            place += 1
    return np.array([fold_of[sound.recording] for sound in sounds])


def loudness(samples: np.ndarray) -> float:
    """Root mean square; never zero."""
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) + 1e-6


def coloured(samples: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """As another microphone hears it: octave by octave louder or softer, 5 dB in the mean."""
    spectrum = np.fft.rfft(samples)
    hertz = np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE)
    octaves = 62.5 * 2.0 ** np.arange(8)
    gain = np.interp(np.log2(np.maximum(hertz, 31)), np.log2(octaves), random.normal(0, 5, len(octaves)))
    return np.fft.irfft(spectrum * 10 ** (gain / 20), len(samples)).astype(np.float32)


def altered(samples: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Another beginning, another speed (15 % at most), mostly a part of the clip in another colour, another loudness, some noise."""
    samples = np.roll(samples, random.integers(len(samples)))
    samples = soxr.resample(samples, SAMPLE_RATE, SAMPLE_RATE * random.uniform(0.87, 1.15), quality="HQ")
    if random.random() < 0.6:
        samples = samples[: int(len(samples) * random.uniform(0.5, 1.0))]
    if random.random() < 0.6:
        samples = coloured(samples, random)
    samples = samples * 10 ** (random.uniform(-12, 6) / 20)
    noise = loudness(samples) * 10 ** (random.uniform(-50, -15) / 20) if random.random() < 0.7 else 0.0
    return (samples + random.normal(0, noise or 1e-6, len(samples))).astype(np.float32)


def mixed(one: np.ndarray, other: np.ndarray, share: float) -> np.ndarray:
    """Two sounds at once, as loud as the first; `share` of the other (Tokozume 2018, between-class learning)."""
    loud = loudness(one)
    other = np.resize(other, len(one))
    sum_ = (1 - share) * one / loud + share * other / loudness(other)
    return (sum_ * loud / loudness(sum_)).astype(np.float32)


@dataclass(frozen=True)
class Mix:
    """The clip that is mixed into an altered copy, and its share; 0: none."""

    other: int
    share: float


def mix_of(row: int, copy: int, sounds: list[Sound], folds: np.ndarray) -> Mix:
    """Every second copy has a second sound, of the same part (train, dev) and fold: nothing is carried across a split."""
    if copy % 2 == 0:
        return Mix(row, 0.0)
    random = np.random.default_rng([row, copy, 2])
    same = [other for other in range(len(sounds)) if folds[other] == folds[row] and sounds[other].split == sounds[row].split]
    return Mix(int(random.choice(same)), float(random.uniform(0.1, 0.5)))
