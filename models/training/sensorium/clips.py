"""The cached hidden states of RAVDESS' clips and of their altered copies, as batches."""

import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .emotions import Clip
from .ragged import Ragged

LAYERS, WIDTH = 3, 384


class ClipStates:
    """Sequence `copy * clips + clip` holds hidden states [tokens, 3, 384]; copy 0 is the clip as it is."""

    def __init__(self, work: Path, clips: list[Clip], device: str = "cpu"):
        self.clips = len(clips)
        offsets = np.array(json.loads((work / "speech.states.json").read_text()))
        self.copies = (len(offsets) - 1) // self.clips
        offsets = offsets[: self.copies * self.clips + 1]
        values = np.memmap(work / "speech.states", np.float16, "c", shape=(int(offsets[-1]), LAYERS, WIDTH))
        self.states = Ragged(values, offsets, device)

    def whole(self, clips: np.ndarray) -> tuple[Tensor, Tensor]:
        """Clips as they are: [b, 3, t, 384] and the mask [b, t]."""
        x, mask = self.states.whole(np.asarray(clips))
        return x.transpose(1, 2), mask

    def parts(self, clips: np.ndarray, tokens: int, random: np.random.Generator) -> Tensor:
        """`tokens` tokens of a random copy of each clip: [b, 3, tokens, 384]."""
        rows = random.integers(self.copies, size=len(clips)) * self.clips + np.asarray(clips)
        return self.states.parts(rows, tokens, random).transpose(1, 2)


def smoothed(labels: np.ndarray, classes: int, smoothing: float) -> Tensor:
    """Label shares [b, classes]."""
    return torch.eye(classes)[torch.from_numpy(np.asarray(labels))] * (1 - smoothing) + smoothing / classes
