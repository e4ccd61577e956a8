"""The cached hidden states of RAVDESS' clips and of their altered copies, as batches."""

import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .emotions import Clip

LAYERS, WIDTH = 3, 384


class ClipStates:
    """Row `copy * clips + clip` holds hidden states [tokens, 3, 384]; copy 0 is the clip as it is."""

    def __init__(self, work: Path, clips: list[Clip]):
        self.clips = clips
        self.offsets = np.array(json.loads((work / "speech.states.json").read_text()))
        self.copies = (len(self.offsets) - 1) // len(clips)
        self.values = np.memmap(work / "speech.states", np.float16, "r")[: self.offsets[-1] * LAYERS * WIDTH]
        self.values = self.values.reshape(-1, LAYERS, WIDTH)

    def row(self, clip: int, copy: int) -> np.ndarray:
        place = copy * len(self.clips) + clip
        return self.values[self.offsets[place] : self.offsets[place + 1]]

    def whole(self, clip: int) -> tuple[Tensor, Tensor]:
        """[1, 3, t, 384] and its mask [1, t]."""
        x = torch.from_numpy(self.row(clip, 0).astype(np.float32)).transpose(0, 1)[None]
        return x, torch.ones(1, x.shape[2], dtype=torch.bool)

    def parts(self, clips: np.ndarray, tokens: int, random: np.random.Generator, copies: int | None = None) -> Tensor:
        """A random copy of each clip, and of it a random half of the time in random order of length: [b, 3, tokens, 384].

        `tokens` places are drawn, sorted, from a random stretch of at least half of the clip."""
        x = np.empty((len(clips), tokens, LAYERS, WIDTH), np.float16)
        for place, clip in enumerate(clips):
            row = self.row(clip, random.integers(copies or self.copies))
            stretch = max(1, int(len(row) * random.uniform(0.5, 1.0)))
            start = random.integers(0, len(row) - stretch + 1)
            x[place] = row[start + np.sort(random.integers(0, stretch, tokens))]
        return torch.from_numpy(x.astype(np.float32)).transpose(1, 2)


def mixed(x: Tensor, shares: Tensor, random: np.random.Generator, alpha: float) -> tuple[Tensor, Tensor]:
    """Pairs of a batch in random proportions (Zhang 2018), the labels with them."""
    weight = float(random.beta(alpha, alpha)) if alpha else 1.0
    order = torch.from_numpy(random.permutation(len(x)))
    return weight * x + (1 - weight) * x[order], weight * shares + (1 - weight) * shares[order]


def smoothed(labels: np.ndarray, classes: int, smoothing: float) -> Tensor:
    """Label shares [b, classes]."""
    return torch.eye(classes)[torch.from_numpy(np.asarray(labels))] * (1 - smoothing) + smoothing / classes
