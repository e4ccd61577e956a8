"""Photos as pencil sketches: the filter that training and the dev figures use.

There are no drawings in the training data, so a sketch is made from its photo, in the order in which a hand would differ
from a camera (all numbers are drawn anew for every sketch, lengths at a photo of 224 pixels):

1. lines      where a difference of Gaussians (Winnemöller 2012, XDoG) crosses from light to dark, at a fine scale of 0.6 to
              1.1 pixels, a coarse one of 1.1 to 2.2, or both
2. dropped    10 to 35 % of the connected strokes are left out, short ones first, and two or three places rubbed out
3. bent       a mesh of 8 × 8 quads whose corners moved by up to 1.5 % of the side
4. pencil     a grey of 20 to 110, pressed harder here and lighter there
5. paper      a grey of 228 to 255 with grain

Nothing of a photo's colour or shading is left. The same seed gives the same sketch.
"""

from collections.abc import Sequence

import numpy as np
from PIL import Image
from scipy import ndimage

SIZE = 224  # pixels of the longer side that the scales are meant for
QUADS = 8


def sketch(photo: Image.Image, seed: int | Sequence[int]) -> Image.Image:
    """A grey RGB picture of the photo's size."""
    random = np.random.default_rng(seed)
    scale = max(photo.size) / SIZE
    grey = np.asarray(photo.convert("L"), np.float32) / 255
    fine, coarse = random.uniform(0.6, 1.1), random.uniform(1.1, 2.2)
    scales = ([fine], [coarse], [fine, coarse])[random.integers(3)]
    strength = np.maximum.reduce([lines(grey, sigma * scale, random) for sigma in scales])
    strength = dropped(strength, scale, random)
    strength = bent(strength, random)
    strength *= 1 - random.uniform(0, 0.5) * field(strength.shape, 20 * scale, random)
    paper = random.uniform(228, 255) + random.uniform(1, 7) * ndimage.gaussian_filter(random.standard_normal(strength.shape, np.float32), 0.7)
    drawn = paper + (random.uniform(20, 110) - paper) * strength
    return Image.fromarray(drawn.clip(0, 255).astype(np.uint8)).convert("RGB")


def lines(grey: np.ndarray, sigma: float, random: np.random.Generator) -> np.ndarray:
    """How dark the pencil is, 0 to 1: XDoG with a soft threshold set so that lines cover 8 to 18 % of the paper."""
    difference = ndimage.gaussian_filter(grey, 1.6 * sigma) - ndimage.gaussian_filter(grey, sigma)
    threshold = max(float(np.quantile(difference, 1 - random.uniform(0.06, 0.14))), 0.004)
    return (difference / threshold - 0.7).clip(0, 1)


def dropped(strength: np.ndarray, scale: float, random: np.random.Generator) -> np.ndarray:
    """Without some of the strokes, and without what was rubbed out."""
    strokes, count = ndimage.label(strength > 0.15, np.ones((3, 3)))
    lengths = np.bincount(strokes.ravel(), minlength=count + 1)
    # A stroke of 60 pixels is left out half as often as a speck.
    chance = random.uniform(0.1, 0.35) * (0.5 + np.exp(-lengths / (60 * scale)))
    kept = (random.random(count + 1) > chance) & (lengths > 5 * scale)
    kept[0] = False
    strength = strength * kept[strokes]
    height, width = strength.shape
    y, x = np.ogrid[:height, :width]
    for _ in range(random.integers(2, 4)):
        radius = random.uniform(0.04, 0.12) * max(strength.shape)
        distance = np.hypot(y - random.uniform(0, height), x - random.uniform(0, width))
        strength = strength * ((distance - 0.6 * radius) / (0.4 * radius)).clip(0, 1)
    return strength.astype(np.float32)


def bent(strength: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Moved by a mesh that keeps the borders of the paper."""
    height, width = strength.shape
    corners = np.stack(np.meshgrid(np.linspace(0, width, QUADS + 1), np.linspace(0, height, QUADS + 1)), 2)
    moved = corners + random.uniform(-1, 1, corners.shape) * random.uniform(0.004, 0.015) * max(strength.shape)
    moved[[0, -1], :, 1], moved[:, [0, -1], 0] = corners[[0, -1], :, 1], corners[:, [0, -1], 0]
    mesh = []
    for row in range(QUADS):
        for column in range(QUADS):
            box = (*corners[row, column].round().astype(int), *corners[row + 1, column + 1].round().astype(int))
            # From the upper left corner down and around.
            quad = [moved[r, c] for r, c in ((row, column), (row + 1, column), (row + 1, column + 1), (row, column + 1))]
            mesh.append((tuple(int(edge) for edge in box), tuple(float(value) for corner in quad for value in corner)))
    picture = Image.fromarray((255 * strength).astype(np.uint8))
    picture = picture.transform(picture.size, Image.Transform.MESH, mesh, Image.Resampling.BILINEAR)
    return np.asarray(picture, np.float32) / 255


def field(shape: tuple[int, int], sigma: float, random: np.random.Generator) -> np.ndarray:
    """Smooth noise from 0 to 1; made small and enlarged."""
    small = random.random([max(2, round(side / sigma)) for side in shape], np.float32)
    picture = Image.fromarray((255 * small).astype(np.uint8)).resize(shape[::-1], Image.Resampling.BICUBIC)
    return np.asarray(picture, np.float32) / 255
