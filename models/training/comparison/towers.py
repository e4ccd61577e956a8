"""Towers and heads of a checkpoint in PyTorch, float32, asked as a request asks them."""

from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from ..sensorium.answering import WIDTHS
from ..sensorium.checkpoint import part, read
from ..sensorium.data import decode, preprocess
from ..sensorium.fusion import ClassifierHead, ProjectionHead
from ..sensorium.names import FLOOR, Names, Seen, likeliest
from ..sensorium.network import ImageTower, TextTower
from ..sensorium.things import ThingScores


class Reference:
    """Photos and texts to the tokens of their towers, and heads by name."""

    def __init__(self, checkpoint: Path):
        self.config, self.tensors = read(checkpoint)
        self.image, self.text = ImageTower().eval(), TextTower(self.config["towers"]["text"]).eval()
        self.image.load_state_dict(part(self.tensors, "image"))
        self.text.load_state_dict(part(self.tensors, "text"))
        self.scores = ThingScores.of(checkpoint) if "names" in self.config["heads"].get("things", {}) else None
        self.names = Names(self.config["heads"]["things"]["labels"]) if self.scores else None
        self.tokenizer = Tokenizer.from_file(str(checkpoint / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(self.config["towers"]["text"]["max_tokens"])

    def head(self, name: str) -> ClassifierHead | ProjectionHead:
        config = self.config["heads"][name]
        kind = {"classifier": ClassifierHead, "projection": ProjectionHead}[config["type"]]
        head = kind(config, {tower: WIDTHS.get(tower, 384) for tower in self.config["towers"]}).eval()
        head.load_state_dict(part(self.tensors, name))
        return head

    @torch.no_grad()
    def photo(self, file: bytes) -> tuple[Tensor, Tensor]:
        """Tokens [1, 81, 1280] and their mask."""
        tokens = self.image(torch.from_numpy(preprocess(decode(file)))[None])
        return tokens, torch.ones(tokens.shape[:2], dtype=torch.bool)

    @torch.no_grad()
    def seen(self, file: bytes) -> Seen:
        """The names that are seen in a photo, as heads are told of them."""
        scores = self.scores(torch.from_numpy(preprocess(decode(file)))[None]).numpy().astype(np.float32)
        seen = self.names.seen(scores)
        able = likeliest(seen.likelihoods)[0] >= FLOOR
        return Seen(seen.names[:, able], seen.likelihoods[:, able])

    @torch.no_grad()
    def words(self, text: str) -> tuple[Tensor, Tensor]:
        """Last hidden states [1, pieces, 384] and their mask."""
        ids = torch.tensor([self.tokenizer.encode(text).ids])
        mask = torch.ones_like(ids, dtype=torch.bool)
        return self.text.states(ids, mask), mask
