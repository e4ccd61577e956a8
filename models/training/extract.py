"""Step 3. Tokens of the frozen image tower, computed once and cached as float16.

Views of a photo: as it is; of Flickr8k's training photos also the mirror image and random crops (half of
them mirrored, colours varied); with --views halves and sketches (sensorium/views.py). One file `<set>.<split>.<view>.tokens` each, [photos, 81, 1280], with the photos in the order of
`photo_names`; a view whose file is complete is not computed again, one that was stopped goes on.

With --things CHECKPOINT what its head `things` says of the photos instead: `<set>.<split>.things`, logits [photos, 10, 1000] of the
whole and of nine overlapping parts (sensorium/things.py).
"""

import argparse
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import openvino
import torch
from safetensors.torch import load_file
from torch import nn
from tqdm import tqdm

from .sensorium.data import CAPTION_SETS, QUESTION_SETS, Photo, decode, photo_names, preprocess, read_files
from .sensorium.network import ImageTower
from .sensorium.things import SCORES, ThingScores, scores_path
from .sensorium.tokens import SHAPE, cache_path
from .sensorium.views import view_of

BATCH = 16
# What questions need comes first, so that step 5 can start early.
SETS = tuple(dict.fromkeys(QUESTION_SETS + CAPTION_SETS))


def image_tower(work: Path) -> ImageTower:
    tower = ImageTower()
    weights = load_file(work / "towers.safetensors")
    tower.load_state_dict({name.removeprefix("image."): t.float() for name, t in weights.items() if name.startswith("image.")})
    return tower.eval()


class OpenVinoTower:
    """The tower in OpenVINO: 1.4 times as fast as ONNX Runtime (28 photos in a CPU-second)."""

    def __init__(self, tower: nn.Module, threads: int):
        with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
            torch.onnx.export(tower, (torch.zeros(BATCH, 3, 260, 260),), file.name, input_names=["pixels"], dynamo=False)
            core = openvino.Core()
            options = {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32"}
            self.model = core.compile_model(core.read_model(file.name), "CPU", options)

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        full = np.zeros((BATCH, *pixels.shape[1:]), np.float32)
        full[: len(pixels)] = pixels
        return self.model(full)[0][: len(pixels)]


class TorchTower:
    """The tower in PyTorch, for a GPU."""

    def __init__(self, tower: nn.Module, device: str):
        self.tower, self.device = tower.to(device), device

    @torch.no_grad()
    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        return self.tower(torch.from_numpy(pixels).to(self.device)).cpu().numpy()


def batches(data: Path, split: str, photos: list[Photo], view: str, done: int, until: int) -> Iterator[tuple[list[int], np.ndarray]]:
    """The photos of the tars from number `done` to `until`."""
    rows, pixels = [], []
    for row, file in islice(read_files(data, split, photos), done, until):
        rows.append(row)
        pixels.append(preprocess(view_of(decode(file), view, row)))
        if len(rows) == BATCH:
            yield rows, np.stack(pixels)
            rows, pixels = [], []
    if rows:
        yield rows, np.stack(pixels)


def extract(data: Path, work: Path, folder: str, split: str, view: str, tower, most: int | None = None, things: bool = False) -> None:
    """`most`: stop after so many photos, of which the rest may follow. `things`: `tower` gives the scores of things, not tokens."""
    path = scores_path(work, folder, split, view) if things else cache_path(work, folder, split, view)
    if path.exists():
        return
    photos = [Photo(folder, name, []) for name in photo_names(data, folder, split)]
    partial, progress = path.with_suffix(".partial"), path.with_suffix(".progress")
    done = int(progress.read_text()) if progress.exists() else 0
    cache = np.memmap(partial, np.float16, "r+" if done else "w+", shape=(len(photos), *(SCORES if things else SHAPE)))
    until = min(most or len(photos), len(photos))
    with tqdm(total=until, initial=done, desc=f"{folder} {split} {view}", mininterval=10) as bar:
        for rows, pixels in batches(data, split, photos, view, done, until):
            cache[rows] = tower(pixels)
            done += len(rows)
            if done % (10 * BATCH) == 0 or done == until:
                cache.flush()
                progress.write_text(str(done))
            bar.update(len(rows))
    if done < until:
        raise SystemExit(f"{until - done} photos of {folder} {split} are in the tables but not in the tars")
    cache.flush()
    if done == len(photos):
        partial.rename(path)
        progress.unlink(missing_ok=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--work", type=Path, required=True, help="folder with towers.safetensors; 4 GB go into it, 1.3 GB more for the mirror images and each crop of Flickr8k")
    parser.add_argument("--mirrors", nargs="*", default=["flickr8k"], choices=SETS, help="sets whose mirror images are wanted, too")
    parser.add_argument("--crops", type=int, default=0, help="random crops of each photo of Flickr8k")
    parser.add_argument("--sets", nargs="*", default=[*SETS], choices=SETS, help="sets of photos")
    parser.add_argument("--views", nargs="*", metavar="SPLIT.VIEW", help="these views alone, such as dev.left train.half0 train.sketch0")
    parser.add_argument("--together", type=int, metavar="PHOTOS", help="with --views: so many photos of each view in turn, so that training can begin on what is there")
    parser.add_argument("--things", type=Path, metavar="CHECKPOINT", help="what its head `things` says, in place of tokens")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    arguments = parser.parse_args()
    tower = ThingScores.of(arguments.things) if arguments.things else image_tower(arguments.work)
    tower = OpenVinoTower(tower, arguments.threads) if arguments.device == "cpu" else TorchTower(tower, arguments.device)

    if arguments.views:
        names = [name.split(".", 1) for name in arguments.views]
        for folder in arguments.sets:
            longest = max(len(photo_names(arguments.data, folder, split)) for split, _ in names)
            step = arguments.together or longest
            for most in range(step, longest + step, step):
                for split, view in names:
                    extract(arguments.data, arguments.work, folder, split, view, tower, most)
        return
    is_things = arguments.things is not None
    for folder in arguments.sets:
        for split in ("dev", "train"):
            extract(arguments.data, arguments.work, folder, split, "original", tower, things=is_things)
    for folder in arguments.mirrors:
        extract(arguments.data, arguments.work, folder, "train", "mirror", tower, things=is_things)
    for index in range(arguments.crops):
        extract(arguments.data, arguments.work, "flickr8k", "train", f"crop{index}", tower)


if __name__ == "__main__":
    main()
