"""Runs the audio tower of `training.voice` over RAVDESS once: every clip as it is, and altered copies of it for training.

A copy has its silences cut to a random rest, plays at another speed (pitch and tempo together), has another loudness, some
noise, its frequencies warped (vocal tract length, Jaitly 2013) and bands of them masked (Park 2019). What is kept are the
hidden states 1 to 3 as float16: `WORK/speech.states` with `speech.states.json`. It can be stopped and goes on.
"""

import argparse
import io
import json
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import soxr
import torch
from tqdm import tqdm

from .sensorium.audio import AudioTower, load_audio_tower, log_mel, read_clip
from .sensorium.clips import LAYERS, WIDTH
from .sensorium.emotions import read_clips, read_recordings

SAVED_EVERY = 100


def trimmed(samples: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Without most of the silence at both ends: parts of 20 ms more than 35 dB below the loudest are silent."""
    energy = np.square(samples[: len(samples) // 320 * 320].reshape(-1, 320)).mean(1)
    loud = np.flatnonzero(energy > energy.max() * 10**-3.5) * 320
    before, after = random.integers(0, 8000, 2)
    return samples[max(0, loud[0] - before) : loud[-1] + 320 + after]


def altered(samples: np.ndarray, random: np.random.Generator) -> torch.Tensor:
    """Log-mel spectrogram [t, 80] of a copy."""
    samples = trimmed(samples, random)
    samples = soxr.resample(samples, 16000, int(16000 / random.uniform(0.88, 1.14)), quality="HQ")
    samples = samples * 10 ** (random.uniform(-4, 4) / 20)
    if random.random() < 0.5:
        noise = 10 ** (-random.uniform(20, 45) / 20) * np.sqrt(np.square(samples).mean())
        samples = samples + random.normal(0, noise, len(samples)).astype(np.float32)
    mel = log_mel(samples).numpy()
    places = np.clip(np.arange(80) * random.uniform(0.92, 1.08), 0, 79)
    below = np.minimum(places.astype(int), 78)
    mel = mel[:, below] * (1 - places + below) + mel[:, below + 1] * (places - below)
    if random.random() < 0.5:
        width = random.integers(4, 13)
        start = random.integers(0, 80 - width)
        mel[:, start : start + width] = mel.mean()
    return torch.from_numpy(mel.astype(np.float32))


def spectrogram(task: tuple[int, int, bytes]) -> np.ndarray:
    """Copy number, clip number, file; copy 0 is the clip as it is. float32 [t, 80]."""
    torch.set_num_threads(1)
    copy, clip, file = task
    samples = read_clip(io.BytesIO(file))
    return (altered(samples, np.random.default_rng([copy, clip])) if copy else log_mel(samples)).numpy()


@torch.no_grad()
def states(tower: AudioTower, mel: np.ndarray) -> np.ndarray:
    """[tokens, states, 384] float16 of the layers 1 to 3."""
    mel = torch.from_numpy(mel)[None].to(tower.conv1.weight.device)
    return tower(mel)[0, 1:].transpose(0, 1).half().cpu().numpy()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--work", type=Path, required=True, help="folder with voice/components")
    parser.add_argument("--copies", type=int, default=5, help="altered copies of a clip")
    parser.add_argument("--processes", type=int, default=1, help="for decoding and altering")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    tower = load_audio_tower(arguments.work / "voice" / "components" / "audio")
    tower.to(arguments.device)
    clips, recordings = read_clips(arguments.data), read_recordings(arguments.data)
    table = arguments.work / "speech.states.json"
    offsets = json.loads(table.read_text()) if table.exists() else [0]
    # First all clips as they are, then one copy of each, and so on: what is there can be trained on.
    places = range(len(offsets) - 1, len(clips) * (1 + arguments.copies))
    tasks = ((place // len(clips), place % len(clips), recordings[clips[place % len(clips)].name]) for place in places)
    with open(arguments.work / "speech.states", "ab") as file, ProcessPoolExecutor(arguments.processes, get_context("spawn")) as pool:
        file.truncate(offsets[-1] * LAYERS * WIDTH * 2)
        for place, mel in zip(tqdm(places, mininterval=20), pool.map(spectrogram, tasks, chunksize=8)):
            values = states(tower, mel)
            file.write(values.tobytes())
            offsets.append(offsets[-1] + len(values))
            if place % SAVED_EVERY == 0 or place + 1 == places.stop:
                file.flush()
                table.write_text(json.dumps(offsets))


if __name__ == "__main__":
    main()
