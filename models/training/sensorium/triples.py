"""Face + voice + text of the same emotion, put together across sets: no such recordings exist in the training data.

A triple is a FER+ face (most votes), a RAVDESS clip (calm is neutral) and a GoEmotions line with one Ekman class, drawn
independently of each other among those with the same label; every label is equally frequent.
"""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .clips import ClipStates
from .emotions import EMOTIONS, read_clips, read_faces

PARTS = ("image", "audio", "text")
SUBSETS = [("image",), ("audio",), ("text",), ("image", "audio"), ("image", "text"), ("audio", "text"), PARTS]
# Triples of a label that the figures are measured on.
DEV_TRIPLES = 100


def draw_triples(labels: dict[str, np.ndarray], each: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Places in the three sets [triples, 3] and the label of each triple."""
    random = np.random.default_rng(seed)
    triples, drawn = [], []
    for label in range(len(EMOTIONS)):
        columns = [random.choice(np.flatnonzero(labels[part] == label), each) for part in PARTS]
        triples.append(np.stack(columns, 1))
        drawn += [label] * each
    return np.concatenate(triples), np.array(drawn)


class Examples:
    """Tokens of one split for the emotion head, and batches of them."""

    def __init__(self, data: Path, work: Path, split: str):
        faces = read_faces(data, split)
        self.faces = [np.load(work / f"fusion.faces.{split}.npy", mmap_mode="r")]
        if split == "train":
            self.faces.append(np.load(work / "fusion.faces.mirrored.npy", mmap_mode="r"))
        clips = read_clips(data)
        self.states = ClipStates(work, clips)
        self.clips = np.array([place for place, clip in enumerate(clips) if clip.split == split])
        texts = np.load(work / f"fusion.texts.{split}.npz")
        self.texts, self.offsets = texts["tokens"], texts["offsets"]
        self.labels = {
            "image": faces.labels, "audio": np.array([clips[place].of_seven for place in self.clips]), "text": texts["labels"],
        }
        votes = np.where(faces.votes > 1, faces.votes, 0).astype(np.float32)
        self.votes = votes / np.maximum(votes.sum(1, keepdims=True), 1)

    def face_tokens(self, places: np.ndarray, random: np.random.Generator | None = None) -> Tensor:
        """[b, 9, 256]; with `random` half of them mirrored."""
        side = random.integers(len(self.faces), size=len(places)) if random else np.zeros(len(places), int)
        return torch.from_numpy(np.stack([self.faces[s][place] for s, place in zip(side, places)]).astype(np.float32))

    def text_tokens(self, places: np.ndarray) -> tuple[Tensor, Tensor]:
        """[b, t, 384] and the mask [b, t]."""
        lengths = self.offsets[places + 1] - self.offsets[places]
        x, mask = torch.zeros(len(places), lengths.max(), 384), torch.zeros(len(places), lengths.max(), dtype=torch.bool)
        for row, (place, length) in enumerate(zip(places, lengths)):
            x[row, :length] = torch.from_numpy(self.texts[self.offsets[place] : self.offsets[place + 1]].astype(np.float32))
            mask[row, :length] = True
        return x, mask

    def clip_parts(self, places: np.ndarray, tokens: int, random: np.random.Generator) -> Tensor:
        return self.states.parts(self.clips[places], tokens, random)

    def clip_whole(self, places: np.ndarray) -> tuple[Tensor, Tensor]:
        """[b, 3, t, 384] and the mask [b, t] of whole clips."""
        rows = [self.states.whole(self.clips[place])[0][0] for place in places]
        longest = max(row.shape[1] for row in rows)
        x, mask = torch.zeros(len(rows), 3, longest, 384), torch.zeros(len(rows), longest, dtype=torch.bool)
        for place, row in enumerate(rows):
            x[place, :, : row.shape[1]] = row
            mask[place, : row.shape[1]] = True
        return x, mask
