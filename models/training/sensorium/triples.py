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
from .ragged import Ragged

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

    def __init__(self, data: Path, work: Path, split: str, device: str = "cpu"):
        faces, clips = read_faces(data, split), read_clips(data)
        chosen = np.load(work / f"fusion.faces.{split}.npz")
        # [sides, faces, tokens, channels]
        self.faces = torch.from_numpy(chosen["tokens"]).to(device)
        self.states = ClipStates(work, device)
        self.clips = np.flatnonzero([clips[clip].split == split for clip in self.states.clips])
        texts = np.load(work / f"fusion.texts.{split}.npz")
        self.texts = Ragged(texts["tokens"], texts["offsets"], device)
        self.labels = {
            "image": faces.labels[chosen["places"]], "audio": np.array([clips[clip].of_seven for clip in self.states.clips[self.clips]]), "text": texts["labels"],
        }
        votes = np.where(faces.votes > 1, faces.votes, 0).astype(np.float32)[chosen["places"]]
        self.votes = votes / np.maximum(votes.sum(1, keepdims=True), 1)

    def whole(self, part: str, places: np.ndarray) -> tuple[Tensor, Tensor]:
        """Tokens and mask of faces, clips or texts as they are."""
        if part == "audio":
            return self.states.whole(self.clips[places])
        if part == "text":
            return self.texts.whole(places)
        tokens = self.faces[0, torch.from_numpy(places).to(self.faces.device)].float()
        return tokens, torch.ones(tokens.shape[:2], dtype=torch.bool, device=tokens.device)

    def face_tokens(self, places: np.ndarray, random: np.random.Generator) -> Tensor:
        """Half of the faces mirrored: [b, tokens, channels]."""
        sides = torch.from_numpy(random.integers(len(self.faces), size=len(places))).to(self.faces.device)
        return self.faces[sides, torch.from_numpy(places).to(self.faces.device)].float()

    def clip_parts(self, places: np.ndarray, tokens: int, random: np.random.Generator) -> Tensor:
        return self.states.parts(self.clips[places], tokens, random)
