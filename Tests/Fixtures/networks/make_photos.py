"""Makes the photos of golden.json in the size that the image tower sees: chelsea.png, coffee.png and rocket.png.

They are sample images of scikit-image (all CC0; see ../media/SOURCES.md), resized by Pillow as models/training does, so
that the tests need neither their originals nor our resizing. golden.json has the SHA-256 of their pixels.
Written with scikit-image 0.26.0, Pillow 13.0.0:

    python Tests/Fixtures/networks/make_photos.py
"""

from pathlib import Path

import skimage
from PIL import Image

for name in ("chelsea", "coffee", "rocket"):
    photo = Image.fromarray(getattr(skimage.data, name)()).convert("RGB")
    photo = photo.resize((260, 260), Image.Resampling.BICUBIC)
    photo.save(Path(__file__).parent / f"{name}.png", optimize=True)
