"""Trains the face tower on FER+ (Barsoum 2016): cross-entropy with the votes of ten people, augmentation, averaged weights.

The schedule runs on the clock: --minutes is what the machine may spend. The run can be stopped at any moment and goes on
from its last state. At its end the tower, batch norms folded in, is written as a component of the checkpoint.
"""

import argparse
import math
import time
from copy import deepcopy
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .sensorium.component import adopt, save_component
from .sensorium.emotions import EMOTIONS, Faces, read_faces
from .sensorium.face import FaceClassifier, configuration, preprocess
from .sensorium.progress import Average, Log, save_state

STATE_SECONDS = 120
# Side of the pictures from a share of the time on (Howard 2018, progressive resizing): early epochs cost less than half.
SIZES = [(0.0, 32), (0.4, 40), (0.65, 48)]
DECAY = 5e-4


def targets(faces: Faces) -> tuple[np.ndarray, np.ndarray]:
    """Places of the usable faces and their vote shares. A single vote among ten is noise (Barsoum 2016) and is dropped."""
    votes = np.where(faces.votes > 1, faces.votes, 0)
    usable = np.flatnonzero(votes.sum(1) >= 3)
    return usable, (votes[usable] / votes[usable].sum(1, keepdims=True)).astype(np.float32)


def augmented(pixels: Tensor, size: int, random: torch.Generator, strength: float) -> Tensor:
    """[b, 1, 48, 48] to [b, 1, size, size]: mirrored, turned, scaled, moved, stretched in contrast, with a rectangle cut out."""
    b = len(pixels)
    device = pixels.device
    draw = lambda *shape: torch.rand(*shape, generator=random, device=device) * 2 - 1  # noqa: E731
    angle, scale = draw(b) * 0.26 * strength, torch.exp(draw(b) * 0.18 * strength)
    flip = draw(b).sign()
    cos, sin = angle.cos() * scale, angle.sin() * scale
    shift = draw(2, b) * 0.14 * strength
    matrix = torch.stack([torch.stack([cos * flip, -sin, shift[0]], 1), torch.stack([sin * flip, cos, shift[1]], 1)], 1)
    grid = F.affine_grid(matrix, [b, 1, size, size], align_corners=False)
    pixels = F.grid_sample(pixels, grid, padding_mode="border", align_corners=False)
    gain, offset = torch.exp(draw(b, 1, 1, 1) * 0.35 * strength), draw(b, 1, 1, 1) * 0.4 * strength
    pixels = pixels * gain + offset
    side = torch.arange(size, device=device) * (48 / size)
    centre, half = draw(2, b, 1) * 24 + 24, draw(2, b, 1) * 2.5 + 6
    cut = ((side - centre[0]).abs() < half[0])[:, :, None] & ((side - centre[1]).abs() < half[1])[:, None]
    cut &= draw(b, 1, 1) < 1.2 * strength - 1
    return pixels.masked_fill(cut[:, None], 0.0)


