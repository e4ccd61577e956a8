"""Emotion from speech on RAVDESS: the audio tower, and voice and action units together for `ravdess-av`.

    python -m training.voice …           tunes the tower on actors 1 to 20 in seven classes, together with everyday sounds, which it must
                                         still tell apart: tower and voice input; then trains ravdess-av, on Whisper's own tower
    python -m training.voice … --folds   also scores ravdess-av on the five published folds in eight classes
    python -m training.voice … --only av leaves the tower of seven classes out

To tune the tower, the layers of Whisper's encoder are trained, its convolutions are not. Spectrograms are stretched in time and frequency,
made louder or softer, masked and mixed while training; a clip is scored as it is. A fit of it runs on the clock (--seconds).
"""

import argparse
import math
import tarfile
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .sensorium.audio import AudioTower, load_audio_tower
from .sensorium.component import load_component, save_component
from .sensorium.emotion import single_configuration
from .sensorium.emotions import EMOTIONS, RAVDESS_FOLDS, read_action_units, read_clips, read_recordings
from .sensorium.fusion import Classifier, ClassifierHead, Input, pooled
from .sensorium.probe import WEIGHTS, Reading
from .sensorium.progress import Average
from .sensorium.spectrograms import Spectrograms, States
from .sensorium.units import Witnesses

LAYERS, KINDS = 3, 50
SHORTEST, LONGEST = 208, 368


def shortened_tower(work: Path) -> AudioTower:
    """Whisper's encoder up to its third layer."""
    tower = load_audio_tower(work / "components" / "audio")
    del tower.layers[LAYERS:]
    tower.layer_norm = None
    return tower


class Voice(nn.Module):
    """Tower, the audio input of an emotion head, its answer, and an answer for sounds that is not kept."""

    def __init__(self, tower: AudioTower, labels: list[str], dropout: float):
        super().__init__()
        head = single_configuration("audio", labels)
        self.tower = tower
        self.input = Input(head, head["inputs"]["audio"], 384, dropout)
        self.alone = Classifier(2 * head["width"], head["hidden"], len(labels), dropout)
        self.sounds = nn.Linear(2 * head["width"], KINDS)
        # Hidden states have channels a hundred times larger than others: the input's projection sees them at one scale.
        self.register_buffer("mean", torch.zeros(384))
        self.register_buffer("deviation", torch.ones(384))

    @torch.no_grad()
    def measure(self, mels: list[Tensor]) -> None:
        x = torch.cat([self.tower(mel)[0, 1:].mean(0) for mel in mels])
        self.mean.copy_(x.mean(0))
        self.deviation.copy_(x.std(0))

    def vector(self, mel: Tensor) -> Tensor:
        # In training on a CPU too: with AMX a step takes half the time. A clip is scored in f32 there, as it is served.
        with torch.autocast(mel.device.type, torch.bfloat16, enabled=self.training or mel.device.type == "cuda"):
            states = self.tower(mel)[:, 1:]
        states = (states.float() - self.mean) / self.deviation
        mask = torch.ones(len(mel), states.shape[2], dtype=torch.bool, device=mel.device)
        return pooled(self.input(states, mask), mask, "mean_deviation")

    def head_weights(self) -> dict[str, Tensor]:
        """As a head on the states as they are: mean and deviation go into the projection."""
        weights = {f"inputs.audio.{name}": tensor.clone() for name, tensor in self.input.state_dict().items()}
        weight = self.input.projection.weight / self.deviation
        weights["inputs.audio.projection.weight"] = weight
        weights["inputs.audio.projection.bias"] = self.input.projection.bias - weight @ self.mean
        return weights | {f"alone.audio.{name}": tensor for name, tensor in self.alone.state_dict().items()}


