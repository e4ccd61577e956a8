"""Beam search that asks for a name (Anderson 2017): what copying is compared with.

The automaton's state is how many pieces of a name were just said, or that a name was said. Each state has beams of its own, so that a
caption with an unlikely name is not lost to likelier ones without; only captions that said a name may end.
"""

from collections import defaultdict

import torch
import torch.nn.functional as F
from torch import Tensor

from .captions import BOS, EOS
from .decoding import padded_prefix
from .network import CaptionHead, Things

# Said so many pieces of a name: all of them.
WHOLE = -1


def state_of(said: list[int], asked: list[list[int]]) -> int:
    """How far a caption has come with one of the names that are asked for, given as pieces."""
    if not asked or any(said[start : start + len(name)] == name for name in asked for start in range(len(said) - len(name) + 1)):
        return WHOLE
    return max(count for name in asked for count in range(len(name)) if count == 0 or said[-count:] == name[:count])


def next_of(said: list[int], asked: list[list[int]]) -> set[int]:
    """The pieces that bring a caption nearer to a name."""
    return {name[count] for name in asked for count in range(len(name)) if count == 0 or said[-count:] == name[:count]}


class Search:
    """The captions of one photo on their way, with one of the names that are asked for; with no name it is plain beam search."""

    def __init__(self, asked: list[list[int]], beams: int):
        self.asked, self.beams, self.ended = asked, beams, False
        self.live: list[tuple[list[int], float]] = [([], 0.0)]
        self.pool: list[tuple[float, list[int]]] = []

    def advance(self, likely: Tensor, length: int) -> list[int]:
        """Goes on by a piece, given the log-probabilities of each row's next one; from which rows the live captions come."""
        best = likely.topk(2 * self.beams).indices.tolist()
        reached: dict[int, list[tuple[float, int, int]]] = defaultdict(list)
        for row, (said, score) in enumerate(self.live):
            state = state_of(said, self.asked)
            wanted = next_of(said, self.asked) if state != WHOLE else set()
            tokens = [token for token in {*best[row], *wanted} if token != EOS or state == WHOLE]
            for token, more in zip(tokens, likely[row, tokens].tolist()):
                after = WHOLE if state == WHOLE else state_of([*said, token], self.asked)
                reached[after].append((score + more, row, token))
        rows, following = [], []
        for candidates in reached.values():
            kept = 0
            for rank, (score, row, token) in enumerate(sorted(candidates, reverse=True)):
                if token == EOS:
                    if rank < self.beams:
                        self.pool.append((score / length, self.live[row][0]))
                elif kept < self.beams:
                    kept += 1
                    rows.append(row)
                    following.append(([*self.live[row][0], token], score))
        self.pool = sorted(self.pool, key=lambda entry: -entry[0])[: self.beams]
        self.live = following
        self.ended = len(self.pool) == self.beams and max(score for _, score in following) / length <= self.pool[-1][0]
        if self.ended:
            self.live, rows = self.live[:1], rows[:1]
        return rows

    def best(self) -> list[int]:
        whole = [(score / max(len(said), 1), said) for said, score in self.live if state_of(said, self.asked) == WHOLE]
        return max(self.pool if self.ended else self.pool + whole, key=lambda entry: entry[0])[1]


@torch.no_grad()
def constrained_beam_search(
    head: CaptionHead, tokens: Tensor, asked: list[list[list[int]]], beams: int = 3, max_tokens: int = 30, things: Things | None = None
) -> list[list[int]]:
    """The best captions of photos [b, 81, 1280] side by side, each with one of the names that are asked of it, without begin and end."""
    memory, past = head.memory(tokens, things=things), None
    searches = [Search(names, beams) for names in asked]
    for length in range(1, max_tokens + 1):
        most = max(len(search.live) for search in searches)
        prefix = [[BOS, *search.live[min(row, len(search.live) - 1)][0]] for search in searches for row in range(most)]
        ids = torch.tensor([row[-1:] for row in prefix], device=tokens.device)
        hidden, past = head.hidden(ids, memory, past, captions=most)
        logits = head.next_words(hidden, padded_prefix(prefix, length, tokens.device), memory, most)
        logits[:, BOS] = -torch.inf
        likely = F.log_softmax(logits, -1).unflatten(0, (-1, most))
        chosen = [[0] if search.ended else search.advance(likely[photo], length) for photo, search in enumerate(searches)]
        if all(search.ended for search in searches):
            break
        most = max(map(len, chosen))
        rows = [photo * likely.shape[1] + own[min(row, len(own) - 1)] for photo, own in enumerate(chosen) for row in range(most)]
        past = [(keys[rows], values[rows]) for keys, values in past]
    return [search.best() for search in searches]
