"""The cached tokens of the image tower, as training reads them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .data import Photo, photo_names

SHAPE = (81, 1280)
BYTES = 2 * SHAPE[0] * SHAPE[1]


def cache_path(work: Path, folder: str, split: str, view: str) -> Path:
    return work / f"{folder.replace('/', '-')}.{split}.{view}.tokens"


class TokenCache:
    """All views of some photos of a split. Photo numbers are places in `photos`."""

    def __init__(self, data: Path, work: Path, split: str, photos: Sequence[Photo]):
        folders = dict.fromkeys(photo.folder for photo in photos)
        views: dict[str, list[np.memmap]] = {}
        rows: dict[str, dict[str, int]] = {}
        for folder in folders:
            original = cache_path(work, folder, split, "original")
            if not original.exists():
                raise SystemExit(f"No tokens of {folder} {split} in {work}: run `python -m training.extract` first.")
            paths = [original, *sorted(set(work.glob(cache_path(work, folder, split, "*").name)) - {original})]
            views[folder] = [np.memmap(path, np.float16, "r", shape=(path.stat().st_size // BYTES, *SHAPE)) for path in paths]
            rows[folder] = {name: row for row, name in enumerate(photo_names(data, folder, split))}
        self.places = [(views[photo.folder], rows[photo.folder][photo.name]) for photo in photos]

    def views(self, photo: int) -> int:
        """How many views there are; the first is the photo as it is."""
        return len(self.places[photo][0])

    def rows(self, photos: Sequence[int], views: Sequence[int], kept: np.ndarray) -> Tensor:
        """The tokens at the places `kept` of a view of each photo, [photos, kept, 1280] in float16."""
        picked = []
        for photo, view in zip(photos, views):
            caches, row = self.places[photo]
            picked.append(torch.from_numpy(caches[view][row][kept]))
        return torch.stack(picked)

    def random(self, photos: Sequence[int], random: np.random.Generator, kept: np.ndarray) -> Tensor:
        """Of a random view of each photo."""
        return self.rows(photos, [random.integers(self.views(photo)) for photo in photos], kept)

    def original(self, start: int, end: int) -> Tensor:
        """Photos as they are, in float16."""
        return torch.from_numpy(np.stack([views[0][row] for views, row in self.places[start:end]]))