class Trainer:
    def __init__(self, options: argparse.Namespace):
        self.options, self.device = options, options.device
        self.clips = read_clips(options.data)
        recordings = read_recordings(options.data)
        self.mels = Spectrograms(options.work / "voice.speech.mels", [recordings[clip.name] for clip in self.clips], options.processes, self.device)
        if not options.only:
            self.read_sounds(options)

    def read_sounds(self, options: argparse.Namespace) -> None:
        lines = (options.data / "sounds" / "sounds.tsv").read_text().splitlines()
        table = [dict(zip(("file", "split", "kind"), line.split("\t"))) for line in lines]
        kinds = sorted({row["kind"] for row in table})
        files = {}
        for split in ("train", "dev"):
            with tarfile.open(options.data / "sounds" / f"{split}.tar") as tar:
                files |= {Path(member.name).name: tar.extractfile(member).read() for member in tar if member.isfile()}
        self.sounds = Spectrograms(options.work / "voice.sounds.mels", [files[row["file"]] for row in table], options.processes, self.device)
        self.kinds = np.array([kinds.index(row["kind"]) for row in table])
        self.sounds_train = np.array([row["split"] == "train" for row in table])

    @staticmethod
    def frames(random: np.random.Generator) -> int:
        return int(random.integers(SHORTEST // 8, LONGEST // 8 + 1)) * 8

    def fit(self, chosen: np.ndarray, labels: np.ndarray, names: list[str], seed: int) -> Voice:
        options, device = self.options, self.device
        torch.manual_seed(seed)
        random = np.random.default_rng(seed)
        network = Voice(shortened_tower(options.work), names, options.dropout).to(device)
        network.measure([self.mels.whole(clip) for clip in chosen[:: max(1, len(chosen) // 100)]])
        for name, parameter in network.tower.named_parameters():
            parameter.requires_grad_(name.startswith("layers."))
        head = [p for name, p in network.named_parameters() if not name.startswith("tower.")]
        tower = [p for p in network.tower.parameters() if p.requires_grad]
        optimizer = torch.optim.AdamW([{"params": tower, "scale": 1.0}, {"params": head, "scale": options.head_scale}], weight_decay=0.03, betas=(0.9, 0.98), fused=device == "cuda")
        average, begin, queue, step, share = Average(network, options.decay), time.monotonic(), [], 0, 0.0
        targets = torch.eye(len(names), device=device)[torch.from_numpy(labels).to(device)] * 0.9 + 0.1 / len(names)
        sound_rows = np.flatnonzero(self.sounds_train)
        while share < 1:
            for group in optimizer.param_groups:
                group["lr"] = options.rate * group["scale"] * min((step + 1) / 40, 0.01 + 0.99 * (1 + math.cos(math.pi * share)) / 2)
            while len(queue) < options.batch:
                queue.extend(random.permutation(chosen).tolist())
            batch = np.array([queue.pop() for _ in range(options.batch)])
            mel, wanted = self.mels.altered(batch, self.frames(random), random), targets[torch.from_numpy(batch).to(device)]
            if random.random() < 0.5:
                weight = float(random.uniform(0.6, 1.0))
                order = torch.from_numpy(random.permutation(len(batch))).to(device)
                mel, wanted = weight * mel + (1 - weight) * mel[order], weight * wanted + (1 - weight) * wanted[order]
            network.train()
            loss = F.cross_entropy(network.alone(network.vector(mel)), wanted)
            if step % 3 == 0 and options.sounds:
                batch = random.choice(sound_rows, 24)
                kinds = torch.from_numpy(self.kinds[batch]).to(device)
                loss = loss + options.sounds * F.cross_entropy(network.sounds(network.vector(self.sounds.altered(batch, self.frames(random), random))), kinds)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_([*tower, *head], 1.0)
            optimizer.step()
            step += 1
            if step % 2 == 0:
                average.update(network)
            share = min((time.monotonic() - begin) / options.seconds, 1)
        network.load_state_dict(average.weights)
        print(f"  {step} steps, last loss {loss.item():.3f}", flush=True)
        return network.eval()

    @torch.no_grad()
    def answers(self, network: Voice, clips: np.ndarray) -> np.ndarray:
        return np.array([network.alone(network.vector(self.mels.whole(clip)))[0].argmax().item() for clip in clips])

    @torch.no_grad()
    def sounds_accuracy(self, network: Voice) -> float:
        dev = np.flatnonzero(~self.sounds_train)
        return float(np.mean([network.sounds(network.vector(self.sounds.whole(row)))[0].argmax().item() == self.kinds[row] for row in dev]))


class Together:
    """Voice and action units, and Whisper's own tower."""

    def __init__(self, trainer: Trainer, options: argparse.Namespace):
        self.units = read_action_units(options.data)
        self.units = np.stack([self.units[clip.name] for clip in trainer.clips])
        self.emotions = np.array([clip.emotion for clip in trainer.clips])
        self.actors, self.tower = np.array([clip.actor for clip in trainer.clips]), shortened_tower(options.work).to(options.device)
        self.states = States(options.work / "voice.speech.states", trainer.mels, self.tower, WEIGHTS, options.copies)
        self.witnesses = Witnesses(self.units, self.emotions, self.actors, options.members, options.steps, options.units_steps, options.inner, options.seed)
        self.mels = trainer.mels

    @torch.no_grad()
    def accuracies(self, head: ClassifierHead, mean: np.ndarray, deviation: np.ndarray, clips: np.ndarray) -> dict[str, float]:
        """Through the tower and the head as they are served."""
        right = {"both": 0, "voice": 0, "face": 0}
        for clip in clips:
            states = self.tower(self.mels.whole(clip))[:, 1:].cpu()
            units = torch.from_numpy((self.units[clip] - mean) / deviation).float()[None, None]
            for name in right:
                masks = {
                    "audio": torch.full((1, states.shape[2]), name != "face"), "features": torch.full((1, 1), name != "voice"),
                }
                right[name] += int(head({"audio": states, "features": units}, masks)[0].argmax().item() == self.emotions[clip])
        return {name: count / len(clips) for name, count in right.items()}

    def fit(self, held: tuple[int, ...]) -> tuple:
        """Head and statistics of the action units from the other actors, and the accuracies on those held out."""
        out = np.isin(self.actors, held)
        chosen = np.flatnonzero(~out)
        head, mean, deviation = self.witnesses.fit(Reading(self.states, chosen), chosen)
        return head, mean, deviation, self.accuracies(head, mean, deviation, np.flatnonzero(out))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--work", type=Path, required=True, help="folder with components/audio, as `training.audio_tower` writes it")
    parser.add_argument("--folds", action="store_true", help="also score the five published folds")
    parser.add_argument("--run", default="voice", help="folder of the run in WORK, for its components")
    parser.add_argument("--seconds", type=float, default=16, help="of a fit; on a CPU some thousands")
    parser.add_argument("--only", choices=["av"], help="only ravdess-av")
    parser.add_argument("--copies", type=int, default=6, help="altered copies of each clip for ravdess-av")
    parser.add_argument("--members", type=int, default=3, help="answers with a hidden layer, beside a linear one, that become the voice's, and so for the action units")
    parser.add_argument("--steps", type=int, default=500, help="of each of these")
    parser.add_argument("--units-steps", type=int, default=800, help="of each of the action units'")
    parser.add_argument("--inner", type=int, default=3, help="parts of the training actors, each held out once for the fusion's scales")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=2e-4, help="highest learning rate of the tower")
    parser.add_argument("--head-scale", type=float, default=5, help="the head's is so many times that")
    parser.add_argument("--dropout", type=float, default=0.3)
    parser.add_argument("--sounds", type=float, default=0.3, help="weight of the sounds' loss")
    parser.add_argument("--decay", type=float, default=0.99, help="of the averaged weights")
    parser.add_argument("--processes", type=int, default=1, help="for the spectrograms, which are computed once")
    parser.add_argument("--prepare", action="store_true", help="only the spectrograms")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    begin = time.monotonic()
    trainer, run = Trainer(options), options.work / options.run
    together = Together(trainer, options)
    if options.prepare:
        return
    dev, seven = np.array([clip.split == "dev" for clip in trainer.clips]), np.array([clip.of_seven for clip in trainer.clips])
    say = lambda text: print(f"[{time.monotonic() - begin:.0f} s] {text}", flush=True)  # noqa: E731
    say("states")

    config, _ = load_component(options.work, "audio")
    config |= {"layers": LAYERS, "final_norm": False}
    if not options.only:
        voice = trainer.fit(np.flatnonzero(~dev), seven, EMOTIONS, options.seed)
        right = trainer.answers(voice, np.flatnonzero(dev)) == seven[dev]
        say(f"actors 21 and 22, seven classes: {right.mean():.4f}; sounds dev {trainer.sounds_accuracy(voice):.4f}")
        save_component(run, "audio", "tower", config, voice.tower.state_dict())
        save_component(run, "emotion-audio", "head", single_configuration("audio"), voice.head_weights())

    listed = lambda scores: "  ".join(f"{name} {value:.4f}" for name, value in scores.items())  # noqa: E731
    head, mean, deviation, scores = together.fit((21, 22))
    say(f"ravdess-av, actors 21 and 22: {listed(scores)}")
    save_component(run, "av-audio", "tower", config, together.tower.state_dict())
    statistics = {"mean": mean.astype(float).round(5).tolist(), "deviation": deviation.astype(float).round(5).tolist()}
    save_component(run, "av-emotion", "head", together.witnesses.config | {"statistics": statistics}, head.state_dict())

    if options.folds:
        folds = []
        for held in RAVDESS_FOLDS:
            folds.append(together.fit(held)[-1])
            say(f"actors {', '.join(map(str, held))}: {listed(folds[-1])}")
        say("five folds, eight classes, 22 actors: " + listed({name: np.mean([fold[name] for fold in folds]) for name in folds[0]}))


if __name__ == "__main__":
    main()
