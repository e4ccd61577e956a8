"""Makes the images of this folder and their golden pixels.

    pip install Pillow==13.0.0 imagecodecs==2026.3.6 scikit-image==0.26.0 numpy==2.4.6
    python make_golden.py

Pillow (with libjpeg-turbo 3.2) says what the pixels are, except where the comments below say why it cannot.
Checksums in golden.txt are 64-bit FNV-1a over RGB bytes: `file | operation | width height | checksum`.
"""

import io
import os
import struct
import zlib

import imagecodecs
import numpy as np
import skimage.data
from PIL import Image, ImageOps

HERE = os.path.dirname(os.path.abspath(__file__))
golden = []


def fnv(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


def write(name, data):
    path = os.path.join(HERE, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


def note(name, operation, image):
    golden.append(f"{name} | {operation} | {image.width} {image.height} | {fnv(image.tobytes())}")


def keep(name, data, image):
    """A small file and, beside it, its pixels as raw RGB."""
    write(name, data)
    write(os.path.splitext(name)[0] + ".rgb", image.tobytes())
    note(name, "decode", image)


def opened(data):
    return Image.open(io.BytesIO(data))


def jpeg(image, **options):
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", **options)
    return buffer.getvalue()


# Photographs ------------------------------------------------------------------------------------------------------

FILTERS = {"bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC}
SIZES = [(260, 260), (224, 224), (320, 100), (33, 500), (1, 1), (319, 321), (500, 7), (700, 700)]


def photo(name, width, **options):
    source = Image.open(os.path.join(os.path.dirname(skimage.data.__file__), name)).convert("RGB")
    height = round(source.height * width / source.width)
    data = jpeg(source.resize((width, height), Image.LANCZOS), **options)
    file = name.split(".")[0] + ".jpg"
    write(file, data)
    image = opened(data).convert("RGB")
    note(file, "decode", image)
    for label, method in FILTERS.items():
        for size in SIZES:
            note(file, label, image.resize(size, method))
    # `draft` is Pillow's name for scaling inside the DCT: the size is a half, a quarter, an eighth.
    for scale in (2, 4, 8):
        scaled = opened(data)
        scaled.draft("RGB", (scaled.width // scale, scaled.height // scale))
        note(file, f"scaled {scale}", scaled.convert("RGB"))
    return image


astronaut = photo("astronaut.png", 320, quality=85)
chelsea = photo("chelsea.png", 320, quality=85, progressive=True)
coffee = photo("coffee.png", 320, quality=85, subsampling="4:2:2")
rocket = photo("rocket.jpg", 320, quality=80, subsampling="4:4:4")
for name, image in (("astronaut", astronaut), ("chelsea", chelsea)):
    image.resize((260, 260), Image.BICUBIC).save(os.path.join(HERE, f"{name}-260.png"), optimize=True)

write("golden.txt", ("\n".join(golden) + "\n").encode())
