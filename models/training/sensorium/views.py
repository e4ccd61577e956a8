"""Views of a photo: what training sees of it beside the photo itself, and what the dev figures ask with."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from .sketching import sketch

# Views of a photo that its captions still describe, as patterns of their names.
PHOTOS = ("original", "mirror", "crop*")


def view_of(image: Image.Image, view: str, row: int) -> Image.Image:
    """The view of this name; of random ones the same for the same row.

    original, mirror; crop0, crop1, …; left, right: the halves of the dev figures; half0 and half1: two parts of one photo
    that share no pixel; sketch, the one of the dev figures, and sketch0, sketch1, ….
    """
    seed = [row, sum(view.encode())]
    if view == "original":
        return image
    if view == "mirror":
        return ImageOps.mirror(image)
    if view in ("left", "right"):
        return halves(image)[view == "right"]
    if view in ("half0", "half1"):
        # One seed for both, for together they are one cut.
        return random_halves(image, [row, sum(b"half")])[int(view[-1])]
    return sketch(image, seed) if view.startswith("sketch") else random_crop(image, seed)


def halves(image: Image.Image) -> tuple[Image.Image, Image.Image]:
    """Left and right; of an odd width the column in the middle is in neither."""
    width = image.width // 2
    return image.crop((0, 0, width, image.height)), image.crop((image.width - width, 0, image.width, image.height))


def random_halves(image: Image.Image, seed: int | Sequence[int]) -> tuple[Image.Image, Image.Image]:
    """Opposite ends of a photo, each 40 to 50 % of it, in any order: left and right, or in a quarter of the cases top and
    bottom."""
    random = np.random.default_rng(seed)
    lying = random.random() < 0.75
    side = image.width if lying else image.height
    first, second = (int(side * random.uniform(0.4, 0.5)) for _ in range(2))
    if lying:
        parts = image.crop((0, 0, first, image.height)), image.crop((side - second, 0, side, image.height))
    else:
        parts = image.crop((0, 0, image.width, first)), image.crop((0, side - second, image.width, side))
    return parts if random.random() < 0.5 else parts[::-1]


def random_crop(image: Image.Image, seed: int | Sequence[int]) -> Image.Image:
    """A crop of 70 to 100 % of the area, whose sides differ by a fifth at most, in slightly other colours; half of them
    mirrored."""
    random = np.random.default_rng(seed)
    area, ratio = random.uniform(0.7, 1.0), random.uniform(0.9, 1.11)
    width = min(image.width, round(image.width * np.sqrt(area * ratio)))
    height = min(image.height, round(image.height * np.sqrt(area / ratio)))
    left, top = random.integers(image.width - width + 1), random.integers(image.height - height + 1)
    image = image.crop((left, top, left + width, top + height))
    for enhancer in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        image = enhancer(image).enhance(random.uniform(0.8, 1.2))
    return ImageOps.mirror(image) if random.random() < 0.5 else image
