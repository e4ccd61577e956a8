"""Everyday names of the kinds that the head `things` knows, and which of them it saw in a photo."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from .captions import CaptionCodec
from .network import Things

TABLE = Path(__file__).parents[1] / "plain_names.tsv"
# Of a photo's names, the likeliest; less likely ones say nothing.
MOST, FLOOR = 5, 0.05
# A part alone is named with more conviction than it deserves: of dev's names in captions this order holds most.
OF_PART = 0.6


def likeliest(likelihoods: np.ndarray) -> np.ndarray:
    """What names are ranked by, [..., 2] to [...]."""
    return np.maximum(likelihoods[..., 0], OF_PART * likelihoods[..., 1])


def numbers(text: str) -> list[int]:
    """The numbers that "0 389-392" stands for."""
    found = []
    for part in text.split():
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def plain_names(labels: list[str], table: Path = TABLE) -> list[str]:
    """The everyday name of each kind, in the order of the labels."""
    chosen, named = [label.lower() for label in labels], set()
    for line in table.read_text().splitlines():
        if line.startswith("#"):
            continue
        name, kinds = line.split("\t")
        for kind in numbers(kinds):
            if kind in named:
                raise SystemExit(f"Kind {kind} ({labels[kind]}) has two names in {table}.")
            named.add(kind)
            chosen[kind] = name
    return chosen


@dataclass
class Seen:
    """Names in photos, the likeliest first, as numbers of `Names.all`: [photos, kept]; with their likelihood in the whole photo
    and in the likeliest part, [photos, kept, 2]."""

    names: np.ndarray
    likelihoods: np.ndarray


class Names:
    """The distinct names, the name of each kind, and the names as tokens of the decoder."""

    def __init__(self, labels: list[str], table: Path = TABLE):
        of_kinds = plain_names(labels, table)
        self.all = sorted(set(of_kinds))
        number = {name: index for index, name in enumerate(self.all)}
        self.of_kinds = [number[name] for name in of_kinds]

    def likelihoods(self, scores: np.ndarray) -> np.ndarray:
        """Of each name in the whole photo and in the likeliest part: logits [photos, 10, kinds] to [photos, names, 2]."""
        gather = torch.zeros(len(self.of_kinds), len(self.all))
        gather[torch.arange(len(self.of_kinds)), torch.tensor(self.of_kinds)] = 1
        found = np.empty((len(scores), len(self.all), 2), np.float32)
        for start in range(0, len(scores), 500):
            shares = torch.from_numpy(scores[start : start + 500].astype(np.float32)).softmax(2) @ gather
            found[start : start + 500] = torch.stack([shares[:, 0], shares[:, 1:].amax(1)], 2).numpy()
        return found

    def seen(self, scores: np.ndarray, kept: int = MOST) -> Seen:
        likelihoods = self.likelihoods(scores)
        order = np.argsort(-likeliest(likelihoods), axis=1, kind="stable")[:, :kept]
        return Seen(order, np.take_along_axis(likelihoods, order[:, :, None], 1))


def things_of(names: list[list[int]], likelihoods: list[list[tuple[float, float]]], pieces: list[list[int]]) -> Things:
    """A batch from the names in each photo. `pieces`: of all names, as tokens of the decoder. Where nothing was seen in a photo,
    nothing is there; a batch has room for one piece at least."""
    rows = []
    for photo, seen in zip(names, likelihoods):
        rows.append([(piece, place, likelihood) for name, likelihood in zip(photo, seen) for place, piece in enumerate(pieces[name])])
    longest = max(1, *map(len, rows))
    shape = (len(rows), longest)
    things = Things(torch.zeros(shape, dtype=torch.long), torch.zeros(shape, dtype=torch.long), torch.zeros(*shape, 2), torch.zeros(shape, dtype=torch.bool))
    for row, entries in enumerate(rows):
        if entries:
            count = len(entries)
            things.pieces[row, :count] = torch.tensor([piece for piece, _, _ in entries])
            things.places[row, :count] = torch.tensor([place for _, place, _ in entries])
            things.likelihoods[row, :count] = torch.tensor([likelihood for _, _, likelihood in entries])
            things.there[row, :count] = True
    return things


def pieces_of(names: list[str], codec: CaptionCodec) -> list[list[int]]:
    """The names as tokens of the decoder, which must have all of their pieces."""
    found = [codec.encode(name, 16) for name in names]
    missing = [name for name, pieces in zip(names, found) if pieces is None]
    if missing:
        raise SystemExit(f"The decoder's vocabulary has no pieces for {', '.join(missing[:5])}: make it with `training.vocabulary --things`.")
    return found
