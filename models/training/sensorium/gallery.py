"""All photos as bytes in memory, and their augmentation on the device that trains."""

import mmap
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from .data import IMAGE_SIZE, Photo, decode, read_files

# What forked workers read and write.
SHARED: dict = {}


def resize(rows: range) -> None:
    """Decodes the files of some rows, straight to the network's square."""
    for row in rows:
        image = decode(SHARED["files"][row]).resize((IMAGE_SIZE, IMAGE_SIZE), Image.Resampling.BICUBIC)
        SHARED["pixels"][row] = np.asarray(image).transpose(2, 0, 1)


def load_pixels(data: Path, split: str, photos: list[Photo], workers: int) -> Tensor:
    """[photos, 3, 260, 260] in uint8: what `preprocess` makes, before it is scaled. Call it before CUDA is used."""
    SHARED["files"] = dict(read_files(data, split, photos))
    size = len(photos) * 3 * IMAGE_SIZE * IMAGE_SIZE
    SHARED["pixels"] = np.frombuffer(mmap.mmap(-1, size), np.uint8).reshape(len(photos), 3, IMAGE_SIZE, IMAGE_SIZE)
    with ProcessPoolExecutor(workers, mp_context=get_context("fork")) as pool:
        list(pool.map(resize, [range(start, min(start + 64, len(photos))) for start in range(0, len(photos), 64)]))
    return torch.from_numpy(SHARED.pop("pixels"))


def scaled(pixels: Tensor) -> Tensor:
    """As the tower takes them."""
    return (pixels.float() - 127) / 128


def augmented(pixels: Tensor, mirrored: Tensor, area: float, generator: torch.Generator) -> Tensor:
    """Random crops of at least `area` whose sides differ by a sixth at most, mirrored where `mirrored` says so, in
    brightness, contrast and saturation of 0.7 to 1.3: [b, 3, 260, 260] as the tower takes them."""
    count, device = len(pixels), pixels.device

    def uniform(low: float, high: float) -> Tensor:
        return torch.rand(count, generator=generator, device=device) * (high - low) + low

    share, ratio = uniform(area, 1.0).sqrt(), uniform(0.92, 1.08)
    width, height = (share * ratio).clamp(max=1), (share / ratio).clamp(max=1)
    grid = torch.zeros(count, 2, 3, device=device)
    grid[:, 0, 0] = torch.where(mirrored, -width, width)
    grid[:, 1, 1] = height
    grid[:, 0, 2] = uniform(-1, 1) * (1 - width)
    grid[:, 1, 2] = uniform(-1, 1) * (1 - height)
    image = F.grid_sample(pixels.float(), F.affine_grid(grid, list(pixels.shape), align_corners=False), align_corners=False, padding_mode="border")
    brightness, contrast, saturation = (uniform(0.7, 1.3)[:, None, None, None] for _ in range(3))
    image = image * brightness
    mean = image.mean((1, 2, 3), keepdim=True)
    image = (image - mean) * contrast + mean
    grey = image.mean(1, keepdim=True)
    image = ((image - grey) * saturation + grey).clamp(0, 255)
    return (image - 127) / 128
