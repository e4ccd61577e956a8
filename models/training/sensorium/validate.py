"""Captions of the dev photos and their scores, in PyTorch."""

from collections.abc import Sequence

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
        tokens = cache.original(start, min(start + 100, photos)).to(device)
        with torch.autocast(device, torch.bfloat16):
            captions += [codec.decode(row) for row in decode(head, tokens).tolist()]
    return captions


def beam_captions(head: CaptionHead, cache: TokenCache, codec: CaptionCodec, photos: int, device: str, beams: int = 3) -> list[str]:
    captions = []
    for photo in range(photos):
        tokens = cache.original(photo, photo + 1)[0].to(device)
        with torch.autocast(device, torch.bfloat16):
            captions.append(codec.decode(beam_search(head, tokens, beams)[0]))
    return captions


def validate(head: CaptionHead, cache: TokenCache, codec: CaptionCodec, photos: Sequence[Photo], device: str, beams: int = 1):
    """Scores of captions of `photos`, the first of dev, and the captions."""
    training = head.training
    head.eval()
    if beams == 1:
        captions = greedy_captions(head, cache, codec, len(photos), device)
    else:
        captions = beam_captions(head, cache, codec, len(photos), device, beams)
    head.train(training)
    return scores(captions, [photo.captions for photo in photos]), captions
