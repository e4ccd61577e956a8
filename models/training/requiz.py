"""After `training.joint`, on a GPU: the VQA head again, by itself, on tokens of the tuned tower that are computed once.

Adds what joint training has not: questions whether a whole caption fits a photo (its own, or one of another photo, half of
the time with the same subject), and questions about sides, whose words are exchanged when the photo is mirrored. Several heads
that differ in dropout learn side by side; the one that is best on dev goes as a piece into --output.
"""

import argparse
import time
from copy import deepcopy
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .joint import Material, Network, say
from .sensorium.answering import WIDTHS, answer, answers_of, encode_image, figures, vqa_config
from .sensorium.data import Photo, read_photos
from .sensorium.fusion import ClassifierHead
from .sensorium.gallery import scaled
from .sensorium.generation import subject, words_of
from .sensorium.pieces import load_pieces, save_pieces
from .sensorium.progress import Average
from .sensorium.questions import Question, exchanged
from .sensorium.run import parameter_groups

TARGETS = {"COCO-QA": 0.44, "yes/no": 0.62, "DAQUAR": 0.28}


def asked(caption: str) -> str | None:
    words = words_of(caption)
    if not 4 <= len(words) <= 16 or words[0] in ("the", "there", "this"):
        return None
    return f"{'are these' if words[0] not in ('a', 'an', 'one') else 'is this'} {' '.join(words)}?"


def matching(photos: list[Photo], each: int, random: np.random.Generator) -> list[Question]:
    """As many questions with yes as with no, about captions of the photo and of others of its set."""
    captions = [(index, text) for index, photo in enumerate(photos) for text in photo.captions]
    by_subject: dict[tuple[str, str], list[tuple[int, str]]] = {}
    by_set: dict[str, list[tuple[int, str]]] = {}
    for index, text in captions:
        found = subject(words_of(text))
        if found:
            by_subject.setdefault((photos[index].folder, found[1]), []).append((index, text))
        by_set.setdefault(photos[index].folder, []).append((index, text))
    made = []
    for index, photo in enumerate(photos):
        for place in random.permutation(len(photo.captions))[:each]:
            own = photo.captions[place]
            found = subject(words_of(own))
            alike = by_subject.get((photo.folder, found[1]), []) if found and random.random() < 0.5 else []
            pool = alike if len(alike) > 3 else by_set[photo.folder]
            other, foreign = pool[random.integers(len(pool))]
            if other == index or not (texts := (asked(own), asked(foreign)))[0] or not texts[1]:
                continue
            made += [Question(photo.folder, photo.name, text, (label,), "yes/no", "captions") for text, label in zip(texts, ("yes", "no"))]
    return made


