"""Photos with the names of what a classifier saw in them, as a caption head learns from them and is asked about them."""

from collections.abc import Sequence

import numpy as np

from .captions import CaptionCodec
from .exchange import Exchange, exchange
from .names import Names, likeliest, pieces_of, things_of
from .network import Things

# Captions are told of names that are at least so likely: told of less likely ones, they name what is not there.
TOLD = 0.2
# Of the photos with a name that can be exchanged, so many have it exchanged in a step. Such a name was seen with this likelihood.
EXCHANGED, SURE = 0.3, 0.35
# So many photos lose all names in a step; of those of the others so many are lost.
BLIND, LOST = 0.08, 0.08


class NamedPhotos:
    """Photos of one split. Photo numbers are rows of `scores`."""

    def __init__(self, names: Names, scores: np.ndarray, codec: CaptionCodec, without: Sequence[str] = (), floor: float = TOLD):
        """`without`: names that are never shown, as if the classifier did not know them. `floor`: less likely ones are not either."""
        self.floor = floor
        self.seen = names.seen(scores)
        self.pieces = pieces_of(names.all, codec)
        self.hidden = {names.all.index(name) for name in without}

    def entries(self, photo: int, names: Sequence[int]) -> tuple[list[int], list[tuple[float, float]]]:
        """`names` stand for what was seen in the photo, in that order; those below the floor say nothing."""
        likelihoods = self.seen.likelihoods[photo].tolist()
        kept = [
            (name, tuple(likelihood)) for name, likelihood in zip(names, likelihoods) if likeliest(np.array(likelihood)) >= self.floor and name not in self.hidden
        ]
        return [name for name, _ in kept], [likelihood for _, likelihood in kept]

    def as_seen(self, photos: Sequence[int]) -> Things:
        return self.batch([self.entries(photo, self.seen.names[photo].tolist()) for photo in photos])

    def batch(self, entries: list[tuple[list[int], list[tuple[float, float]]]]) -> Things:
        return things_of([names for names, _ in entries], [likelihoods for _, likelihoods in entries], self.pieces)

    def varied(
        self, photos: Sequence[int], captions: Sequence[Sequence[str]], rules: Exchange, random: np.random.Generator, share: float = EXCHANGED
    ) -> tuple[Things, list[list[str]]]:
        """Photos as a step of training sees them, and their captions: names exchanged in a share of them, in both, or lost."""
        entries, texts = [], []
        for photo, own in zip(photos, captions):
            names, said = self.seen.names[photo].tolist(), list(own)
            if random.random() < share:
                names, said = exchange(self.seen, photo, said, rules, SURE, random)
            found = self.entries(photo, names)
            kept = random.random(len(found[0])) >= (1 if random.random() < BLIND else LOST)
            entries.append(([n for n, k in zip(found[0], kept) if k], [p for p, k in zip(found[1], kept) if k]))
            texts.append(said)
        return self.batch(entries), texts

    def all_exchanged(
        self, captions: Sequence[Sequence[str]], rules: Exchange, seed: int = 0
    ) -> tuple[list[int], list[tuple[list[int], list[tuple[float, float]]]], list[int]]:
        """Every photo with a name that can be exchanged: its number, what is seen in it then, and the name that a caption is to say."""
        random, photos, entries, wanted = np.random.default_rng(seed), [], [], []
        for photo, own in enumerate(captions):
            before = self.seen.names[photo].tolist()
            after, _ = exchange(self.seen, photo, own, rules, SURE, random)
            if after != before:
                photos.append(photo)
                entries.append(self.entries(photo, after))
                wanted.append(next(new for old, new in zip(before, after) if old != new))
        return photos, entries, wanted
