"""The cached tokens of the image tower, as training reads them."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

SHAPE = (81, 1280)
BYTES = 2 * SHAPE[0] * SHAPE[1]


class TokenCache:
    """All views of the photos of a split. A view may cover the first photos only (crops exist for Flickr8k)."""

    def __init__(self, work: Path, split: str):
        self.views = []
        for path in sorted(work.glob(f"{split}.*.tokens")):
            self.views.append(np.memmap(path, np.float16, "r", shape=(path.stat().st_size // BYTES, *SHAPE)))
        if not self.views:
            raise SystemExit(f"No tokens of {split} in {work}: run `python -m training.extract` first.")

    def random(self, photos: list[int], random: np.random.Generator, kept: np.ndarray) -> Tensor:
        """The tokens at the places `kept` of a random view of each photo, [photos, kept, 1280] in bfloat16."""
        rows = []
        for photo in photos:
            views = [view for view in self.views if photo < len(view)]
            rows.append(torch.from_numpy(views[random.integers(len(views))][photo][kept]))
        return torch.stack(rows).bfloat16()

    def original(self, start: int, end: int) -> Tensor:
        """Photos as they are, in bfloat16; the cache of dev has no other view."""
        return torch.from_numpy(np.array(self.views[0][start:end])).bfloat16()
