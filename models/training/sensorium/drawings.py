"""Pictures that the classifier of views must tell apart beside the photos and sketches that the space is trained with.

Drawings, each made of a photo by a filter other than `sketching`'s: `dodged`, shaded like a pencil drawing; `contour`, the
outlines of a blurred photo; `ink`, black strokes on white; `chalk`, light strokes on black. `canny` is one that training
does not use, for the dev figure. Photos without colour or contrast: `grey`, `faded`.
"""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter, ImageOps
from scipy import ndimage
from skimage.feature import canny

DRAWINGS = ("dodged", "contour", "ink", "chalk")
PALE = ("grey", "faded")


def picture(photo: Image.Image, kind: str, seed: int | Sequence[int]) -> Image.Image:
    """An RGB picture of the photo's size."""
    random = np.random.default_rng(seed)
    grey = photo.convert("L")
    scale = max(photo.size) / 224
    if kind == "grey":
        return grey.convert("RGB")
    if kind == "faded":
        pale = ImageEnhance.Contrast(photo).enhance(random.uniform(0.3, 0.6))
        return ImageEnhance.Brightness(pale).enhance(random.uniform(1.2, 1.6))
    if kind == "dodged":
        return dodged(grey, scale * random.uniform(3, 10)).convert("RGB")
    if kind == "contour":
        blurred = grey.filter(ImageFilter.GaussianBlur(scale * random.uniform(0.5, 1.5)))
        return ImageOps.autocontrast(blurred.filter(ImageFilter.CONTOUR), cutoff=1).convert("RGB")
    if kind == "canny":
        edges = canny(np.asarray(grey, np.float32) / 255, sigma=scale * random.uniform(1, 2))
        wide = ndimage.binary_dilation(edges, iterations=int(random.integers(0, 2))) if random.random() < 0.5 else edges
        return Image.fromarray(np.where(wide, 30, 255).astype(np.uint8)).convert("RGB")
    light, dark = (255, 0) if kind == "ink" else (20, 235)
    values = np.asarray(grey, np.float32) / 255
    sigma = scale * random.uniform(0.7, 1.6)
    difference = ndimage.gaussian_filter(values, 1.6 * sigma) - ndimage.gaussian_filter(values, sigma)
    strokes = difference > max(float(np.quantile(difference, 1 - random.uniform(0.06, 0.15))), 0.004)
    return Image.fromarray(np.where(strokes, dark, light).astype(np.uint8)).convert("RGB")


def dodged(grey: Image.Image, radius: float) -> Image.Image:
    """A photo divided by its own blur: white where it is even, shaded beside edges."""
    values = np.asarray(grey, np.float32)
    blurred = ndimage.gaussian_filter(values, radius)
    return Image.fromarray((255 * values / np.maximum(blurred, 1)).clip(0, 255).astype(np.uint8))
