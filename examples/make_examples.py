"""Makes the sounds and the sketch of this folder: a siren and rain out of nothing, a drawing out of a photo's edges.

Written with Python 3.11, numpy 2.4, Pillow 13.0 and soundfile 0.14 (libsndfile 1.2):

    python examples/make_examples.py
"""

from pathlib import Path

import numpy as np
import soundfile
from PIL import Image, ImageFilter

HERE = Path(__file__).resolve().parent
RATE, SECONDS = 16000, 5


def save(name: str, samples: np.ndarray) -> None:
    soundfile.write(HERE / name, (0.3 * samples / np.abs(samples).max()).astype(np.float32), RATE, format="OGG", subtype="VORBIS")


def main() -> None:
    noise = np.random.default_rng(1).standard_normal(RATE * SECONDS)
    # Rain is many drops, and many of anything are noise.
    save("rain.ogg", noise)
    time = np.arange(RATE * SECONDS) / RATE
    phase = 2 * np.pi * np.cumsum(700 + 400 * np.sin(2 * np.pi * time / 3)) / RATE
    save("siren.ogg", np.sin(phase) + 0.3 * np.sin(2 * phase) + 0.02 * noise)

    photo = Image.open(HERE / "photos" / "rocket.jpg").convert("L").filter(ImageFilter.GaussianBlur(1.2))
    down, across = np.gradient(np.asarray(photo, np.float32))
    edges = np.hypot(across, down)
    lines = np.where(edges > np.quantile(edges, 0.93), 0, 255).astype(np.uint8)
    Image.fromarray(lines).filter(ImageFilter.MedianFilter(3)).convert("1").save(HERE / "sketch.png", optimize=True)


if __name__ == "__main__":
    main()
