"""Runs the trained face tower and text branch over what the fusion is trained on: `WORK/fusion.faces`, `WORK/fusion.texts`.

Faces: --faces of them for training, their mirror images if asked for. Texts: at most --most lines of a class. Of dev: all.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from .sensorium.branch import TextBranch, TextStates, load_text_tower
from .sensorium.component import load_component
from .sensorium.emotion import TEXT_BRANCH
from .sensorium.emotions import EMOTIONS, read_faces, read_goemotions
from .sensorium.face import FaceTower, preprocess


@torch.no_grad()
def face_tokens(tower: FaceTower, pixels: np.ndarray) -> np.ndarray:
    """[faces, 36, 256] float16."""
    device = tower.layers[0].weight.device
    parts = []
    for part in tqdm(np.array_split(pixels, max(1, len(pixels) // 256)), desc="faces", mininterval=20):
        x = preprocess(torch.from_numpy(np.ascontiguousarray(part)).to(device)).contiguous(memory_format=torch.channels_last)
        parts.append(tower(x).half().cpu().numpy())
    return np.concatenate(parts)


@torch.no_grad()
def text_tokens(branch: TextBranch, states: TextStates, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Tokens of the chosen lines one after the other, float16, and where each begins."""
    tokens: dict[int, np.ndarray] = {}
    order = chosen[np.argsort(states.lengths[chosen], kind="stable")]
    for part in tqdm(np.array_split(order, max(1, len(order) // 64)), desc="texts", mininterval=20):
        x, mask = states.whole(part)
        for text, row in zip(part, branch(x, mask).half().cpu().numpy()):
            tokens[text] = row[: states.lengths[text]]
    return np.concatenate([tokens[text] for text in chosen]), np.concatenate([[0], np.cumsum(states.lengths[chosen])])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--work", type=Path, required=True, help="folder with the components and the states of the texts")
    parser.add_argument("--faces", type=int, default=8000, help="faces for training")
    parser.add_argument("--mirrored", action="store_true", help="mirror images of them too")
    parser.add_argument("--most", type=int, default=1500, help="lines of a class for training")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    random = np.random.default_rng(0)

    config, weights = load_component(arguments.work, "face")
    tower = FaceTower(config["layout"]).to(arguments.device, memory_format=torch.channels_last)
    tower.load_state_dict(weights)
    for split in ("train", "dev"):
        pixels = read_faces(arguments.data, split).pixels
        places = np.arange(len(pixels))
        if split == "train":
            places = np.sort(random.permutation(places)[: arguments.faces])
        sides = [face_tokens(tower, pixels[places])]
        if split == "train" and arguments.mirrored:
            sides.append(face_tokens(tower, pixels[places, :, ::-1]))
        np.savez(arguments.work / f"fusion.faces.{split}.npz", tokens=np.stack(sides), places=places)

    branch = TextBranch(load_text_tower(arguments.work), TEXT_BRANCH["from_layer"], TEXT_BRANCH["layers"])
    branch.load_state_dict(load_component(arguments.work, "emotion_text")[1])
    branch.to(arguments.device)
    for split in ("train", "dev"):
        labels = np.array([line.emotion for line in read_goemotions(arguments.data, split)])
        chosen = np.arange(len(labels))
        if split == "train":
            chosen = np.sort(np.concatenate([
                random.permutation(np.flatnonzero(labels == label))[: arguments.most] for label in range(len(EMOTIONS))
            ]))
        tokens, offsets = text_tokens(branch, TextStates(arguments.work, f"goemotions.{split}", arguments.device), chosen)
        np.savez(arguments.work / f"fusion.texts.{split}.npz", tokens=tokens, offsets=offsets, labels=labels[chosen])


if __name__ == "__main__":
    main()
