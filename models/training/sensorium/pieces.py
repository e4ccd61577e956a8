"""Weights in files that are small enough to travel: `<name>-<n>.safetensors` in float16, of at most 14 MB."""

from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

PIECE_BYTES = 14_000_000


def save_pieces(folder: Path, name: str, weights: dict[str, Tensor]) -> None:
    pieces: list[dict[str, Tensor]] = [{}]
    room = PIECE_BYTES
    for key, tensor in weights.items():
        tensor = tensor.detach().to("cpu", torch.float16).contiguous()
        if tensor.nbytes > room and pieces[-1]:
            pieces.append({})
            room = PIECE_BYTES
        pieces[-1][key] = tensor
        room -= tensor.nbytes
    for number, piece in enumerate(pieces, 1):
        partial = folder / f"{name}-{number}.partial"
        save_file(piece, partial)
        partial.replace(folder / f"{name}-{number}.safetensors")


def load_pieces(folder: Path, name: str) -> dict[str, Tensor]:
    """In float16."""
    weights: dict[str, Tensor] = {}
    for path in sorted(folder.glob(f"{name}-[0-9]*.safetensors")):
        weights |= load_file(path)
    return weights
