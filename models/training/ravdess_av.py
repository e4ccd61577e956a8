"""Trains `models/ravdess-av`: voice (Whisper's encoder, frozen) and facial action units of the same clips to eight emotions.

    python -m training.ravdess_av … --folds           scores the five published folds by actor, both parts and each alone
    python -m training.ravdess_av … --train           trains on actors 1 to 20, scores 21 and 22, keeps the head
    python -m training.ravdess_av … --output FOLDER   writes the checkpoint from it

Whole parts are dropped at random while training, so that voice or face alone are answered too.
"""

import argparse
import shutil
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .sensorium.audio import shortened
from .sensorium.checkpoint import place_shards, split, write_json
from .sensorium.clips import LAYERS, ClipStates, mixed, smoothed
from .sensorium.component import load_component, save_component
from .sensorium.emotions import RAVDESS_EMOTIONS, RAVDESS_FOLDS, read_action_units, read_clips
from .sensorium.fitting import fit, mean_answer
from .sensorium.fusion import ClassifierHead

UNITS = 35
PARTS = {"both": ("audio", "features"), "voice": ("audio",), "face": ("features",)}
WIDTHS = {"audio": 384, "action_units": UNITS}


def head_configuration(options: argparse.Namespace) -> dict:
    return {
        "type": "classifier", "labels": RAVDESS_EMOTIONS, "width": options.width, "attention_heads": options.width // 32,
        "feed_forward": 2 * options.width, "hidden": options.width, "layer_norm_eps": 1e-5,
        "inputs": {
            "audio": {"tower": "audio", "hidden_states": [1, 2, 3], "layers": options.layers, "pooling": "mean_deviation"},
            "features": {"tower": "action_units"},
        },
        "fusion": {"type": options.fusion, "pairs": "all", "triple": False, "combine": "concat", "layers": 1},
        "task": "emotion",
    }


