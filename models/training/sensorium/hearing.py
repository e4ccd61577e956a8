"""Sounds in the joint space: photos that show what is heard, and the figures of text to sound and of sound to photo."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .data import Photo, photo_names
from .fusion import ProjectionHead
from .matching import project_image
from .sound_phrases import names
from .tokens import BYTES, SHAPE, cache_path

# A kind counts for sound to photo if so many dev photos name its source.
ENOUGH_PHOTOS = 20
PHOTOS_LOOKED_AT, CLIPS_LOOKED_AT = 10, 5


@dataclass(frozen=True)
class PhotoVectors:
    """Vectors [photos, d] of the space, and which photos have one."""

    values: Tensor
    known: Tensor


@torch.no_grad()
def photo_vectors(head: ProjectionHead, data: Path, work: Path, split: str, photos: list[Photo]) -> PhotoVectors:
    """From the cached tokens of the photos as they are; sets whose tokens are not in `work` are left out."""
    values, known = torch.zeros(len(photos), head.projections["image"].out_features), torch.zeros(len(photos), dtype=torch.bool)
    for folder in dict.fromkeys(photo.folder for photo in photos):
        path = cache_path(work, folder, split, "original")
        if not path.exists():
            print(f"no tokens of {folder} {split}: left out")
            continue
        cache = np.memmap(path, np.float16, "r", shape=(path.stat().st_size // BYTES, *SHAPE))
        rows = {name: row for row, name in enumerate(photo_names(data, folder, split))}
        places = [place for place, photo in enumerate(photos) if photo.folder == folder]
        for start in range(0, len(places), 64):
            part = places[start : start + 64]
            tokens = torch.from_numpy(cache[[rows[photos[place].name] for place in part]])
            # Of photos that extraction has not come to there are zeros.
            part = torch.tensor(part)[computed := tokens.flatten(1).any(1)]
            if len(part):
                values[part], known[part] = project_image(head, tokens[computed].float()), True
    return PhotoVectors(values, known)


def naming(kinds: list[str], photos: list[Photo]) -> Tensor:
    """Which photos have a caption that names the source of a kind: bool [kinds, photos]."""
    return torch.tensor([[names(kind, photo.captions) for photo in photos] for kind in kinds])


def captions_naming(kind: str, photos: list[Photo], most: int) -> list[str]:
    """At most so many captions that name the source of a kind, each of another photo, spread over all photos."""
    found = []
    for photo in photos:
        named = [caption for caption in photo.captions if names(kind, [caption])]
        if named:
            found.append(named[0])
    return list(dict.fromkeys(found[:: max(1, len(found) // most)]))[:most]


@dataclass(frozen=True)
class Shown:
    """Dev photos: vectors [photos, d], and whose captions name which kind [kinds, photos]."""

    vectors: Tensor
    kinds: Tensor


def precision_at(scores: Tensor, right: Tensor, count: int) -> Tensor:
    """Of each row the share of right ones among its `count` highest: [n, items], bool [n, items] to [n]."""
    return right.gather(1, scores.topk(count, 1).indices).float().mean(1)


def figures_of(kinds: list[str], clips: Tensor, labels: np.ndarray, asked: Tensor, photos: Shown) -> dict[str, float | dict]:
    """`clips` [n, d] of the kinds `labels`; `asked` [kinds, d]: one phrase for each kind."""
    own = torch.from_numpy(labels)[None] == torch.arange(len(kinds))[:, None]
    there = own.any(1).nonzero()[:, 0]
    found = own.gather(1, (asked @ clips.T).topk(CLIPS_LOOKED_AT, 1).indices).any(1)
    # Of a random order: the share of orders with one of the kind's clips among the first.
    counts, total = own[there].sum(1).double(), len(labels)
    missed = torch.stack([(total - counts - place).clamp(min=0) / (total - place) for place in range(CLIPS_LOOKED_AT)]).prod(0)
    counted = [kind for kind in there.tolist() if photos.kinds[kind].sum() >= ENOUGH_PHOTOS]
    each, random = {}, {}
    for kind in counted:
        rows = own[kind].nonzero()[:, 0]
        right = photos.kinds[kind][None].expand(len(rows), -1)
        each[kinds[kind]] = precision_at(clips[rows] @ photos.vectors.T, right, PHOTOS_LOOKED_AT).mean().item()
        random[kinds[kind]] = photos.kinds[kind].float().mean().item()
    return {
        "text to sound": found[there].float().mean().item(), "text to sound, chance": (1 - missed).mean().item(), "phrases": len(there), "clips": total,
        "sound to photo": float(np.mean(list(each.values()))) if each else float("nan"),
        "sound to photo, chance": float(np.mean(list(random.values()))) if each else float("nan"),
        "photos": len(photos.vectors), "each": each, "each, chance": random,
    }


def print_figures(figures: dict) -> None:
    print(f"text to sound, a phrase that was not trained on: R@{CLIPS_LOOKED_AT} {figures['text to sound']:.4f} (chance {figures['text to sound, chance']:.4f}), {figures['phrases']} phrases, {figures['clips']} clips")
    print(f"sound to photo: precision at {PHOTOS_LOOKED_AT} {figures['sound to photo']:.4f} (chance {figures['sound to photo, chance']:.4f}), {len(figures['each'])} kinds, {figures['photos']} photos")
    print("  " + ", ".join(f"{kind} {value:.2f} ({figures['each, chance'][kind]:.3f})" for kind, value in figures["each"].items()), flush=True)
