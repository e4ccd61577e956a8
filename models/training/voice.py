"""Fine-tunes the audio tower for emotion from speech on RAVDESS, together with everyday sounds, which it must still tell apart.

    python -m training.voice …           trains on actors 1 to 20 in seven classes, scores actors 21 and 22: tower and voice input
    python -m training.voice … --folds   also scores the five published folds in eight classes, each from Whisper's own weights,
                                         and on each, with its tower frozen, voice and action units together (`ravdess-av`)

The layers of Whisper's encoder are trained, its convolutions are not. Spectrograms are stretched in time and frequency, made
louder or softer, masked and mixed while training; a clip is scored as it is. Every fit runs on the clock (--seconds).
"""

import argparse
import io
import math
import tarfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .sensorium.audio import AudioTower, load_audio_tower, log_mel, read_clip
from .sensorium.component import load_component, save_component
from .sensorium.emotion import single_configuration
from .sensorium.emotions import EMOTIONS, RAVDESS_EMOTIONS, RAVDESS_FOLDS, read_action_units, read_clips, read_recordings
from .sensorium.fusion import Classifier, ClassifierHead, Input, pooled
from .sensorium.progress import Average

LAYERS, KINDS = 3, 50
SHORTEST, LONGEST = 208, 368


def shortened_tower(work: Path) -> AudioTower:
    """Whisper's encoder up to its third layer."""
    tower = load_audio_tower(work / "components" / "audio")
    del tower.layers[LAYERS:]
    tower.layer_norm = None
    return tower