@torch.no_grad()
def accuracy(network: torch.nn.Module, pixels: Tensor, labels: Tensor) -> tuple[float, float]:
    """Share of right answers, and the mean of the classes' recalls."""
    network.eval()
    answers = torch.cat([network(part).argmax(1) for part in pixels.split(256)])
    right = (answers == labels).float()
    return right.mean().item(), float(np.mean([right[labels == label].mean().item() for label in range(len(EMOTIONS))]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--work", type=Path, required=True, help="folder for everything computed; the run goes into its `faces`")
    parser.add_argument("--minutes", type=float, default=45)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rate", type=float, default=0.1, help="highest learning rate")
    parser.add_argument("--smoothing", type=float, default=0.05)
    parser.add_argument("--dropout", type=float, default=0.2)
    parser.add_argument("--decay", type=float, default=0.995, help="of the averaged weights")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--run", default="faces", help="folder of the run in WORK: faces or faces-NAME; the best of all runs is kept")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    device = arguments.device
    random = torch.Generator(device).manual_seed(arguments.seed)
    run = arguments.work / arguments.run

    train, dev = read_faces(arguments.data, "train"), read_faces(arguments.data, "dev")
    usable, shares = targets(train)
    pixels, shares = preprocess(torch.from_numpy(train.pixels[usable]).to(device)), torch.from_numpy(shares).to(device)
    shares = shares * (1 - arguments.smoothing) + arguments.smoothing / len(EMOTIONS)
    counted = np.flatnonzero(dev.labels >= 0)
    dev_pixels, dev_labels = (torch.from_numpy(values[counted]).to(device) for values in (dev.pixels, dev.labels))
    dev_pixels = preprocess(dev_pixels)
    print(f"{len(usable)} of {len(train.pixels)} faces to train on, {len(counted)} of {len(dev.pixels)} dev faces count")

    network = FaceClassifier(len(EMOTIONS), arguments.dropout).to(device, memory_format=torch.channels_last)
    average = Average(network, arguments.decay)
    matrices = [p for p in network.parameters() if p.dim() > 1]
    others = [p for p in network.parameters() if p.dim() == 1]
    groups = [{"params": matrices, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.SGD(groups, lr=arguments.rate, momentum=0.9, nesterov=True)
    log = Log(run, ["minutes", "step", "rate", "loss", "accuracy", "recall"])
    spent, step = 0.0, 0
    if (run / "state.pt").exists():
        state = torch.load(run / "state.pt", weights_only=False)
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        average.weights, average.steps = state["average"], state["step"]
        spent, step = state["spent"], state["step"]
        random.manual_seed(arguments.seed + step)
        print(f"resumed at step {step}, {spent / 60:.1f} minutes")

    budget, saved, losses = 60 * arguments.minutes, spent, []
    averaged, last = deepcopy(network), time.monotonic()
    while spent < budget:
        order = torch.randperm(len(pixels), generator=random, device=device)
        for batch in order[: len(order) // arguments.batch * arguments.batch].split(arguments.batch):
            share = min(spent / budget, 1)
            rate = arguments.rate * min((step + 1) / 300, 0.005 + 0.995 * (1 + math.cos(math.pi * share)) / 2)
            for group in optimizer.param_groups:
                group["lr"] = rate
            network.train()
            size = max(size for start, size in SIZES if share >= start)
            x = augmented(pixels[batch], size, random, 1.0 if share < 0.9 else 0.5)
            with torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
                logits = network(x.contiguous(memory_format=torch.channels_last))
            loss = F.cross_entropy(logits.float(), shares[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
            average.update(network)
            losses.append(loss.detach())
            now = time.monotonic()
            spent, last = spent + now - last, now
            if step % 50 == 0:
                log.add(minutes=spent / 60, step=step, rate=rate, loss=(sum(losses) / len(losses)).item())
                losses = []
            if spent - saved > STATE_SECONDS:
                saved = spent
                save_state(run / "state.pt", {
                    "network": network.state_dict(), "average": average.weights, "optimizer": optimizer.state_dict(),
                    "spent": spent, "step": step,
                })
            if spent > budget:
                break
        averaged.load_state_dict(average.weights, strict=False)
        right, recall = accuracy(averaged, dev_pixels, dev_labels)
        log.add(minutes=spent / 60, step=step, accuracy=right, recall=recall)
        torch.save(averaged.state_dict(), run / "averaged.pt")

    log.plot()
    tower = averaged.eval().tower().to(device)
    with torch.no_grad():
        logits = torch.cat([averaged.output(tower(part).mean(1)) for part in dev_pixels.split(256)])
    score = (logits.argmax(1) == dev_labels).float().mean().item()
    save_component(run, "face", "tower", configuration(), tower.state_dict())
    print(f"folded: accuracy {score:.4f}" + (", the best run so far" if adopt(arguments.work, arguments.run, score) else ""))


if __name__ == "__main__":
    main()
