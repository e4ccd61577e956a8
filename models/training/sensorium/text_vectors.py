"""Texts as the space of a checkpoint has them: vectors [texts, dimensions] of length 1, computed once."""

import json
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from tqdm import tqdm

from .answering import WIDTHS
from .checkpoint import part, read
from .fusion import ProjectionHead
from .network import TextTower

ROWS = 4096  # word pieces in a batch
LONGEST = 256


class TextVectors:
    """Vectors of texts, kept in `WORK/text_vectors.npy` and `.json`; what is asked for and not there is computed.

    They are the checkpoint's: a space that is trained on with its text input as it was keeps them.
    """

    def __init__(self, checkpoint: Path, work: Path):
        self.checkpoint, self.file = checkpoint, work / "text_vectors.npy"
        self.rows: dict[str, int] = {}
        self.vectors = np.zeros((0, 0), np.float32)
        if self.file.exists():
            self.vectors = np.load(self.file)
            self.rows = {text: row for row, text in enumerate(json.loads(self.file.with_suffix(".json").read_text()))}

    def of(self, texts: Sequence[str]) -> Tensor:
        """[texts, dimensions]"""
        missing = [text for text in dict.fromkeys(texts) if text not in self.rows]
        if missing:
            fresh = vectors_of(self.checkpoint, missing)
            self.vectors = np.concatenate([self.vectors, fresh]) if len(self.rows) else fresh
            self.rows |= {text: len(self.rows) + place for place, text in enumerate(missing)}
            np.save(self.file, self.vectors)
            self.file.with_suffix(".json").write_text(json.dumps(list(self.rows)))
        return torch.from_numpy(self.vectors[[self.rows[text] for text in texts]])


@torch.no_grad()
def vectors_of(checkpoint: Path, texts: list[str]) -> np.ndarray:
    """Texts of one length go together, so that nothing is padding."""
    config, tensors = read(checkpoint)
    space = config["heads"]["space"]
    tower, head = TextTower(config["towers"]["text"]), ProjectionHead(space | {"inputs": {"text": space["inputs"]["text"]}}, WIDTHS)
    tower.load_state_dict(part(tensors, "text"))
    wanted, there = head.state_dict(), part(tensors, "space")
    head.load_state_dict({name: there[name] for name in wanted})
    tower.eval(), head.eval()
    tokenizer = Tokenizer.from_file(str(checkpoint / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    ids = [encoding.ids[:LONGEST] for encoding in tokenizer.encode_batch(texts)]
    order = sorted(range(len(ids)), key=lambda text: len(ids[text]))
    vectors = np.zeros((len(texts), space["dimensions"]), np.float32)
    with tqdm(total=len(texts), desc="texts", mininterval=10) as bar:
        for length, group in groupby(order, key=lambda text: len(ids[text])):
            rows, most = list(group), max(1, ROWS // length)
            for start in range(0, len(rows), most):
                chosen = rows[start : start + most]
                batch = torch.tensor([ids[row] for row in chosen])
                mask = torch.ones_like(batch, dtype=torch.bool)
                vectors[chosen] = head("text", tower.states(batch, mask), mask).numpy()
                bar.update(len(chosen))
    return vectors


def every_caption(photos: Iterable) -> list[str]:
    """All captions of photos (sensorium.data.Photo), in their order."""
    return [text for photo in photos for text in photo.captions]
