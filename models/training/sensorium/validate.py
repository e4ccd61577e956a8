"""Captions of the dev photos and their scores, in PyTorch."""

from collections.abc import Sequence
from copy import deepcopy

import torch

from .captions import CaptionCodec
from .data import Photo
from .decoding import beam_search, decode
from .network import CaptionHead
from .score import scores
from .tokens import TokenCache


def greedy_captions(head: CaptionHead, cache: TokenCache, codec: CaptionCodec, photos: int, device: str) -> list[str]:
    captions = []
    for start in range(0, photos, 100):
        memories = head.memories(cache.original(start, min(start + 100, photos)).bfloat16().to(device))
        captions += [codec.decode(row) for row in decode(head, memories).tolist()]
    return captions


def beam_captions(head: CaptionHead, cache: TokenCache, codec: CaptionCodec, photos: int, device: str, beams: int) -> list[str]:
    tokens = (cache.original(photo, photo + 1)[0].bfloat16().to(device) for photo in range(photos))
    return [codec.decode(beam_search(head, row, beams)[0]) for row in tokens]


@torch.no_grad()
def validate(head: CaptionHead, cache: TokenCache, codec: CaptionCodec, photos: Sequence[Photo], device: str, beams: int = 1):
    """Scores of captions of `photos`, the first of dev, and the captions. Computes in bfloat16, on a copy."""
    head = deepcopy(head).bfloat16().eval()
    if beams == 1:
        captions = greedy_captions(head, cache, codec, len(photos), device)
    else:
        captions = beam_captions(head, cache, codec, len(photos), device, beams)
    return scores(captions, [photo.captions for photo in photos]), captions
