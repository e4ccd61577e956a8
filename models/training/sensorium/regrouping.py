"""An input of photos in other channels, which say the same together but more by themselves.

A deviation over places shows one wave of one channel (sensorium/reduced.py). What differs most between places is therefore
put into several channels each, one for each wave. The channels n = LN(W x) are turned by an orthogonal matrix M that keeps the
vector of ones: LN(M W x) = M n, so the mean loses nothing.
"""

import torch
from scipy.linalg import hadamard
from torch import Tensor

from .fusion import ProjectionHead
from .reduced import FREQUENCIES, WAVES

GROUPS = 48


def turned(moments: Tensor, groups: int = GROUPS) -> Tensor:
    """M [width, width]: `groups` runs of channels, each run mostly one of the directions along which `moments` [n, width]
    vary most. Every run is a Hadamard mixture of one of those and of directions that hardly vary."""
    width = moments.shape[1]
    size = width // groups
    directions = torch.linalg.eigh(moments.T @ moments)[1].flip(1)
    mixture = torch.from_numpy(hadamard(size)).float() / size**0.5
    quiet = list(range(groups, width))[::-1]
    runs = [[group, *quiet[group * (size - 1) : (group + 1) * (size - 1)]] for group in range(groups)]
    matrix = torch.cat([mixture @ directions[:, run].T for run in runs])
    ones = torch.ones(width) / width**0.5
    away = matrix @ ones - ones
    if away.norm() < 1e-5:
        return matrix
    return matrix - 2 * torch.outer(away, away @ matrix) / away.square().sum()


def waves_of_runs(width: int, groups: int = GROUPS) -> Tensor:
    """[15, width]: each channel of a run has another one of the slowest waves."""
    slowest = sorted(range(WAVES), key=lambda wave: sum(f * f for f in divmod(wave + 1, FREQUENCIES)))
    chosen = torch.tensor([slowest[channel % (width // groups) % WAVES] for channel in range(width)])
    return torch.nn.functional.one_hot(chosen, WAVES).T.float()


@torch.no_grad()
def regrouped(head: ProjectionHead, matrix: Tensor) -> ProjectionHead:
    """The input `image` of `head`, without layers and pooling the mean, in the channels of `matrix`, giving the same vectors."""
    image, projection = head.inputs["image"], head.projections["image"]
    positions = image.norm.bias + image.positions.mean(0)
    projection.bias += projection.weight @ positions
    projection.weight.copy_(projection.weight * image.norm.weight @ matrix.T)
    image.projection.weight.copy_(matrix @ image.projection.weight)
    image.projection.bias.copy_(matrix @ image.projection.bias)
    image.norm.weight.fill_(1)
    image.norm.bias.zero_()
    image.positions.zero_()
    return head


def moments_of(head: ProjectionHead, summaries: Tensor) -> Tensor:
    """The products with the waves, [n · 15, width], as the norm has them before its own weights."""
    return (summaries[:, 2:] / head.inputs["image"].norm.weight).flatten(0, 1)
