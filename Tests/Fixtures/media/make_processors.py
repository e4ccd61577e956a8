"""Photos resized with Pillow's other filters, and as transformers' processors prepare them before their numbers are scaled.

    python make_processors.py        # Pillow 13, transformers 5.24, numpy 2.4

Writes processors.txt: file | pillow-<filter>, or shortest-<side>-<number of the filter> | width height | FNV-1a of the pixels.
"""

from pathlib import Path

import numpy as np
from PIL import Image
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

HERE = Path(__file__).parent
FILES = ["chelsea.jpg", "rocket.jpg", "jpeg/420.jpg", "png/grey-8.png"]
FILTERS = {"nearest": 0, "lanczos": 1, "box": 4, "hamming": 5}
SIZES = [(224, 224), (33, 500), (1, 1), (319, 321), (500, 7), (90, 61)]
PROCESSED = [(224, 3, 224, 224), (50, 1, 42, 56), (60, 2, 64, 33), (31, 4, 90, 91), (45, 0, 45, 44), (40, 5, 8, 300)]


def fnv(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


lines = []
for file in FILES:
    image = Image.open(HERE / file).convert("RGB")
    for name, number in FILTERS.items():
        for size in SIZES:
            lines.append(f"{file} | pillow-{name} | {size[0]} {size[1]} | {fnv(image.resize(size, number).tobytes())}")
    for side, number, width, height in PROCESSED:
        processor = CLIPImageProcessorPil(
            size={"shortest_edge": side}, crop_size={"height": height, "width": width}, resample=number, do_rescale=False, do_normalize=False)
        pixels = np.ascontiguousarray(processor(image, return_tensors="np").pixel_values[0].transpose(1, 2, 0))
        assert pixels.dtype == np.uint8 and pixels.shape == (height, width, 3)
        lines.append(f"{file} | shortest-{side}-{number} | {width} {height} | {fnv(pixels.tobytes())}")
(HERE / "processors.txt").write_text("\n".join(lines) + "\n")
