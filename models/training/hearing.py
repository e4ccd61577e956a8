"""Step 12. Puts sounds into the joint space: a clip lands near the phrases that name it.

Image and text stay as they are; the head gets a further input, `audio`: a weighted mean of the audio tower's hidden states,
mean and deviation over time, one projection. Trained on the everyday sounds alone, so speech has no place of its own there.
Rewrites the component `space`.
"""

import argparse
from pathlib import Path

import numpy as np
import soxr
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import Tensor
from tqdm import tqdm

from .sensorium.audio import SAMPLE_RATE, AudioTower, load_audio_tower, log_mel
from .sensorium.component import load_component, save_component
from .sensorium.fusion import ProjectionHead
from .sensorium.progress import Average
from .sensorium.sounds import TEMPLATES, read_samples, read_sounds
from .sensorium.texts import TextBank
from .texts import text_tower

STATES = [1, 2, 3]
AUDIO = {"tower": "audio", "hidden_states": STATES, "pooling": "mean_deviation"}


def altered(samples: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Another beginning, another speed (a tenth at most), another loudness, a little noise."""
    samples = soxr.resample(np.roll(samples, random.integers(len(samples))), SAMPLE_RATE, SAMPLE_RATE * random.uniform(0.9, 1.1), quality="HQ")
    samples = samples * 10 ** (random.uniform(-8, 4) / 20)
    return samples + random.normal(0, 10 ** random.uniform(-5, -2.5), len(samples)).astype(np.float32)


@torch.no_grad()
def states_of(tower: AudioTower, clips: list[np.ndarray], title: str) -> list[Tensor]:
    """Hidden states [3, t, 384] of every clip, in float16."""
    return [tower(log_mel(clip)[None])[0, STATES].half() for clip in tqdm(clips, desc=title, mininterval=10)]


def batch_of(states: list[Tensor], rows: np.ndarray, tokens: int | None, random: np.random.Generator) -> tuple[Tensor, Tensor]:
    """States [b, 3, t, 384] and mask; `tokens`: a random stretch of so many."""
    parts = []
    for row in rows:
        start = 0 if tokens is None else int(random.integers(max(1, states[row].shape[1] - tokens)))
        parts.append(states[row][:, start : None if tokens is None else start + tokens])
    longest = max(part.shape[1] for part in parts)
    padded = torch.stack([F.pad(part.float(), (0, 0, 0, longest - part.shape[1])) for part in parts])
    return padded, torch.arange(longest)[None] < torch.tensor([part.shape[1] for part in parts])[:, None]


@torch.no_grad()
def phrases(head: ProjectionHead, work: Path, weights: Path, kinds: list[str]) -> Tensor:
    """The mean direction of each kind's phrases, [kinds, dimensions]."""
    tokenizer = Tokenizer.from_file(str(work / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    texts = [template.format(kind=kind) for kind in kinds for template in TEMPLATES]
    bank = TextBank(texts, text_tower(weights), tokenizer, "cpu")
    vectors = head("text", *bank.batch(texts)).unflatten(0, (len(kinds), len(TEMPLATES)))
    return F.normalize(vectors.mean(1), dim=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--work", type=Path, required=True, help="folder with towers.safetensors and the components audio and space")
    parser.add_argument("--audio", type=Path, help="another audio tower than the component audio, without suffix")
    parser.add_argument("--copies", type=int, default=3, help="altered copies of every training clip")
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    random = np.random.default_rng(arguments.seed)
    sounds, work = read_sounds(arguments.data), arguments.work
    kinds = sorted({sound.kind for sound in sounds})
    samples = read_samples(arguments.data, "train") | read_samples(arguments.data, "dev")
    train, dev = ([sound for sound in sounds if sound.split == split] for split in ("train", "dev"))

    cache = work / "sounds.pt"
    if not cache.exists():
        tower = load_audio_tower(arguments.audio or work / "components" / "audio")
        clips = [samples[sound.name] for sound in train]
        clips += [altered(samples[sound.name], random) for _ in range(arguments.copies) for sound in train]
        states = {"train": states_of(tower, clips, "train"), "dev": states_of(tower, [samples[s.name] for s in dev], "dev")}
        torch.save(states, cache)
    states = torch.load(cache)
    labels = np.tile([kinds.index(sound.kind) for sound in train], len(states["train"]) // len(train))
    dev_labels = torch.tensor([kinds.index(sound.kind) for sound in dev])

    config, weights = load_component(work, "space")
    config["inputs"] = {name: source for name, source in config["inputs"].items() if name != "audio"} | {"audio": AUDIO}
    head = ProjectionHead(config, {"image": 1280, "text": 384, "audio": 384}, dropout=0.2)
    head.load_state_dict(weights, strict=False)
    directions = phrases(head.eval(), work, work, kinds)
    learned = [p for name, p in head.named_parameters() if name.startswith(("inputs.audio.", "projections.audio."))]
    optimizer = torch.optim.AdamW(learned, lr=1e-3, weight_decay=0.05)
    average = Average(head, 0.99)
    everything = np.arange(len(dev))
    for step in range(arguments.steps):
        head.train()
        rows = random.permutation(len(labels))[:48]
        heard = head("audio", *batch_of(states["train"], rows, 100, random))
        loss = F.cross_entropy(15 * heard @ directions.T, torch.from_numpy(labels[rows]), label_smoothing=0.1)
        for group in optimizer.param_groups:
            group["lr"] = 1e-3 * min((step + 1) / 30, 1 - step / arguments.steps)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        average.update(head)
        if (step + 1) % 100 == 0:
            state = {name: tensor.clone() for name, tensor in head.state_dict().items()}
            head.load_state_dict(average.weights)
            with torch.no_grad():
                ranks = (head.eval()("audio", *batch_of(states["dev"], everything, None, random)) @ directions.T).argsort(1, descending=True)
            found = ranks == dev_labels[:, None]
            print(f"step {step + 1}: loss {loss.item():.3f}, dev: phrase found {found[:, :1].any(1).float().mean():.3f}, among five {found[:, :5].any(1).float().mean():.3f}", flush=True)
            head.load_state_dict(state)
    save_component(work, "space", "head", config, average.weights)


if __name__ == "__main__":
    main()
