"""Step 15. The head `view`: whether a picture is a photo or a sketch, of the image tower's cached tokens.

Photos are the training photos and their halves, and grey ones where views grey0 are extracted; sketches are the training
sketches. Prints the accuracy on the dev photos and sketches and writes the component `view`.
"""

import argparse
from pathlib import Path

import numpy as np
import torch

from .sensorium.answering import WIDTHS
from .sensorium.component import save_component
from .sensorium.data import CAPTION_SETS
from .sensorium.fitting import Batch, fit
from .sensorium.fusion import ClassifierHead
from .sensorium.tokens import View, cache_path

LABELS = ["photo", "sketch"]


def configuration() -> dict:
    return {
        "type": "classifier", "labels": LABELS, "width": 32, "attention_heads": 1, "feed_forward": 32, "hidden": 32,
        "layer_norm_eps": 1e-5, "inputs": {"image": {"tower": "image", "pooling": "mean"}}, "fusion": {"type": "late", "late": "mean"},
    }


def label_of(view: str) -> int:
    return LABELS.index("sketch" if view.startswith("sketch") else "photo")


@torch.no_grad()
def accuracy(head: ClassifierHead, view: View, label: int) -> float:
    rows = np.flatnonzero(view.there)
    right = 0
    for start in range(0, len(rows), 64):
        tokens = view.rows(rows[start : start + 64])
        right += (head({"image": tokens}, {"image": torch.ones(tokens.shape[:2], dtype=torch.bool)})[0].argmax(1) == label).sum().item()
    return right / len(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder with tokens")
    parser.add_argument("--sets", nargs="*", default=["flickr8k"], choices=CAPTION_SETS)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--kept", type=int, default=27, help="tokens of a picture in a step, of 81")
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    work = arguments.work
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    random = np.random.default_rng(arguments.seed)
    names = lambda folder: sorted({path.name.split(".")[2] for path in work.glob(cache_path(work, folder, "train", "*").with_suffix(".*").name)})  # noqa: E731
    views = [(View(work, folder, "train", name), label_of(name)) for folder in arguments.sets for name in names(folder)]
    rows = [np.flatnonzero(view.there) for view, _ in views]
    of_label = [[place for place, (_, label) in enumerate(views) if label == wanted] for wanted in range(2)]

    def batch_of(step: int) -> Batch:
        """32 pictures of each label, of any view."""
        labels = torch.arange(64) % 2
        kept = np.sort(random.permutation(81)[: arguments.kept])
        chosen = [random.choice(of_label[label]) for label in labels.tolist()]
        tokens = torch.cat([views[place][0].rows([random.choice(rows[place])], kept) for place in chosen])
        mask = torch.ones(tokens.shape[:2], dtype=torch.bool)
        return {"image": tokens}, {"image": mask}, torch.nn.functional.one_hot(labels, 2).float()

    head = fit(ClassifierHead(configuration(), WIDTHS, 0.1), batch_of, arguments.steps, arguments.rate, decay=0.95)
    dev = {name: View(work, "flickr8k", "dev", name) for name in ("original", "left", "sketch")}
    print(", ".join(f"{name} {accuracy(head, view, label_of(name)):.4f}" for name, view in dev.items()))
    save_component(work, "view", "head", configuration(), head.state_dict())


if __name__ == "__main__":
    main()
