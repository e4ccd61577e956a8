"""Sequences of different lengths, one after the other in one tensor, on the device that trains on them."""

import numpy as np
import torch
from torch import Tensor


class Ragged:
    """Sequence `r` is `values[offsets[r] : offsets[r + 1]]`, kept as float16."""

    def __init__(self, values: np.ndarray, offsets: np.ndarray, device: str = "cpu"):
        self.device = device
        # On a CPU the file behind a memory map is not read before it is needed.
        self.values = torch.from_numpy(np.asarray(values)).to(device)
        self.offsets = np.asarray(offsets)
        self.lengths = np.diff(self.offsets)

    def gather(self, places: np.ndarray) -> Tensor:
        """float32 of these places, any shape."""
        return self.values[torch.from_numpy(places).to(self.device)].float()

    def whole(self, rows: np.ndarray) -> tuple[Tensor, Tensor]:
        """[b, t, …] padded with some other token, and the mask [b, t] of those that count."""
        rows = np.asarray(rows)
        longest = np.arange(self.lengths[rows].max())
        mask = longest < self.lengths[rows][:, None]
        places = np.where(mask, self.offsets[rows][:, None] + longest, self.offsets[rows][:, None])
        return self.gather(places), torch.from_numpy(mask).to(self.device)

    def parts(self, rows: np.ndarray, tokens: int, random: np.random.Generator) -> Tensor:
        """Of each sequence `tokens` places in order, drawn from a random stretch of at least half of it: [b, tokens, …]."""
        rows = np.asarray(rows)
        stretch = np.maximum(1, (self.lengths[rows] * random.uniform(0.5, 1.0, len(rows))).astype(int))
        start = self.offsets[rows] + (random.random(len(rows)) * (self.lengths[rows] - stretch + 1)).astype(int)
        drawn = np.sort((random.random((len(rows), tokens)) * stretch[:, None]).astype(int), 1)
        return self.gather(start[:, None] + drawn)
