"""Texts as the frozen text tower sees them: the last hidden state of every word piece, cached as float16."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from .network import TextTower

WIDTH = 384


class TextBank:
    """Token states of texts in a GPU's memory, computed when it is made; pieces past `longest` are not read."""

    def __init__(self, texts: Iterable[str], tower: TextTower, tokenizer: Tokenizer, device: str, longest: int = 32):
        unique = list(dict.fromkeys(texts))
        self.rows = {text: row for row, text in enumerate(unique)}
        ids = [encoding.ids[:longest] for encoding in tokenizer.encode_batch(unique)]
        lengths = torch.tensor([len(row) for row in ids])
        padded = torch.zeros(len(ids), int(lengths.max()), dtype=torch.long)
        for row, pieces in enumerate(ids):
            padded[row, : len(pieces)] = torch.tensor(pieces)
        self.lengths, self.states = lengths.to(device), torch.zeros(*padded.shape, WIDTH, dtype=torch.float16, device=device)
        with torch.no_grad():
            for start in range(0, len(ids), 2048):
                part = padded[start : start + 2048].to(device)
                mask = torch.arange(part.shape[1], device=device)[None] < self.lengths[start : start + 2048, None]
                self.states[start : start + 2048] = tower.states(part, mask).half()

    def batch(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """States [texts, longest, 384] in float32 and their mask."""
        return self.of_rows(torch.tensor([self.rows[text] for text in texts], device=self.lengths.device))

    def of_rows(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        lengths = self.lengths[rows]
        longest = int(lengths.max())
        mask = torch.arange(longest, device=lengths.device)[None] < lengths[:, None]
        return self.states[rows, :longest].float(), mask


class TextCache:
    """Token states of texts: `<name>.states` holds all rows [pieces, 384], `<name>.json` which text has which."""

    def __init__(self, work: Path, *names: str):
        self.places: dict[str, tuple[np.ndarray, int, int]] = {}
        for name in names:
            if not (work / f"{name}.json").exists():
                raise SystemExit(f"No {name}.json in {work}: run `python -m training.texts` first.")
            texts, lengths = json.loads((work / f"{name}.json").read_text())
            states = np.fromfile(work / f"{name}.states", np.float16).reshape(-1, WIDTH)
            ends = np.cumsum(lengths)
            for text, length, end in zip(texts, lengths, ends):
                self.places[text] = (states, end - length, end)

    def length(self, text: str) -> int:
        _, start, end = self.places[text]
        return int(end - start)

    def batch(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """States [texts, longest, 384] in float32 and their mask."""
        rows = [states[start:end] for states, start, end in (self.places[text] for text in texts)]
        longest = max(map(len, rows))
        states, mask = np.zeros((len(rows), longest, WIDTH), np.float32), np.zeros((len(rows), longest), bool)
        for index, row in enumerate(rows):
            states[index, : len(row)], mask[index, : len(row)] = row, True
        return torch.from_numpy(states), torch.from_numpy(mask)
