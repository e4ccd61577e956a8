"""One photo found by another view of it: figures, and the loss that trains for them."""

import torch
import torch.nn.functional as F
from torch import Tensor


def found(queries: Tensor, items: Tensor) -> dict[str, float]:
    """Row r of `items` belongs to row r of `queries`, both [n, d] and of length 1: shares found first and among the first ten."""
    similar = queries @ items.T
    ranks = (similar > similar.diagonal()[:, None]).sum(1)
    return {f"R@{k}": (ranks < k).float().mean().item() for k in (1, 10)}


def contrast(a: Tensor, b: Tensor, scale: Tensor | float) -> Tensor:
    """CLIP's loss in both directions: row r of `a` belongs to row r of `b`."""
    logits = scale * a @ b.T
    target = torch.arange(len(a), device=a.device)
    return (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2


def kept_order(vectors: Tensor, before: Tensor, texts: Tensor) -> Tensor:
    """How far the cosines with texts have moved since `before`, as a share: 0 where each is s times what it was, for one s.

    What a photo adds to the cosines of all texts does not change their order, nor does what a text adds to those of all
    photos: the mean of two shares, one with the photos less their mean, one with the texts less theirs.
    """
    fresh, old = vectors - vectors.mean(0), before - before.mean(0)
    centred = texts - texts.mean(0)
    return (moved(fresh, old, texts.T @ texts) + moved(vectors, before, centred.T @ centred)) / 2


def moved(vectors: Tensor, before: Tensor, moment: Tensor) -> Tensor:
    seen = vectors @ moment
    scale = (seen * before).sum() / ((before @ moment) * before).sum()
    rest = vectors - scale * before
    return ((rest @ moment) * rest).sum() / (seen * vectors).sum()
