"""Recordings as log-mel spectrograms, altered copies of them, and what the audio tower says of both."""

import io
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .audio import AudioTower, log_mel, read_clip

# Frames of a kept copy, the mean of the clips.
FRAMES = 368


def spectrogram(file: bytes) -> tuple[np.ndarray, tuple[int, int]]:
    """[t, 80], and the frames where the sound begins and ends."""
    torch.set_num_threads(1)
    samples = read_clip(io.BytesIO(file))
    energy = np.square(samples[: len(samples) // 160 * 160].reshape(-1, 160)).mean(1)
    frames = np.flatnonzero(energy > energy.max() * 10**-3.5)
    return log_mel(samples).numpy(), (int(frames[0]), int(frames[-1]) + 1)


class Spectrograms:
    """Log-mel spectrograms, padded with their last frame, on the device; `loud` is where the sound begins and ends."""

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

    def altered(
        self, clips: np.ndarray, t: int, random: np.random.Generator, tilt: float = 0, masks: tuple = ((1, 30), (1, 30), (2, 12)),
    ) -> Tensor:
        """[b, t, 80], the sound somewhere in it at another speed and pitch. `masks`: axis, and the most that is hidden of it."""
        b, device = len(clips), self.values.device
        speed, warp = random.uniform(0.85, 1.18, b), random.uniform(0.92, 1.08, b)
        begin, end = self.loud[clips].T
        room = t * speed - (end - begin)
        start = begin - random.uniform(0, 1, b) * room
        source = start[:, None] + np.arange(t) * speed[:, None]
        height, bins = self.values.shape[1], np.arange(80) * warp[:, None]
        y = torch.from_numpy(np.clip(source, 0, height - 1) / (height - 1) * 2 - 1).float().to(device)
        x = torch.from_numpy(np.clip(bins, 0, 79) / 79 * 2 - 1).float().to(device)
        grid = torch.stack([x[:, None].expand(b, t, 80), y[:, :, None].expand(b, t, 80)], 3)
        mel = F.grid_sample(self.values[torch.from_numpy(clips).to(device)][:, None], grid, align_corners=True, padding_mode="border")[:, 0]

        def strength(low: float, high: float) -> Tensor:
            return torch.from_numpy(random.uniform(low, high, (b, 1, 1))).float().to(device)

        mel = mel + strength(-0.1, 0.1) + strength(-tilt, tilt) * torch.linspace(-1, 1, 80, device=device)
        mel = mel + torch.randn_like(mel) * strength(0, 0.08)
        for axis, most in masks:
            size = mel.shape[axis]
            width, first = random.integers(0, most, b), random.integers(0, size - most, b)
            place = np.arange(size)
            masked = torch.from_numpy((place >= first[:, None]) & (place < (first + width)[:, None])).to(device)
            mel = mel.masked_fill(masked[:, :, None] if axis == 1 else masked[:, None], -0.5)
        return mel


class States:
    """A weighted mean of the tower's states, of the clips as they are and of altered copies; computed once.

    `whole[i]` [t, 384]; `copies` [copies, clips, FRAMES / 2, 384]; float16.
    """

    def __init__(self, cache: Path, spectrograms: Spectrograms, tower: AudioTower, weights: list[float], count: int):
        if not cache.exists():
            self.compute(cache, spectrograms, tower, torch.tensor(weights), count)
        self.whole, self.copies = torch.load(cache, weights_only=False, map_location="cpu", mmap=True)

    @torch.no_grad()
    def compute(self, cache: Path, mels: Spectrograms, tower: AudioTower, weights: Tensor, count: int) -> None:
        torch.manual_seed(0)
        n, device, random = len(mels.lengths), mels.values.device, np.random.default_rng(0)
        weights = weights.to(device)

        def run(mel: Tensor, fast: bool = True) -> Tensor:
            with torch.autocast(device.type, torch.bfloat16, enabled=fast):
                states = tower(mel)[:, 1:].float()
            return torch.einsum("s,bstd->btd", weights, states).half().cpu()

        whole = [run(mels.whole(clip), fast=False)[0] for clip in range(n)]
        copies = torch.empty(count, n, FRAMES // 2, 384, dtype=torch.float16)
        for copy in range(count):
            for clips in np.array_split(np.arange(n), n // 24):
                copies[copy, clips] = run(mels.altered(clips, FRAMES, random, 0.08, ((1, 24), (2, 10))))
        torch.save((whole, copies), cache)
