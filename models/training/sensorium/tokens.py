"""The cached tokens of the image tower, as training reads them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .data import Photo, photo_names
from .views import PHOTOS

SHAPE = (81, 1280)
BYTES = 2 * SHAPE[0] * SHAPE[1]


def cache_path(work: Path, folder: str, split: str, view: str) -> Path:
    return work / f"{folder.replace('/', '-')}.{split}.{view}.tokens"


class TokenCache:
    """Views of some photos of a split, "original" first. Photo numbers are places in `photos`."""

    def __init__(self, data: Path, work: Path, split: str, photos: Sequence[Photo], names: Sequence[str] = PHOTOS):
        """`names`: patterns of the views' names; left out, those that a photo's captions describe."""
        folders = dict.fromkeys(photo.folder for photo in photos)
        views: dict[str, list[np.memmap]] = {}
        rows: dict[str, dict[str, int]] = {}
        for folder in folders:
            original = cache_path(work, folder, split, "original")
            if not original.exists():
                raise SystemExit(f"No tokens of {folder} {split} in {work}: run `python -m training.extract` first.")
            found = {path for name in names for path in work.glob(cache_path(work, folder, split, name).name)}
            paths = [original, *sorted(found - {original})]
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


class View:
    """One view of the photos of a set, [photos, 81, 1280] in float16, of which `there` tells those that are extracted."""

    def __init__(self, work: Path, folder: str, split: str, name: str):
        path = cache_path(work, folder, split, name)
        path = path if path.exists() else path.with_suffix(".partial")
        if not path.exists():
            raise SystemExit(f"No view {name} of {folder} {split} in {work}: run `python -m training.extract --views {split}.{name}`.")
        self.tokens = np.memmap(path, np.float16, "r", shape=(path.stat().st_size // BYTES, *SHAPE))
        # A row that is not written yet is zeros; the tower's last activation is never zero everywhere.
        self.there = np.array([bool(row[40].any()) for row in self.tokens])

    def rows(self, rows: Sequence[int], kept: Sequence[int] | slice = slice(None)) -> Tensor:
        """[rows, kept, 1280] in float32"""
        return torch.from_numpy(np.stack([self.tokens[row][kept] for row in rows]).astype(np.float32))


def views_of(work: Path, folders: Sequence[str], split: str, names: Sequence[str]) -> dict[str, list[View]]:
    """Views of several sets, name -> one for each set; every view has the same photos there, those that all of them have."""
    found = {name: [View(work, folder, split, name) for folder in folders] for name in names}
    for place in range(len(folders)):
        common = np.logical_and.reduce([views[place].there for views in found.values()])
        for views in found.values():
            views[place].there = common
    return found
