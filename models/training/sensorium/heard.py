"""The cached hidden states of the everyday sounds, as batches."""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .scaling import Scaling
from .sounds import folds_of, mix_of, read_sounds

WHOLE, COPIES = "sounds.pt", "sounds.copies"
WIDTH = 384
# Tokens of an altered copy that are kept, of about 200.
TOKENS = 100


class HeardSounds:
    """What `training.sound_states` has come to. Clips are numbers in the order of the table; `states` are those that are read."""

    def __init__(self, data: Path, work: Path, states: list[int]):
        self.sounds, self.states = read_sounds(data), states
        self.kinds = sorted({sound.kind for sound in self.sounds})
        self.labels = np.array([self.kinds.index(sound.kind) for sound in self.sounds])
        self.dev = np.array([sound.split == "dev" for sound in self.sounds])
        self.folds = folds_of(self.sounds)
        whole = torch.load(work / WHOLE)
        self.clips = [clip[states] for clip in whole]
        tower_states = whole[0].shape[0]
        count = (work / COPIES).stat().st_size // (2 * tower_states * TOKENS * WIDTH)
        self.copies = [(count - row - 1) // len(self.sounds) + 1 for row in range(len(self.sounds))]
        self.altered = np.memmap(work / COPIES, np.float16, "r", shape=(count, tower_states, TOKENS, WIDTH))
        self.shares = np.zeros((count, len(self.kinds)), np.float32)
        for place in range(count):
            copy, row = divmod(place, len(self.sounds))
            mix = mix_of(row, copy, self.sounds, self.folds)
            self.shares[place, self.labels[row]] += 1 - mix.share
            self.shares[place, self.labels[mix.other]] += mix.share

    def whole(self, rows: np.ndarray) -> tuple[Tensor, Tensor]:
        """Clips as they are: states [b, s, t, 384], and the mask [b, t]."""
        parts = [self.clips[row] for row in rows]
        longest = max(part.shape[1] for part in parts)
        padded = torch.stack([F.pad(part.float(), (0, 0, 0, longest - part.shape[1])) for part in parts])
        return padded, torch.arange(longest)[None] < torch.tensor([part.shape[1] for part in parts])[:, None]

    def training(self, rows: np.ndarray, tokens: int, random: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Of each clip an altered copy, or (one in so many) a stretch of it as it is: states [b, s, tokens, 384], and label
        shares [b, kinds]. A run of tokens is masked by the mean of the clip (SpecAugment, Park 2019)."""
        parts, shares = [], []
        for row in rows:
            copy = int(random.integers(self.copies[row] + 1))
            if copy == self.copies[row]:
                clip = self.clips[row]
                drawn = np.sort(random.permutation(clip.shape[1])[:tokens])
                parts.append(clip[:, np.resize(drawn, tokens)].float())
                shares.append(np.eye(len(self.kinds), dtype=np.float32)[self.labels[row]])
            else:
                start = int(random.integers(TOKENS - tokens + 1))
                place = copy * len(self.sounds) + row
                part = self.altered[place][self.states, start : start + tokens]
                parts.append(torch.from_numpy(part.astype(np.float32)))
                shares.append(self.shares[place])
            length = int(random.integers(tokens // 4))
            first = int(random.integers(tokens - length))
            parts[-1][:, first : first + length] = parts[-1].mean(1, keepdim=True)
        return torch.stack(parts), torch.from_numpy(np.stack(shares))

    def scaling(self, rows: np.ndarray) -> Scaling:
        """Of every fifth token of these clips, the states averaged."""
        return Scaling.of(torch.cat([self.clips[row].float().mean(0)[::5] for row in rows]))
