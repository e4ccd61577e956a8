"""The space of a component or a checkpoint, and the vectors it gives to cached tokens."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .answering import WIDTHS
from .fusion import ProjectionHead
from .tokens import View

# What a space says of every input.
PLAIN = ("width", "attention_heads", "feed_forward", "layer_norm_eps", "dimensions")


def space_head(config: dict, weights: dict[str, Tensor], *inputs: str) -> ProjectionHead:
    """The head with these inputs alone, ready to be asked."""
    head = ProjectionHead({name: config[name] for name in PLAIN} | {"inputs": {name: config["inputs"][name] for name in inputs}}, WIDTHS)
    head.load_state_dict({name: weights[name] for name in head.state_dict()})
    return head.eval()


@torch.no_grad()
def vectors_of(head: ProjectionHead, name: str, tokens: Tensor) -> Tensor:
    """[photos, 81, 1280] of the image tower to [photos, dimensions]."""
    return head(name, tokens, torch.ones(tokens.shape[:2], dtype=torch.bool))


def photo_vectors(head: ProjectionHead, name: str, work: Path, folder: str, split: str, view: str = "original") -> tuple[Tensor, np.ndarray]:
    """Vectors of all photos of a set, zeros where there are no tokens yet, and where there are: [photos, d], [photos]."""
    seen = View(work, folder, split, view)
    vectors = torch.zeros(len(seen.there), head.projections[name].out_features)
    rows = np.flatnonzero(seen.there)
    for start in range(0, len(rows), 64):
        vectors[rows[start : start + 64]] = vectors_of(head, name, seen.rows(rows[start : start + 64]))
    return vectors, seen.there
