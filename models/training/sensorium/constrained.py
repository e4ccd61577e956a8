"""Beam search that asks for a name (Anderson 2017): what copying is compared with.

The automaton's state is how many pieces of a name were just said, or that a name was said. Each state has beams of its own, so that a
caption with an unlikely name is not lost to likelier ones without; only captions that said a name may end.
"""

from collections import defaultdict

import torch
import torch.nn.functional as F
from torch import Tensor

from .captions import BOS, EOS
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


@torch.no_grad()
def constrained_beam_search(
    head: CaptionHead, tokens: Tensor, asked: list[list[int]], beams: int = 3, max_tokens: int = 30, things: Things | None = None
) -> list[int]:
    """The best caption of one photo [81, 1280] with one of the names, without begin and end. With no name it is that of `beam_search`."""
    memory = head.memory(tokens[None], things=things)
    live: list[tuple[list[int], float]] = [([], 0.0)]
    pool: list[tuple[float, list[int]]] = []
    ids, past = torch.full((1, 1), BOS, device=tokens.device), None
    for length in range(1, max_tokens + 1):
        hidden, past = head.hidden(ids, memory, past, captions=len(ids))
        prefix = torch.tensor([[BOS, *said] for said, _ in live], device=tokens.device)
        logits = head.next_words(hidden, prefix, memory, len(ids))
        logits[:, BOS] = -torch.inf
        likely = F.log_softmax(logits, -1)
        best = likely.topk(2 * beams).indices.tolist()
        reached: dict[int, list[tuple[float, int, int]]] = defaultdict(list)
        for row, (said, score) in enumerate(live):
            state = state_of(said, asked)
            wanted = next_of(said, asked) if state != WHOLE else set()
            for token in {*best[row], *wanted}:
                if token == EOS and state != WHOLE:
                    continue
                after = WHOLE if state == WHOLE else state_of([*said, token], asked)
                reached[after].append((score + likely[row, token].item(), row, token))
        rows, following = [], []
        for candidates in reached.values():
            kept = 0
            for rank, (score, row, token) in enumerate(sorted(candidates, reverse=True)):
                if token == EOS:
                    if rank < beams:
                        pool.append((score / length, live[row][0]))
                elif kept < beams:
                    kept += 1
                    rows.append(row)
                    following.append(([*live[row][0], token], score))
        pool = sorted(pool, key=lambda entry: -entry[0])[:beams]
        live = following
        if len(pool) == beams and max(score for _, score in live) / length <= pool[-1][0]:
            break
        past = [(keys[rows], values[rows]) for keys, values in past]
        ids = torch.tensor([[said[-1]] for said, _ in live], device=tokens.device)
    else:
        pool += [(score / max_tokens, said) for said, score in live if state_of(said, asked) == WHOLE]
    return max(pool, key=lambda entry: entry[0])[1]
