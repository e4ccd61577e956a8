"""The cached hidden states of RAVDESS' clips, as batches."""

import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .ragged import Ragged

LAYERS, WIDTH = 3, 384


class ClipStates:
    """Hidden states [tokens, 3, 384] of the clips that `training.speech_states` has come to; `clips` are their numbers."""

    def __init__(self, work: Path, device: str = "cpu"):
        table = json.loads((work / "speech.states.json").read_text())
        offsets, self.clips = np.array(table["offsets"]), np.array(table["clips"])
        values = np.memmap(work / "speech.states", np.float16, "c", shape=(int(offsets[-1]), LAYERS, WIDTH))
        self.states = Ragged(values, offsets, device)

    def whole(self, places: np.ndarray) -> tuple[Tensor, Tensor]:
        """Whole clips: [b, 3, t, 384] and the mask [b, t]."""
        x, mask = self.states.whole(places)
        return x.transpose(1, 2), mask

    def parts(self, places: np.ndarray, tokens: int, random: np.random.Generator) -> Tensor:
        """`tokens` tokens of each clip: [b, 3, tokens, 384]."""
        return self.states.parts(places, tokens, random).transpose(1, 2)


def smoothed(labels: np.ndarray, classes: int, smoothing: float) -> Tensor:
    """Label shares [b, classes]."""
    return torch.eye(classes)[torch.from_numpy(np.asarray(labels))] * (1 - smoothing) + smoothing / classes