def statistics(units: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation over clips, which the tower's configuration states."""
    return units.mean(0), units.std(0) + 0.05


class Trainer:
    def __init__(self, data: Path, work: Path, options: argparse.Namespace):
        self.options, self.clips = options, read_clips(data)
        self.states = ClipStates(work, self.clips, options.device)
        units = read_action_units(data)
        self.units = np.stack([units[clip.name] for clip in self.clips])
        self.labels = np.array([clip.emotion for clip in self.clips])

    def train(self, chosen: np.ndarray, seed: int, teachers: int | None = None) -> tuple[ClassifierHead, np.ndarray, np.ndarray]:
        """The head, and the mean and deviation of the action units that it was trained with."""
        options = self.options
        teachers = [self.train(chosen, 1000 * seed + number, 0)[0] for number in range(options.teachers if teachers is None else teachers)]
        torch.manual_seed(seed)
        random = np.random.default_rng(seed)
        mean, deviation = statistics(self.units[chosen])
        head = ClassifierHead(head_configuration(options), WIDTHS, options.dropout).to(options.device)
        queue: list[int] = []

        def batch_of(step: int):
            while len(queue) < options.batch:
                queue.extend(random.permutation(chosen).tolist())
            batch = np.array([queue.pop() for _ in range(options.batch)])
            x = self.states.parts(batch, options.tokens, random)
            units = (self.units[batch] - mean) / deviation
            units = units + random.normal(0, options.noise, units.shape)
            shares = smoothed(self.labels[batch], len(RAVDESS_EMOTIONS), options.smoothing).to(x.device)
            both = torch.cat([x.flatten(1), torch.from_numpy(units).float().to(x.device)], 1)
            both, shares = mixed(both, shares, random, options.mixup)
            dropped = random.choice(3, len(batch), p=[1 - 2 * options.drop, options.drop, options.drop])
            dropped = torch.from_numpy(dropped).to(x.device)
            tokens = {"audio": both[:, :-UNITS].reshape(x.shape), "features": both[:, None, -UNITS:]}
            masks = {
                "audio": (dropped != 1)[:, None].expand(-1, options.tokens), "features": (dropped != 2)[:, None],
            }
            if teachers:
                shares = 0.3 * shares + 0.7 * mean_answer(teachers, tokens, masks)
            return tokens, masks, shares

        head = fit(
            head, batch_of, options.steps, options.rate, decay=options.decay, weight_decay=options.weight_decay, alone=0.5,
        )
        return head, mean, deviation

    @torch.no_grad()
    def accuracies(self, head: ClassifierHead, mean: np.ndarray, deviation: np.ndarray, clips: np.ndarray) -> dict[str, float]:
        """Of whole clips as they are, with both parts and with each alone."""
        right = dict.fromkeys(PARTS, 0)
        for part in np.array_split(clips, max(1, len(clips) // 32)):
            x, mask = self.states.whole(part)
            units = torch.from_numpy((self.units[part] - mean) / deviation).float()[:, None].to(x.device)
            for name, parts in PARTS.items():
                there = {"audio": mask & ("audio" in parts), "features": torch.full(units.shape[:2], "features" in parts, device=x.device)}
                given = head({"audio": x, "features": units}, there)[0].argmax(1).cpu().numpy()
                right[name] += int((given == self.labels[part]).sum())
        return {name: count / len(clips) for name, count in right.items()}


def tower_configuration(audio: dict, mean: np.ndarray, deviation: np.ndarray) -> dict:
    return {
        "audio": audio,
        "action_units": {
            "type": "features", "width": UNITS, "max_tokens": 1, "mean": mean.astype(float).round(5).tolist(),
            "deviation": deviation.astype(float).round(5).tolist(),
            "description": "OpenFace action units of a clip, averaged over its frames: 17 intensities (AU01_r, 02, 04, 05, 06, 07, "
            "09, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45), then 18 presences (the same and AU28_c before AU45_c)",
        },
    }


def write(folder: Path, work: Path, card: Path, config: dict, head: dict[str, Tensor]) -> None:
    """The checkpoint: the tower up to the last layer that the head reads, and the head."""
    _, kept = shortened(*load_component(work, "audio"), config["towers"]["audio"]["layers"])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    all_tensors = {f"audio.{name}": tensor for name, tensor in kept.items()} | {f"emotion.{name}": t for name, t in head.items()}
    place_shards(folder, split({name: tensor.half().contiguous() for name, tensor in all_tensors.items()}))
    write_json(folder / "config.json", config)
    shutil.copyfile(card, folder / "README.md")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--work", type=Path, required=True, help="folder with speech.states and components/audio")
    parser.add_argument("--folds", action="store_true", help="score the five published folds")
    parser.add_argument("--train", action="store_true", help="train on the actors 1 to 20")
    parser.add_argument("--run", default="ravdess-av", help="folder of the run in WORK")
    parser.add_argument("--output", type=Path, help="folder of the checkpoint")
    parser.add_argument("--card", type=Path, default=Path(__file__).parent / "ravdess_av.md", help="text of the model card")
    parser.add_argument("--fusion", default="cross_attention", help="type of the fusion")
    parser.add_argument("--width", type=int, default=192)
    parser.add_argument("--layers", type=int, default=0, help="transformer layers over the voice before the fusion")
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--tokens", type=int, default=32, help="tokens of a clip that a step sees")
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--dropout", type=float, default=0.3)
    parser.add_argument("--drop", type=float, default=0.15, help="share of the clips that lose their voice, and of those that lose their face")
    parser.add_argument("--noise", type=float, default=0.2, help="added to the action units, in deviations")
    parser.add_argument("--smoothing", type=float, default=0.1)
    parser.add_argument("--mixup", type=float, default=0.3)
    parser.add_argument("--weight-decay", type=float, default=0.05)
    parser.add_argument("--decay", type=float, default=0.99, help="of the averaged weights")
    parser.add_argument("--teachers", type=int, default=0, help="heads of other seeds whose mean answer is most of the target")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    trainer = Trainer(options.data, options.work, options)
    actors = np.array([clip.actor for clip in trainer.clips])
    if options.folds:
        scores = []
        for fold, held in enumerate(RAVDESS_FOLDS):
            trained = trainer.train(np.flatnonzero(~np.isin(actors, held)), options.seed)
            scores.append(trainer.accuracies(*trained, np.flatnonzero(np.isin(actors, held))))
            print(f"fold {fold + 1}: " + "  ".join(f"{name} {value:.4f}" for name, value in scores[-1].items()), flush=True)
        for name in PARTS:
            print(f"five folds, eight classes, 22 actors, {name}: {np.mean([score[name] for score in scores]):.4f}")
    if options.train:
        dev = np.array([clip.split == "dev" for clip in trainer.clips])
        head, mean, deviation = trainer.train(np.flatnonzero(~dev), options.seed)
        print("actors 21 and 22:", trainer.accuracies(head, mean, deviation, np.flatnonzero(dev)))
        audio, _ = load_component(options.work, "audio")
        audio |= {"layers": LAYERS, "final_norm": False}
        config = {
            "model_type": "sensorium", "name": "ravdess-av", "width": options.width,
            "towers": tower_configuration(audio, mean, deviation), "heads": {"emotion": head_configuration(options)},
        }
        save_component(options.work / options.run, "ravdess-av", "head", config, head.state_dict())
    if options.output:
        write(options.output, options.work, options.card, *load_component(options.work / options.run, "ravdess-av"))


if __name__ == "__main__":
    main()
