"""Cached tokens made smaller, for training on a CPU.

Where an input's projection is to stay, its result is all that is needed. Where it is to learn, tokens go on fewer axes: a
third of the numbers, and of the projection's work; since the projection is linear, an input for tokens on `axes` [1280, k] is
one for whole tokens whose projection is projection · axesᵀ.
"""

from collections.abc import Callable

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from .fusion import Input
from .tokens import SHAPE, View, cache_path


def principal_axes(sample: Tensor, count: int) -> Tensor:
    """The axes [1280, count] along which the tokens `sample` [n, 1280] vary most, scaled so that they vary alike on each."""
    centred = sample - sample.mean(0)
    values, vectors = torch.linalg.eigh(centred.T @ centred / len(sample))
    values, vectors = values.flip(0)[:count], vectors.flip(1)[:, :count]
    return vectors / (values + 1e-3 * values[0]).sqrt()


def settled(adapter: Input) -> Callable[[Tensor], Tensor]:
    """What an input makes of tokens before positions are added, [b, 81, 1280] to [b, 81, width]."""
    return lambda tokens: adapter.norm(adapter.projection(tokens))


class Positions(nn.Module):
    """The rest of an input without layers, for tokens that `settled` has seen: its positions, the only thing that learns."""

    def __init__(self, positions: Tensor):
        super().__init__()
        self.positions = nn.Parameter(positions.clone())

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        return tokens + self.positions


class Reduced:
    """A view's tokens after `change`, [photos, 81, width] in float16, kept in `WORK/reduced-<name>`; photos extracted since
    are added."""

    def __init__(self, work: Path, folder: str, split: str, view: str, change: Callable[[Tensor], Tensor], width: int, name: str):
        tokens = View(work, folder, split, view)
        path = work / f"reduced-{name}" / cache_path(work, folder, split, view).name
        path.parent.mkdir(exist_ok=True)
        shape = (len(tokens.there), SHAPE[0], width)
        self.tokens = np.memmap(path, np.float16, "r+" if path.exists() else "w+", shape=shape)
        self.there = tokens.there
        rows = np.flatnonzero(self.there & ~self.tokens[:, 40].any(1))
        with torch.no_grad():
            for start in range(0, len(rows), 64):
                chosen = rows[start : start + 64]
                self.tokens[chosen] = change(tokens.rows(chosen)).numpy()

    def rows(self, rows: np.ndarray) -> Tensor:
        """[rows, 81, width] in float32"""
        return torch.from_numpy(self.tokens[rows].astype(np.float32))