def spectrogram(file: bytes) -> tuple[np.ndarray, tuple[int, int]]:
    """[t, 80], and the frames where the sound begins and ends."""
    torch.set_num_threads(1)
    samples = read_clip(io.BytesIO(file))
    energy = np.square(samples[: len(samples) // 160 * 160].reshape(-1, 160)).mean(1)
    frames = np.flatnonzero(energy > energy.max() * 10**-3.5)
    return log_mel(samples).numpy(), (int(frames[0]), int(frames[-1]) + 1)


class Spectrograms:
    """Log-mel spectrograms, padded with their last frame, on the device; `loud` is where the voice begins and ends."""

    def __init__(self, cache: Path, recordings: list[bytes], processes: int, device: str):
        if not cache.exists():
            with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
                torch.save(list(pool.map(spectrogram, recordings, chunksize=16)), cache)
        parts = torch.load(cache, weights_only=False)
        mels, self.loud = [torch.from_numpy(mel) for mel, _ in parts], np.array([loud for _, loud in parts])
        self.lengths = np.array([len(mel) for mel in mels])
        self.values = torch.zeros(len(mels), self.lengths.max(), 80)
        for row, mel in zip(self.values, mels):
            row[: len(mel)] = mel
            row[len(mel) :] = mel[-1]
        self.values = self.values.to(device)

    def whole(self, clip: int) -> Tensor:
        return self.values[clip : clip + 1, : self.lengths[clip]]

    def altered(self, clips: np.ndarray, random: np.random.Generator, device: str) -> Tensor:
        """[b, t, 80] with one random t for the batch: the voice somewhere in it, at another speed and pitch."""
        b, t = len(clips), int(random.integers(SHORTEST // 8, LONGEST // 8 + 1)) * 8
        speed, warp = random.uniform(0.85, 1.18, b), random.uniform(0.92, 1.08, b)
        begin, end = self.loud[clips].T
        room = t * speed - (end - begin)
        start = begin - random.uniform(0, 1, b) * np.maximum(room, 0) + np.where(room < 0, -room * random.uniform(0, 1, b), 0)
        source = start[:, None] + np.arange(t) * speed[:, None]
        height, bins = self.values.shape[1], np.arange(80) * warp[:, None]
        y = torch.from_numpy(np.clip(source, 0, height - 1) / (height - 1) * 2 - 1).float().to(device)
        x = torch.from_numpy(np.clip(bins, 0, 79) / 79 * 2 - 1).float().to(device)
        grid = torch.stack([x[:, None].expand(b, t, 80), y[:, :, None].expand(b, t, 80)], 3)
        mel = F.grid_sample(self.values[torch.from_numpy(clips).to(device)][:, None], grid, align_corners=True, padding_mode="border")[:, 0]
        mel = mel + torch.from_numpy(random.uniform(-0.1, 0.1, (b, 1, 1))).float().to(device)
        mel = mel + torch.randn_like(mel) * torch.from_numpy(random.uniform(0, 0.08, (b, 1, 1))).float().to(device)
        for axis, size, most in ((1, t, 30), (1, t, 30), (2, 80, 12)):
            width, first = random.integers(0, most, b), random.integers(0, size - most, b)
            place = np.arange(size)
            masked = torch.from_numpy((place >= first[:, None]) & (place < (first + width)[:, None])).to(device)
            mel = mel.masked_fill(masked[:, :, None] if axis == 1 else masked[:, None], -0.5)
        return mel


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
        with torch.autocast(mel.device.type, torch.bfloat16, enabled=mel.device.type == "cuda"):
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
            mel, wanted = self.mels.altered(batch, random, device), targets[torch.from_numpy(batch).to(device)]
            if random.random() < 0.5:
                weight = float(random.uniform(0.6, 1.0))
                order = torch.from_numpy(random.permutation(len(batch))).to(device)
                mel, wanted = weight * mel + (1 - weight) * mel[order], weight * wanted + (1 - weight) * wanted[order]
            network.train()
            loss = F.cross_entropy(network.alone(network.vector(mel)), wanted)
            if step % 3 == 0 and options.sounds:
                batch = random.choice(sound_rows, 24)
                kinds = torch.from_numpy(self.kinds[batch]).to(device)
                loss = loss + options.sounds * F.cross_entropy(network.sounds(network.vector(self.sounds.altered(batch, random, device))), kinds)
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
    """Voice and action units on a tower that is no longer trained."""

    def __init__(self, trainer: Trainer, options: argparse.Namespace):
        self.trainer, self.options = trainer, options
        units = read_action_units(options.data)
        self.units = np.stack([units[clip.name] for clip in trainer.clips])

    def configuration(self) -> dict:
        head = single_configuration("audio", RAVDESS_EMOTIONS)
        return head | {
            "inputs": head["inputs"] | {"features": {"tower": "action_units"}},
            "fusion": {"type": self.options.fusion, "pairs": "all", "triple": False, "combine": "concat", "layers": 1},
        }

    def fit(self, voice: Voice, chosen: np.ndarray, labels: np.ndarray, seed: int) -> tuple[ClassifierHead, np.ndarray, np.ndarray]:
        options, device, mels = self.options, self.trainer.device, self.trainer.mels
        torch.manual_seed(seed)
        random = np.random.default_rng(seed)
        mean, deviation = self.units[chosen].mean(0), self.units[chosen].std(0) + 0.05
        head = ClassifierHead(self.configuration(), {"audio": 384, "action_units": 35}, options.dropout)
        head.load_state_dict({name: tensor.cpu() for name, tensor in voice.head_weights().items()}, strict=False)
        head.to(device)
        kept = [p for name, p in head.named_parameters() if name.startswith(("inputs.audio.", "alone.audio."))]
        for parameter in kept:
            parameter.requires_grad_(False)
        trained = [p for p in head.parameters() if p.requires_grad]
        optimizer = torch.optim.AdamW(trained, weight_decay=0.05, betas=(0.9, 0.98), fused=device == "cuda")
        average, begin, queue, step, share = Average(head, 0.99), time.monotonic(), [], 0, 0.0
        targets = torch.eye(8, device=device)[torch.from_numpy(labels).to(device)] * 0.9 + 0.1 / 8
        while share < 1:
            for group in optimizer.param_groups:
                group["lr"] = 1e-3 * min((step + 1) / 40, 0.01 + 0.99 * (1 + math.cos(math.pi * share)) / 2)
            while len(queue) < options.batch:
                queue.extend(random.permutation(chosen).tolist())
            batch = np.array([queue.pop() for _ in range(options.batch)])
            with torch.no_grad(), torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
                states = voice.tower(mels.altered(batch, random, device))[:, 1:]
            states = states.float()
            units = (self.units[batch] - mean) / deviation + random.normal(0, 0.3, (len(batch), 35))
            units, wanted = torch.from_numpy(units).float().to(device)[:, None], targets[torch.from_numpy(batch).to(device)]
            dropped = torch.from_numpy(random.choice(3, len(batch), p=[0.8, 0.08, 0.12])).to(device)
            masks = {"audio": (dropped != 1)[:, None].expand(-1, states.shape[2]), "features": (dropped != 2)[:, None]}
            head.train()
            logits, alone = head({"audio": states, "features": units}, masks)
            loss = F.cross_entropy(logits, wanted) + 0.5 * F.cross_entropy(alone["features"], wanted)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(trained, 1.0)
            optimizer.step()
            step += 1
            average.update(head)
            share = min((time.monotonic() - begin) / options.fusion_seconds, 1)
        head.load_state_dict(average.weights)
        return head.eval(), mean, deviation

    @torch.no_grad()
    def accuracies(self, voice: Voice, head: ClassifierHead, mean: np.ndarray, deviation: np.ndarray, clips: np.ndarray, labels: np.ndarray) -> dict[str, float]:
        right = {"both": 0, "voice": 0, "face": 0}
        for clip in clips:
            states = voice.tower(self.trainer.mels.whole(clip))[:, 1:]
            units = torch.from_numpy((self.units[clip] - mean) / deviation).float().to(states.device)[None, None]
            for name in right:
                masks = {
                    "audio": torch.full((1, states.shape[2]), name != "face", device=states.device),
                    "features": torch.full((1, 1), name != "voice", device=states.device),
                }
                right[name] += int(head({"audio": states, "features": units}, masks)[0].argmax().item() == labels[clip])
        return {name: count / len(clips) for name, count in right.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--work", type=Path, required=True, help="folder with components/audio, as `training.audio_tower` writes it")
    parser.add_argument("--folds", action="store_true", help="also score the five published folds")
    parser.add_argument("--run", default="voice", help="folder of the run in WORK, for its components")
    parser.add_argument("--seconds", type=float, default=16, help="of a fit; on a CPU some thousands")
    parser.add_argument("--fusion-seconds", type=float, default=6, help="of a fit of voice and action units")
    parser.add_argument("--fusion", default="cross_attention", help="type of the fusion of voice and action units")
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
    if options.prepare:
        return
    together = Together(trainer, options)
    actors, dev = np.array([clip.actor for clip in trainer.clips]), np.array([clip.split == "dev" for clip in trainer.clips])
    seven, eight = (np.array([getattr(clip, name) for clip in trainer.clips]) for name in ("of_seven", "emotion"))
    say = lambda text: print(f"[{time.monotonic() - begin:.0f} s] {text}", flush=True)  # noqa: E731
    say("spectrograms")

    voice = trainer.fit(np.flatnonzero(~dev), seven, EMOTIONS, options.seed)
    right = trainer.answers(voice, np.flatnonzero(dev)) == seven[dev]
    say(f"actors 21 and 22, seven classes: {right.mean():.4f}; sounds dev {trainer.sounds_accuracy(voice):.4f}")
    config, _ = load_component(options.work, "audio")
    config |= {"layers": LAYERS, "final_norm": False}
    save_component(run, "audio", "tower", config, voice.tower.state_dict())
    save_component(run, "emotion-audio", "head", single_configuration("audio"), voice.head_weights())

    voice = trainer.fit(np.flatnonzero(~dev), eight, RAVDESS_EMOTIONS, options.seed)
    head, mean, deviation = together.fit(voice, np.flatnonzero(~dev), eight, options.seed)
    say(f"ravdess-av, actors 21 and 22: {together.accuracies(voice, head, mean, deviation, np.flatnonzero(dev), eight)}")
    save_component(run, "av-audio", "tower", config, voice.tower.state_dict())
    statistics = {"mean": mean.astype(float).round(5).tolist(), "deviation": deviation.astype(float).round(5).tolist()}
    save_component(run, "av-emotion", "head", together.configuration() | {"statistics": statistics}, head.state_dict())

    if options.folds:
        scores = []
        for held in RAVDESS_FOLDS:
            train, test = np.flatnonzero(~np.isin(actors, held)), np.flatnonzero(np.isin(actors, held))
            voice = trainer.fit(train, eight, RAVDESS_EMOTIONS, options.seed)
            right = (trainer.answers(voice, test) == eight[test]).mean()
            head, mean, deviation = together.fit(voice, train, eight, options.seed)
            scores.append({"voice tower": right} | together.accuracies(voice, head, mean, deviation, test, eight))
            say("  ".join(f"{name} {value:.4f}" for name, value in scores[-1].items()))
        say("five folds, eight classes, 22 actors: " + "  ".join(f"{name} {np.mean([s[name] for s in scores]):.4f}" for name in scores[0]))


if __name__ == "__main__":
    main()
