"""Step 17. The head `view`: whether a picture is a photo or a sketch, of the image tower's tokens.

Photos are training photos as they are, their halves, and photos without colour or contrast; sketches are the filter's of
`sensorium/sketching.py` and drawings by four other filters (`sensorium/drawings.py`). Prints how many of each kind are told
rightly on dev photos, a filter that training never saw among them, and writes the component `view`.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from tqdm import tqdm

from .extract import BATCH, OpenVinoTower, image_tower
from .sensorium.answering import WIDTHS
from .sensorium.component import save_component
from .sensorium.data import CAPTION_SETS, decode, preprocess, read_files, read_photos
from .sensorium.drawings import DRAWINGS, PALE, picture
from .sensorium.fitting import Batch, fit
from .sensorium.fusion import ClassifierHead
from .sensorium.views import view_of

LABELS = ["photo", "sketch"]
KINDS = {
    "photo": ("original", "left", *PALE),
    "sketch": ("sketch0", *DRAWINGS),
}
UNSEEN = {"photo": (), "sketch": ("canny",)}


def configuration() -> dict:
    return {
        "type": "classifier", "labels": LABELS, "width": 32, "attention_heads": 1, "feed_forward": 32, "hidden": 32,
        "layer_norm_eps": 1e-5, "inputs": {"image": {"tower": "image", "pooling": "mean"}}, "fusion": {"type": "late", "late": "mean"},
    }


def drawn(photo: Image.Image, kind: str, row: int) -> Image.Image:
    own = kind in (*DRAWINGS, *PALE, "canny")
    return picture(photo, kind, [row, sum(kind.encode())]) if own else view_of(photo, kind, row)


def tokens_of(data: Path, split: str, count: int, kinds: tuple[str, ...], tower: OpenVinoTower) -> dict[str, Tensor]:
    """Of each kind tokens [count, 81, 1280] in float16, of photos drawn from all sets."""
    photos = read_photos(data, split, CAPTION_SETS)
    chosen = [photos[place] for place in np.random.default_rng(0).permutation(len(photos))[:count]]
    pictures: dict[str, list[np.ndarray]] = {kind: [] for kind in kinds}
    for row, file in tqdm(read_files(data, split, chosen), total=count, desc=split, mininterval=10):
        photo = decode(file)
        for kind in kinds:
            pictures[kind].append(preprocess(drawn(photo, kind, row)))
    return {
        kind: torch.from_numpy(np.concatenate([tower(np.stack(images[i : i + BATCH])).astype(np.float16) for i in range(0, count, BATCH)]))
        for kind, images in pictures.items()
    }


def mask_of(tokens: Tensor) -> Tensor:
    return torch.ones(tokens.shape[:2], dtype=torch.bool)


@torch.no_grad()
def accuracy(head: ClassifierHead, tokens: Tensor, label: str) -> float:
    logits, _ = head({"image": tokens.float()}, {"image": mask_of(tokens)})
    return (logits.argmax(1) == LABELS.index(label)).float().mean().item()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--work", type=Path, required=True, help="folder with towers.safetensors")
    parser.add_argument("--photos", type=int, default=400, help="of training, each in every kind")
    parser.add_argument("--dev", type=int, default=200, help="of dev")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--kept", type=int, default=27, help="tokens of a picture in a step, of 81")
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    random = np.random.default_rng(arguments.seed)
    tower = OpenVinoTower(image_tower(arguments.work), arguments.threads)
    train = tokens_of(arguments.data, "train", arguments.photos, sum(KINDS.values(), ()), tower)

    def batch_of(step: int) -> Batch:
        """32 pictures of each label, of any kind."""
        labels = torch.arange(64) % 2
        kept = torch.from_numpy(np.sort(random.permutation(81)[: arguments.kept]))
        kinds = [random.choice(KINDS[LABELS[label]]) for label in labels.tolist()]
        tokens = torch.stack([train[kind][random.integers(arguments.photos), kept] for kind in kinds]).float()
        return {"image": tokens}, {"image": mask_of(tokens)}, torch.nn.functional.one_hot(labels, 2).float()

    head = fit(ClassifierHead(configuration(), WIDTHS, 0.1), batch_of, arguments.steps, arguments.rate, decay=0.95)
    for label in LABELS:
        kinds = KINDS[label] + UNSEEN[label]
        dev = tokens_of(arguments.data, "dev", arguments.dev, kinds, tower)
        right = [f"{kind}{' (not trained on)' if kind in UNSEEN[label] else ''} {accuracy(head, dev[kind], label):.3f}" for kind in kinds]
        print(f"{label}: " + ", ".join(right), flush=True)
    save_component(arguments.work, "view", "head", configuration(), head.state_dict())


if __name__ == "__main__":
    main()
