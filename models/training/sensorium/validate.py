"""Captions of the dev photos and their scores, in PyTorch."""

from collections.abc import Callable, Sequence
from copy import deepcopy

import torch

from .captions import CaptionCodec
from .data import Photo
from .decoding import beam_search_together, decode
from .network import CaptionHead, Things
from .score import scores
from .tokens import TokenCache

ALL = slice(None)
# What a classifier saw in photos.
Named = Callable[[Sequence[int]], Things]


def greedy_captions(
    head: CaptionHead, cache: TokenCache, codec: CaptionCodec, photos: Sequence[int], device: str, named: Named | None = None
) -> list[str]:
    """`named`: what a classifier saw in some of the photos, given their places among `photos`."""
    captions = []
    for start in range(0, len(photos), 100):
        places = range(start, min(start + 100, len(photos)))
        tokens = cache.rows([photos[place] for place in places], [0] * len(places), ALL).bfloat16().to(device)
        memory = head.memory(tokens, things=None if named is None else named(places).to(device))
        captions += [codec.decode(row) for row in decode(head, memory).tolist()]
    return captions


def beam_captions(
    head: CaptionHead, cache: TokenCache, codec: CaptionCodec, photos: Sequence[int], device: str, beams: int, named: Named | None = None
) -> list[str]:
    captions = []
    for start in range(0, len(photos), 50):
        places = range(start, min(start + 50, len(photos)))
        tokens = cache.rows([photos[place] for place in places], [0] * len(places), ALL).bfloat16().to(device)
        rows = beam_search_together(head, tokens, beams, things=None if named is None else named(places).to(device))
        captions += map(codec.decode, rows)
    return captions


@torch.no_grad()
def validate(
    head: CaptionHead, cache: TokenCache, codec: CaptionCodec, photos: Sequence[Photo], device: str, beams: int = 1, named: Named | None = None
):
    """Scores of captions of `photos`, the first of dev, and the captions. Computes in bfloat16, on a copy."""
    head = deepcopy(head).bfloat16().eval()
    if beams == 1:
        captions = greedy_captions(head, cache, codec, range(len(photos)), device, named)
    else:
        captions = beam_captions(head, cache, codec, range(len(photos)), device, beams, named)
    return scores(captions, [photo.captions for photo in photos]), captions
