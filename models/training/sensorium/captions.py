"""Captions as sequences of the decoder's own token numbers, and back."""

import json
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor

from .data import clean

BOS, EOS = 0, 1
# Targets with this value do not count (PyTorch's default `ignore_index`).
IGNORED = -100


class CaptionCodec:
    """Text to and from decoder tokens. `vocabulary[i]` is the id in tokenizer.json of token i."""

    def __init__(self, tokenizer: Path, vocabulary: list[int]):
        self.tokenizer = Tokenizer.from_file(str(tokenizer))
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()
        self.vocabulary = vocabulary
        self.index = {piece: index for index, piece in enumerate(vocabulary)}

    @classmethod
    def in_work(cls, work: Path) -> "CaptionCodec":
        return cls(work / "tokenizer.json", json.loads((work / "vocabulary.json").read_text()))

    def encode(self, caption: str, longest: int) -> list[int] | None:
        """Tokens without begin and end; None for a caption that is longer or needs a piece the decoder has not."""
        pieces = self.tokenizer.encode(clean(caption), add_special_tokens=False).ids
        if not 0 < len(pieces) <= longest or any(piece not in self.index for piece in pieces):
            return None
        return [self.index[piece] for piece in pieces]

    def decode(self, tokens: list[int]) -> str:
        """Pieces joined by blanks, "##" glued; stops at the end of the sequence."""
        text = ""
        for token in tokens:
            if token == EOS:
                break
            piece = self.tokenizer.id_to_token(self.vocabulary[token])
            text += piece[2:] if piece.startswith("##") else f" {piece}"
        return text.strip()


def padded(captions: list[list[int]]) -> tuple[Tensor, Tensor]:
    """Inputs (begin, tokens) and targets (tokens, end) of captions, both [captions, longest + 1]."""
    length = max(map(len, captions)) + 1
    inputs = torch.full((len(captions), length), EOS)
    targets = torch.full((len(captions), length), IGNORED)
    for row, tokens in enumerate(captions):
        inputs[row, : len(tokens) + 1] = torch.tensor([BOS, *tokens])
        targets[row, : len(tokens) + 1] = torch.tensor([*tokens, EOS])
    return inputs, targets
