"""Trains emotion from speech on RAVDESS: the audio input of the emotion head on frozen hidden states of Whisper's encoder.

    python -m training.speech …            trains on actors 1 to 20, seven classes, scores actors 21 and 22, keeps the head
    python -m training.speech … --folds    scores the five published folds by actor, eight classes, and keeps nothing
"""

import argparse
from pathlib import Path

import numpy as np
import torch

from .sensorium.clips import ClipStates, mixed, smoothed
from .sensorium.component import adopt, save_component
from .sensorium.emotion import INPUTS, WIDTHS, single_configuration
from .sensorium.emotions import EMOTIONS, RAVDESS_EMOTIONS, RAVDESS_FOLDS, read_clips
from .sensorium.fitting import fit, mean_answer
from .sensorium.fusion import ClassifierHead


def train(states: ClipStates, clips: np.ndarray, labels: np.ndarray, names: list[str], seed: int, options: argparse.Namespace) -> ClassifierHead:
    """A head with the audio input alone, trained on these clips."""
    teachers = [
        train(states, clips, labels, names, 1000 * seed + number, argparse.Namespace(**{**vars(options), "teachers": 0}))
        for number in range(options.teachers)
    ]
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    head = ClassifierHead(single_configuration("audio", names), WIDTHS, options.dropout).to(options.device)
    queue: list[int] = []

    def batch_of(step: int):
        while len(queue) < options.batch:
            queue.extend(random.permutation(clips).tolist())
        batch = np.array([queue.pop() for _ in range(options.batch)])
        x = states.parts(batch, options.tokens, random)
        shares = smoothed(labels[batch], len(names), options.smoothing).to(x.device)
        x, shares = mixed(x, shares, random, options.mixup)
        tokens, masks = {"audio": x}, {"audio": torch.ones(len(x), x.shape[2], dtype=torch.bool, device=x.device)}
        if teachers:
            shares = 0.3 * shares + 0.7 * mean_answer(teachers, tokens, masks)
        return tokens, masks, shares

    return fit(head, batch_of, options.steps, options.rate, decay=options.decay, weight_decay=options.weight_decay)


@torch.no_grad()
def answers(head: ClassifierHead, states: ClipStates, clips: np.ndarray) -> np.ndarray:
    """Probabilities [clips, labels] of the clips as they are."""
    rows = []
    for part in np.array_split(clips, max(1, len(clips) // 32)):
        x, mask = states.whole(part)
        rows.append(head({"audio": x}, {"audio": mask})[1]["audio"].softmax(1).cpu().numpy())
    return np.concatenate(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--work", type=Path, required=True, help="folder with speech.states; the head goes into its `speech`")
    parser.add_argument("--folds", action="store_true", help="score the five published folds")
    parser.add_argument("--steps", type=int, default=700)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--tokens", type=int, default=48, help="tokens of a clip that a step sees")
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--dropout", type=float, default=0.3)
    parser.add_argument("--smoothing", type=float, default=0.1)
    parser.add_argument("--mixup", type=float, default=0.3)
    parser.add_argument("--weight-decay", type=float, default=0.05)
    parser.add_argument("--decay", type=float, default=0.99, help="of the averaged weights")
    parser.add_argument("--teachers", type=int, default=0, help="heads of other seeds whose mean answer is most of the target")
    parser.add_argument("--layers", type=int, help="transformer layers of the input, in the place of the configuration's")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--run", default="speech", help="folder of the run in WORK: speech or speech-NAME; the best of all runs is kept")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.layers is not None:
        INPUTS["audio"]["layers"] = options.layers
    clips = read_clips(options.data)
    states = ClipStates(options.work, clips, options.device)
    actors = np.array([clip.actor for clip in clips])
    print(f"{len(clips)} clips, {states.copies} copies of each")
    if options.folds:
        labels, scores = np.array([clip.emotion for clip in clips]), []
        for fold, held in enumerate(RAVDESS_FOLDS):
            train_clips, held_clips = np.flatnonzero(~np.isin(actors, held)), np.flatnonzero(np.isin(actors, held))
            head = train(states, train_clips, labels, RAVDESS_EMOTIONS, options.seed, options)
            scores.append((answers(head, states, held_clips).argmax(1) == labels[held_clips]).mean())
            print(f"fold {fold + 1}: {scores[-1]:.4f} of {len(held_clips)}", flush=True)
        print(f"five folds, eight classes, 22 actors: {np.mean(scores):.4f}")
        return
    labels, dev = np.array([clip.of_seven for clip in clips]), np.array([clip.split == "dev" for clip in clips])
    head = train(states, np.flatnonzero(~dev), labels, EMOTIONS, options.seed, options)
    given = answers(head, states, np.flatnonzero(dev)).argmax(1)
    print(f"actors 21 and 22, seven classes: {(given == labels[dev]).mean():.4f} of {dev.sum()}")
    for label, name in enumerate(EMOTIONS):
        print(f"  {name} recall {(given == labels[dev])[labels[dev] == label].mean():.3f}")
    print("  weights of the hidden states", [round(w, 3) for w in head.inputs["audio"].state_weights.softmax(0).tolist()])
    score = (given == labels[dev]).mean()
    save_component(options.work / options.run, "emotion-audio", "head", single_configuration("audio"), head.state_dict())
    print(f"accuracy {score:.4f}" + (", the best run so far" if adopt(options.work, options.run, score) else ""))


if __name__ == "__main__":
    main()
