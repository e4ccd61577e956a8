"""Step 3. Tokens of the frozen image tower, computed once and cached as float16.

Views of a photo: as it is; for Flickr8k also its mirror image and random crops (half of them mirrored, colours varied).
One file `<split>.<view>.tokens` each, [photos, 81, 1280]; a view whose file is complete is not computed again.
"""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from PIL import Image, ImageEnhance, ImageOps
from safetensors.torch import load_file
from tqdm import tqdm

from .sensorium.data import Photo, decode, preprocess, read_files, read_photos
from .sensorium.network import ImageTower

BATCH = 16
TOKENS = (81, 1280)


def image_tower(work: Path) -> ImageTower:
    tower = ImageTower()
    weights = load_file(work / "towers.safetensors")
    tower.load_state_dict({name.removeprefix("image."): t.float() for name, t in weights.items() if name.startswith("image.")})
    return tower.eval()


class OnnxTower:
    """The tower in ONNX Runtime: on a CPU nearly three times as fast as PyTorch."""

    def __init__(self, tower: ImageTower, threads: int):
        with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
            torch.onnx.export(tower, (torch.zeros(BATCH, 3, 260, 260),), file.name, input_names=["pixels"], dynamo=False)
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = threads
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # the machine may be shared
            self.session = onnxruntime.InferenceSession(file.name, options, providers=["CPUExecutionProvider"])

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        full = np.zeros((BATCH, *pixels.shape[1:]), np.float32)
        full[: len(pixels)] = pixels
        return self.session.run(None, {"pixels": full})[0][: len(pixels)]


class TorchTower:
    """The tower in PyTorch, for a GPU."""

    def __init__(self, tower: ImageTower, device: str):
        self.tower, self.device = tower.to(device), device

    @torch.no_grad()
    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        return self.tower(torch.from_numpy(pixels).to(self.device)).cpu().numpy()


def random_view(image: Image.Image, random: np.random.Generator) -> Image.Image:
    """A crop of 70 to 100 % of the area, whose sides differ by a fifth at most, in slightly other colours."""
    area, ratio = random.uniform(0.7, 1.0), random.uniform(0.9, 1.11)
    width = min(image.width, round(image.width * np.sqrt(area * ratio)))
    height = min(image.height, round(image.height * np.sqrt(area / ratio)))
    left, top = random.integers(image.width - width + 1), random.integers(image.height - height + 1)
    image = image.crop((left, top, left + width, top + height))
    for enhancer in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        image = enhancer(image).enhance(random.uniform(0.8, 1.2))
    return ImageOps.mirror(image) if random.random() < 0.5 else image


def view_of(image: Image.Image, view: str, seed: list[int]) -> Image.Image:
    if view == "original":
        return image
    if view == "mirror":
        return ImageOps.mirror(image)
    return random_view(image, np.random.default_rng(seed))


def batches(data: Path, split: str, photos: list[Photo], view: str) -> Iterator[tuple[list[int], np.ndarray]]:
    rows, pixels = [], []
    for row, file in read_files(data, split, photos):
        rows.append(row)
        pixels.append(preprocess(view_of(decode(file), view, [row, sum(view.encode())])))
        if len(rows) == BATCH:
            yield rows, np.stack(pixels)
            rows, pixels = [], []
    if rows:
        yield rows, np.stack(pixels)


def extract(data: Path, work: Path, split: str, photos: list[Photo], view: str, tower) -> None:
    path = work / f"{split}.{view}.tokens"
    if path.exists():
        return
    partial = path.with_suffix(".partial")
    cache = np.memmap(partial, np.float16, "w+", shape=(len(photos), *TOKENS))
    done = 0
    with tqdm(total=len(photos), desc=f"{split} {view}", mininterval=10) as bar:
        for rows, pixels in batches(data, split, photos, view):
            cache[rows] = tower(pixels)
            done += len(rows)
            bar.update(len(rows))
    if done != len(photos):
        raise SystemExit(f"{len(photos) - done} photos of {split} are in the tables but not in the tars")
    cache.flush()
    partial.rename(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--work", type=Path, required=True, help="folder with towers.safetensors; 3.7 GB go into it, 1.3 GB more for each crop")
    parser.add_argument("--crops", type=int, default=0, help="random crops of each photo of Flickr8k")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    arguments = parser.parse_args()
    tower = image_tower(arguments.work)
    tower = OnnxTower(tower, arguments.threads) if arguments.device == "cpu" else TorchTower(tower, arguments.device)

    flickr = ("flickr8k",)
    extract(arguments.data, arguments.work, "dev", read_photos(arguments.data, "dev", flickr), "original", tower)
    extract(arguments.data, arguments.work, "train", read_photos(arguments.data, "train"), "original", tower)
    for view in ("mirror", *(f"crop{index}" for index in range(arguments.crops))):
        extract(arguments.data, arguments.work, "train", read_photos(arguments.data, "train", flickr), view, tower)


if __name__ == "__main__":
    main()
