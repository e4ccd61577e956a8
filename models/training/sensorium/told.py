"""What a checkpoint's caption head is told of a photo, as the server tells it."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .captions import CaptionCodec
from .checkpoint import load
from .names import Names
from .naming import NamedPhotos
from .network import Memory, Sensorium
from .things import ThingScores


class Told:
    """A checkpoint's caption network, its codec, and what tells it of things, if anything does."""

    def __init__(self, checkpoint: Path):
        self.config, network = load(checkpoint)
        self.network: Sensorium = network
        self.codec = CaptionCodec(checkpoint / "tokenizer.json", self.config["heads"]["caption"]["vocabulary"])
        told = self.config["heads"]["caption"].get("things")
        self.scores = ThingScores.of(checkpoint) if told else None
        self.floor = told["floor"] if told else 0.0
        self.names = Names(self.config["heads"][told["head"]]["labels"]) if told else None

    @torch.no_grad()
    def things(self, pixels: Tensor):
        """Of photos [b, 3, 260, 260]; None where nothing tells."""
        if self.scores is None:
            return None
        scores = self.scores(pixels).numpy().astype(np.float32)
        return NamedPhotos(self.names, scores, self.codec, floor=self.floor).as_seen(range(len(scores)))

    @torch.no_grad()
    def memory(self, pixels: Tensor) -> Memory:
        return self.network.caption.memory(self.network.image(pixels), things=self.things(pixels))
