"""Pictures made small, for training on a CPU: of each channel 17 numbers instead of 81.

Where an input has no layers, its projection is to stay, and it pools mean and deviation, positions are all that comes between:
var(x + p) = var(x) + 2 cov(x, p) + var(p). With positions that are slow waves, the mean, the variance and the mean products with
those waves say all there is to know of a picture.
"""

import math
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from .fusion import Input
from .tokens import SHAPE, View, cache_path

SIDE = 9  # tokens of a row
FREQUENCIES = 4
WAVES = FREQUENCIES * FREQUENCIES - 1


def waves() -> Tensor:
    """[15, 81]: cosine waves over the places, orthogonal, of mean 0 and mean square 1."""
    place = (torch.arange(SIDE) + 0.5) / SIDE
    one = torch.stack([torch.cos(math.pi * u * place) for u in range(FREQUENCIES)])
    flat = torch.einsum("uy,vx->uvyx", one, one).flatten(0, 1).flatten(1)[1:]
    return flat / flat.square().mean(1, keepdim=True).sqrt()


def mirrored_waves() -> Tensor:
    """[15]: -1 for the waves that change their sign when left and right are exchanged."""
    return torch.tensor([1.0, -1.0] * (FREQUENCIES // 2)).repeat(FREQUENCIES)[1:]


def summary(adapter: Input, tokens: Tensor) -> Tensor:
    """Tokens [b, 81, 1280] to [b, 17, width]: of what the input makes of them before positions are added, mean, variance and
    the mean products with the waves. Those of a mirror image are nearly these with the signs of `mirrored_waves`."""
    x = adapter.norm(adapter.projection(tokens))
    products = torch.einsum("wt,btd->bwd", waves(), x) / SHAPE[0]
    return torch.cat([x.mean(1, keepdim=True), x.var(1, correction=0, keepdim=True), products], 1)


class Placed(nn.Module):
    """Mean and deviation of x + p, [b, 17, width] to [b, 2 width]; the coefficients of the positions' waves learn. A deviation
    then tells where in the picture x is large."""

    def __init__(self, mean: Tensor, coefficients: Tensor):
        """`mean` [width]: that of the positions over the places. `coefficients` [15, width]."""
        super().__init__()
        self.register_buffer("mean", mean.detach().clone())
        self.coefficients = nn.Parameter(coefficients.clone())

    def forward(self, summaries: Tensor, mirrored: bool = False) -> Tensor:
        coefficients = self.coefficients * (mirrored_waves()[:, None] if mirrored else 1)
        covariance = torch.einsum("wd,bwd->bd", coefficients, summaries[:, 2:])
        variance = summaries[:, 1] + 2 * covariance + self.coefficients.square().sum(0)
        return torch.cat([summaries[:, 0] + self.mean, (variance.clamp(min=0) + 1e-5).sqrt()], 1)

    def positions(self) -> Tensor:
        """[81, width], as the input has them."""
        return self.mean + waves().T @ self.coefficients


class Summaries:
    """Those of a view, [photos, 17, width] in float16, kept in `WORK/summaries-<name>`; photos extracted since are added."""

    def __init__(self, work: Path, folder: str, split: str, view: str, adapter: Input, name: str):
        tokens = View(work, folder, split, view)
        path = work / f"summaries-{name}" / cache_path(work, folder, split, view).name
        path.parent.mkdir(exist_ok=True)
        shape = (len(tokens.there), 2 + WAVES, adapter.projection.out_features)
        values = np.memmap(path, np.float16, "r+" if path.exists() else "w+", shape=shape)
        self.there = tokens.there
        rows = np.flatnonzero(self.there & ~values[:, 1].any(1))
        with torch.no_grad():
            for start in range(0, len(rows), 64):
                values[rows[start : start + 64]] = summary(adapter, tokens.rows(rows[start : start + 64])).numpy()
        self.values = torch.from_numpy(np.array(values))

    def rows(self, rows: np.ndarray) -> Tensor:
        """[photos, 17, width] in float32"""
        return self.values[torch.from_numpy(rows)].float()