class Bank:
    """All training questions as tensors, and batches of them."""

    def __init__(self, material: Material, arguments: argparse.Namespace):
        self.material, self.random = material, np.random.default_rng(arguments.seed)
        self.of_photo: list[tuple[np.ndarray, np.ndarray]] = []  # real, generated questions of each photo
        questions = []
        for rows in material.quiz.questions:
            numbers = np.arange(len(questions), len(questions) + len(rows))
            made = np.array([q.source == "captions" for q in rows])
            self.of_photo.append((numbers[~made], numbers[made]))
            questions += rows
        device, rows = material.device, material.questions.rows
        self.texts = torch.tensor([[rows[q.text], rows[exchanged(q.text)]] for q in questions], device=device)
        labels = [[material.quiz.index[a] for a in q.answers if a in material.quiz.index][:4] for q in questions]
        self.labels = torch.tensor([(row * 4)[:4] if len(row) in (1, 2, 4) else (row + row[:1])[:4] for row in labels], device=device)
        # DAQUAR and real questions matter most; photos of Flickr8k come with a third.
        self.photos = np.arange(len(self.of_photo))
        self.share = np.array([0.35 if photo.folder == "flickr8k" else 1.0 for photo in material.quiz.photos])

    def epoch(self, size: int, generated: int):
        chosen = self.random.permutation(self.photos[self.random.random(len(self.photos)) < self.share])
        for start in range(0, len(chosen) - size // 2, size):
            photos = chosen[start : start + size]
            numbers, of = [], []
            for place, photo in enumerate(photos):
                real, made = self.of_photo[photo]
                picked = np.concatenate([real, self.random.permutation(made)[:generated]])
                numbers.append(picked)
                of.append(np.full(len(picked), place))
            yield photos, np.concatenate(numbers), np.concatenate(of)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--weights", type=Path, required=True, help="as for joint")
    parser.add_argument("--pieces", type=Path, required=True, help="what joint's --output was")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=60, help="of training, after the loading")
    parser.add_argument("--dropouts", type=float, nargs="*", default=[0.25, 0.4])
    parser.add_argument("--batch", type=int, default=256, help="photos")
    parser.add_argument("--generated", type=int, default=4, help="generated questions of a photo in an epoch")
    parser.add_argument("--rate", type=float, default=6e-4)
    parser.add_argument("--smoothing", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--workers", type=int, default=12)
    parser.add_argument("--device", default="cuda", choices=["cpu", "cuda"])
    parser.add_argument("--smoke", action="store_true")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    arguments.dropout = 0.2
    torch.manual_seed(arguments.seed)
    torch.backends.cudnn.benchmark = True
    device = arguments.device

    more = matching(read_photos(arguments.data, "train"), 2, np.random.default_rng(arguments.seed))
    material = Material(arguments, more)
    network = Network(arguments.weights, material, 0.2)
    network.tower.load_state_dict({name: tensor.float() for name, tensor in load_pieces(arguments.pieces, "image").items()})
    network = network.to(device).eval()
    say(f"{len(material.quiz.photos)} photos, {sum(map(len, material.quiz.questions))} questions, {len(more)} of them whether a caption fits")

    @torch.no_grad()
    def tokens(pixels: Tensor, rows: Tensor, mirrored: bool) -> Tensor:
        parts = []
        for start in range(0, len(rows), 256):
            batch = scaled(pixels[rows[start : start + 256]])
            with torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
                parts.append(network.tokens(batch.flip(3) if mirrored else batch, learn=False).half())
        return torch.cat(parts)

    views = [tokens(material.pixels, material.quiz_rows, mirrored) for mirrored in (False, True)]
    dev_tokens = tokens(material.dev_pixels, material.dev_quiz_rows, False)
    bank = Bank(material, arguments)
    say("tokens are there")
    heads = [ClassifierHead(vqa_config(material.labels), WIDTHS, dropout).to(device) for dropout in arguments.dropouts]
    if arguments.smoke:
        arguments.seconds = 4
    else:
        for head in heads:
            start_weights = load_pieces(arguments.pieces, "vqa")
            # The adapters go on from joint training, the fusion begins anew.
            head.load_state_dict({name: t.float() for name, t in start_weights.items() if name.startswith("inputs.")}, strict=False)
    groups = [group for head in heads for group in parameter_groups(head, arguments.rate)]
    optimizer = torch.optim.AdamW(groups, lr=arguments.rate, betas=(0.9, 0.98), fused=device == "cuda")
    averages = [Average(head, 0.995) for head in heads]
    best, start, step = -1.0, time.monotonic(), 0
    checks = [0.35, 0.5, 0.65, 0.8, 0.9]

    def check() -> None:
        nonlocal best
        for head, average, dropout in zip(heads, averages, arguments.dropouts):
            averaged = deepcopy(head)
            averaged.load_state_dict(average.weights)
            averaged.eval()
            questions, fused, alone = answers_of(averaged, material.dev_quiz, lambda a, b: dev_tokens[a:b].float(), material.questions, material.labels)
            result = figures(questions + material.lost, fused + [""] * len(material.lost))
            blind = figures(questions + material.lost, alone["question"] + [""] * len(material.lost))
            value = sum(min(result.get(name, 0) - target, 0.02) for name, target in TARGETS.items())
            say(f"step {step}, dropout {dropout}, {value:.4f}: " + "  ".join(f"{name} {figure:.4f} ({blind[name]:.4f})" for name, figure in result.items()))
            if value > best or best == -1.0:
                best = value
                save_pieces(arguments.output, "vqa", average.weights)

    done = False
    while not done:
        for photos, numbers, of in bank.epoch(arguments.batch, arguments.generated):
            share = (time.monotonic() - start) / arguments.seconds
            if share >= 1:
                done = True
                break
            mirrored = bank.random.random(len(photos)) < 0.5
            rows, flags = torch.from_numpy(photos).to(device), torch.from_numpy(mirrored).to(device)
            numbers, photo_of = torch.from_numpy(numbers).to(device), torch.from_numpy(of).to(device)
            seen = torch.where(flags[:, None, None], views[1][rows], views[0][rows]).float()
            states, mask = material.questions.of_rows(bank.texts[numbers].gather(1, flags[photo_of].long()[:, None])[:, 0])
            labels = bank.labels[numbers]
            targets = torch.zeros(len(numbers), len(material.labels), device=device).scatter_add_(1, labels, torch.full(labels.shape, 0.25, device=device))
            targets = targets * (1 - arguments.smoothing) + arguments.smoothing / len(material.labels)
            chance = torch.rand(len(numbers), device=device)
            parts = torch.stack([chance >= 0.05, (chance < 0.05) | (chance >= 0.1)], 1).float()
            loss = 0
            for head in heads:
                head.train()
                with torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
                    logits, alone = answer(head, encode_image(head.inputs["image"], seen), photo_of, states, mask, parts)
                loss = loss + sum(F.cross_entropy(values.float(), targets) for values in (logits, *alone.values()))
            rate = arguments.rate * min((step + 1) / 100, 0.02 + 0.98 * (1 + np.cos(np.pi * share)) / 2)
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            for head, average in zip(heads, averages):
                torch.nn.utils.clip_grad_norm_(head.parameters(), 1.0)
            optimizer.step()
            for head, average in zip(heads, averages):
                average.update(head)
            step += 1
            if checks and share > checks[0]:
                checks.pop(0)
                check()
    check()
    say("done")


if __name__ == "__main__":
    main()
