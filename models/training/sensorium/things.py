"""What the head `things` says of a photo and of its parts, as it is cached and read."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from .checkpoint import part, read
from .data import Photo, photo_names
from .fusion import LinearHead
from .network import ImageBranch, ImageTower

# Parts: squares of five of the nine rows and columns of tokens, every second one.
SIDE, PART, STEP = 9, 5, 2
KINDS = 1000
SCORES = (1 + ((SIDE - PART) // STEP + 1) ** 2, KINDS)


def scores_path(work: Path, folder: str, split: str, view: str) -> Path:
    name = "things" if view == "original" else f"{view}.things"
    return work / f"{folder.replace('/', '-')}.{split}.{name}"


class ThingScores(nn.Module):
    """Pixels [b, 3, 260, 260] to the logits of the whole and of nine parts, [b, 10, kinds]."""

    def __init__(self, trunk: ImageTower, branch: ImageBranch, head: LinearHead, from_block: int):
        super().__init__()
        self.trunk, self.branch, self.head, self.from_block = trunk, branch, head, from_block

    @classmethod
    def of(cls, checkpoint: Path) -> "ThingScores":
        config, tensors = read(checkpoint)
        from_block = config["towers"]["image_things"]["from_block"]
        trunk, branch = ImageTower(), ImageBranch(from_block)
        head = LinearHead(config["heads"]["things"], {"image_things": 1280})
        for module, name in ((trunk, "image"), (branch, "image_things"), (head, "things")):
            module.load_state_dict(part(tensors, name))
        return cls(trunk, branch, head, from_block).eval()

    def forward(self, pixels: Tensor) -> Tensor:
        tokens = self.branch(self.trunk.through(pixels, self.from_block))
        grid = tokens.transpose(1, 2).unflatten(2, (SIDE, SIDE))
        parts = nn.functional.avg_pool2d(grid, PART, STEP).flatten(2).transpose(1, 2)
        return self.head.classifier(torch.cat([tokens.mean(1, keepdim=True), parts], 1))


def read_scores(data: Path, work: Path, split: str, photos: Sequence[Photo], view: str = "original") -> np.ndarray:
    """The cached logits of some photos of a split, [photos, 10, kinds] in float16."""
    found = np.empty((len(photos), *SCORES), np.float16)
    for folder in dict.fromkeys(photo.folder for photo in photos):
        rows = {name: row for row, name in enumerate(photo_names(data, folder, split))}
        path = scores_path(work, folder, split, view)
        if not path.exists():
            raise SystemExit(f"No scores of things of {folder} {split} in {work}: run `python -m training.extract --things CHECKPOINT` first.")
        cache = np.memmap(path, np.float16, "r", shape=(len(rows), *SCORES))
        places = [place for place, photo in enumerate(photos) if photo.folder == folder]
        found[places] = cache[[rows[photos[place].name] for place in places]]
    return found
