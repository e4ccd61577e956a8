"""Tokens of a checkpoint's own towers, for a head of one's own.

A head understands the tokens of the towers that it was trained on and of no others; sensorium-base's image tower learned with its
heads, and is not the one that `training.towers` downloads. So the tokens are computed by the checkpoint that the head goes into.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from tokenizers import Tokenizer
from torch import Tensor

from .checkpoint import part, read, tower_digest
from .data import preprocess
from .network import ImageTower, TextTower


class CheckpointTowers:
    """The towers "image" and "text" of a checkpoint."""

    def __init__(self, checkpoint: Path | str):
        config, tensors = read(Path(checkpoint))
        #: What tells the towers from others, by their names: for `save_component`.
        self.digests = {name: tower_digest(tensors, name) for name in config["towers"]}
        self.image = ImageTower()
        self.image.load_state_dict(part(tensors, "image"))
        self.text = TextTower(config["towers"]["text"])
        self.text.load_state_dict(part(tensors, "text"))
        self.image.eval(), self.text.eval()
        self.longest = config["towers"]["text"]["max_tokens"]
        self.tokenizer = Tokenizer.from_file(str(Path(checkpoint) / "tokenizer.json"))
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()

    @torch.no_grad()
    def images(self, files: Iterable[Path | str]) -> tuple[Tensor, Tensor]:
        """Photos as the server reads them: tokens [b, 81, 1280] and their mask [b, 81]."""
        pixels = [preprocess(ImageOps.exif_transpose(Image.open(file)).convert("RGB")) for file in files]
        tokens = self.image(torch.from_numpy(np.stack(pixels)))
        return tokens, torch.ones(tokens.shape[:2], dtype=torch.bool)

    @torch.no_grad()
    def texts(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Texts as the server reads them: states [b, pieces, 384], [CLS] and [SEP] included, and their mask [b, pieces].

        Those of a batch are padded to the longest; the mask is false there.
        """
        ids = [encoding.ids[: self.longest - 1] + encoding.ids[-1:] if len(encoding.ids) > self.longest else encoding.ids
               for encoding in self.tokenizer.encode_batch(list(texts))]
        batch = torch.zeros(len(ids), max(map(len, ids)), dtype=torch.long)
        mask = torch.zeros(batch.shape, dtype=torch.bool)
        for row, pieces in enumerate(ids):
            batch[row, : len(pieces)] = torch.tensor(pieces)
            mask[row, : len(pieces)] = True
        return self.text.states(batch, mask), mask
