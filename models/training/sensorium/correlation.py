"""What two views of a photo have in common (canonical correlations, Hotelling 1936)."""

import torch
from torch import Tensor

KEPT = 600  # principal axes
RIDGE = 0.05  # share of the largest variance that is added to each


def whitened(x: Tensor) -> tuple[Tensor, Tensor]:
    """Rows [n, d] on their first principal axes, where they vary alike, [n, k]; and the map [d, k] that takes them there."""
    deviation = x.std(0) + 1e-4
    x = (x - x.mean(0)) / deviation
    _, sizes, axes = torch.svd_lowrank(x, q=min(KEPT, *x.shape), niter=2)
    variances = sizes.square() / len(x)
    scaled = axes / (variances + RIDGE * variances[0]).sqrt()
    return x @ scaled, scaled / deviation[:, None]


def common(a: Tensor, b: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Maps [d, count] of both views, whose rows belong together, to what they have in common; weighted by how much."""
    (a, to_a), (b, to_b) = whitened(a), whitened(b)
    left, sizes, right = torch.linalg.svd(a.T @ b / len(a))
    count = min(count, len(sizes))
    return to_a @ left[:, :count] * sizes[:count], to_b @ right[:count].T * sizes[:count]

