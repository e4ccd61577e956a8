"""Step 13. The head that names everyday sounds: 50 kinds, from the hidden states of the audio tower as it is served.

    python -m training.sound …           trains on the sounds' train part, scores dev, writes the component `sound`
    python -m training.sound … --folds   scores five splits of all clips by recording, and prints their mean

The tower does not change. The shipped one was tuned on speech and, beside it, on the train part of the sounds (`training.voice`): of
its five splits four fifths of every test part are clips that it has learned, and only dev is new to it. Splits that mean something
need a tower that has heard no sound of the data: `--work` with Whisper's own (`training.audio_tower`).
"""

import argparse
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from .sensorium.component import save_component
from .sensorium.fitting import fit
from .sensorium.fusion import ClassifierHead
from .sensorium.heard import HeardSounds
from .sensorium.sounds import FOLDS

# Tokens of 20 ms that the served head reads: 15 seconds. Their positions are zeros, since training draws tokens from anywhere in a clip.
LISTENED = 750


def configuration(kinds: list[str], options: argparse.Namespace) -> dict:
    source = {"tower": "audio", "hidden_states": options.states, "pooling": "mean_deviation"}
    return {
        "type": "classifier", "labels": kinds, "width": options.width, "attention_heads": options.width // 32, "feed_forward": options.width, "hidden": options.hidden,
        "layer_norm_eps": 1e-5, "inputs": {"audio": source | ({"layers": options.layers} if options.layers else {})},
        "fusion": {"type": "late", "late": "mean"},
    }


@torch.no_grad()
def logits_of(head: ClassifierHead, heard: HeardSounds, rows: np.ndarray, scaling) -> torch.Tensor:
    parts = []
    for start in range(0, len(rows), 32):
        states, mask = heard.whole(rows[start : start + 32])
        parts.append(head({"audio": scaling(states)}, {"audio": mask})[0])
    return torch.cat(parts)


def top(logits: torch.Tensor, labels: np.ndarray, k: int) -> float:
    found = logits.topk(k, 1).indices == torch.from_numpy(labels)[:, None]
    return found.any(1).float().mean().item()


def train(heard: HeardSounds, rows: np.ndarray, options: argparse.Namespace, seed: int):
    """The head on scaled states, and the scaling."""
    torch.manual_seed(seed)
    random, scaling = np.random.default_rng(seed), heard.scaling(rows)
    head = ClassifierHead(configuration(heard.kinds, options), {"audio": 384}, options.dropout)
    queue: list[int] = []

    def batch(step: int):
        while len(queue) < options.batch:
            queue.extend(random.permutation(rows).tolist())
        chosen = np.array([queue.pop() for _ in range(options.batch)])
        states, shares = heard.training(chosen, options.tokens, random)
        states = scaling(states)
        if options.mixup:
            weight = torch.from_numpy(random.beta(options.mixup, options.mixup, len(chosen))).float().clamp(min=0.5)
            order = torch.from_numpy(random.permutation(len(chosen)))
            # Tokens of two clips side by side, as many of each as its weight says.
            swapped = torch.rand(len(chosen), options.tokens) > weight[:, None]
            states = torch.where(swapped[:, None, :, None], states[order], states)
            shares = weight[:, None] * shares + (1 - weight[:, None]) * shares[order]
        shares = shares * (1 - options.smoothing) + options.smoothing / shares.shape[1]
        return {"audio": states}, {"audio": torch.ones(len(chosen), options.tokens, dtype=torch.bool)}, shares

    return fit(head, batch, options.steps, options.rate, decay=0.99, weight_decay=options.weight_decay), scaling


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--work", type=Path, required=True, help="folder with the states of `training.sound_states`")
    parser.add_argument("--folds", action="store_true", help="five splits by recording instead")
    parser.add_argument("--states", type=int, nargs="+", default=[1, 2, 3], help="hidden states that the head reads")
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--hidden", type=int, default=192)
    parser.add_argument("--layers", type=int, default=1)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--batch", type=int, default=48)
    parser.add_argument("--tokens", type=int, default=40)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--dropout", type=float, default=0.3)
    parser.add_argument("--weight-decay", type=float, default=0.05)
    parser.add_argument("--smoothing", type=float, default=0.1)
    parser.add_argument("--mixup", type=float, default=0.5)
    parser.add_argument("--dry", action="store_true", help="print the figures, write nothing")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    heard = HeardSounds(options.data, options.work, options.states)
    print(f"{len(heard.altered)} altered copies")
    if options.folds:
        scores = []
        for fold in range(FOLDS):
            test = np.flatnonzero(heard.folds == fold)
            head, scaling = train(heard, np.flatnonzero(heard.folds != fold), options, options.seed)
            answers = logits_of(head, heard, test, scaling)
            scores.append([top(answers, heard.labels[test], k) for k in (1, 5)])
            print(f"split {fold + 1}: top 1 {scores[-1][0]:.4f}, top 5 {scores[-1][1]:.4f}, {len(test)} clips", flush=True)
        print(f"mean of five splits by recording: top 1 {np.mean(scores, 0)[0]:.4f}, top 5 {np.mean(scores, 0)[1]:.4f}")
        return
    dev = np.flatnonzero(heard.dev)
    head, scaling = train(heard, np.flatnonzero(~heard.dev), options, options.seed)
    answers = logits_of(head, heard, dev, scaling)
    print(f"dev: top 1 {top(answers, heard.labels[dev], 1):.4f}, top 5 {top(answers, heard.labels[dev], 5):.4f}, {len(dev)} clips; loss {F.cross_entropy(answers, torch.from_numpy(heard.labels[dev])):.3f}")
    if not options.dry:
        config, weights = configuration(heard.kinds, options), scaling.into(head.state_dict(), "inputs.audio.projection")
        if options.layers:
            # The layers look from every token at every other: what comes later in a long clip is not read.
            config["inputs"]["audio"]["positions"] = LISTENED
            weights["inputs.audio.positions"] = torch.zeros(LISTENED, options.width)
        save_component(options.work, "sound", "head", config, weights)


if __name__ == "__main__":
    main()
