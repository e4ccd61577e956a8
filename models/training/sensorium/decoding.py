"""Captions from a head: greedy, sampled, by beam search. Rules and order are those of the server."""

import torch
import torch.nn.functional as F
from torch import Tensor

from .captions import BOS, EOS
from .network import CaptionHead, Memory, Things


@torch.no_grad()
def decode(head: CaptionHead, memory: Memory, max_tokens: int = 30, samples: int = 0, temperature: float = 1.0) -> Tensor:
    """Token numbers [b * max(samples, 1), up to max_tokens], ended and filled up by EOS: the likeliest token each time,
    or `samples` random captions per photo. `memory`: of b photos."""
    captions, device = max(samples, 1), memory.layers[0][0].device
    ids = torch.full((memory.photos * captions, 1), BOS, device=device)
    finished = torch.zeros(len(ids), dtype=torch.bool, device=device)
    past, generated, prefix = None, [], ids
    for _ in range(max_tokens):
        hidden, past = head.hidden(ids, memory, past, captions)
        logits = head.next_words(hidden, prefix, memory, captions)
        logits[:, BOS] = -torch.inf
        chosen = torch.multinomial(F.softmax(logits / temperature, -1), 1)[:, 0] if samples else logits.argmax(-1)
        chosen = chosen.masked_fill(finished, EOS)
        generated.append(chosen)
        finished |= chosen == EOS
        if finished.all():
            break
        ids = chosen[:, None]
        prefix = torch.cat([prefix, ids], 1)
    return torch.stack(generated, 1)


@torch.no_grad()
def beam_search(
    head: CaptionHead, tokens: Tensor, beams: int = 3, max_tokens: int = 30, things: Things | None = None
) -> tuple[list[int], float]:
    """The best caption of one photo [81, 1280], without begin and end, and its log-probability (a sum)."""
    memory = head.memory(tokens[None], things=things)
    live, past = [([], 0.0)], None
    pool: list[tuple[float, list[int], float]] = []
    ids = torch.full((1, 1), BOS, device=tokens.device)
    for length in range(1, max_tokens + 1):
        hidden, past = head.hidden(ids, memory, past, captions=len(ids))
        prefix = torch.tensor([[BOS, *tokens_so_far] for tokens_so_far, _ in live], device=tokens.device)
        logits = head.next_words(hidden, prefix, memory, len(ids))
        logits[:, BOS] = -torch.inf
        totals = F.log_softmax(logits, -1) + torch.tensor([score for _, score in live], device=tokens.device)[:, None]
        # Twice as many candidates as beams, for each row can end once; an end counts only among the best `beams`.
        candidates = totals.flatten().topk(2 * beams)
        rows, following = [], []
        for rank, (score, place) in enumerate(zip(candidates.values.tolist(), candidates.indices.tolist())):
            row, token = divmod(place, totals.shape[1])
            if token == EOS:
                if rank < beams:
                    pool.append((score / length, live[row][0], score))
            elif len(following) < beams:
                rows.append(row)
                following.append((live[row][0] + [token], score))
        pool = sorted(pool, key=lambda entry: -entry[0])[:beams]
        live = following
        if len(pool) == beams and live[0][1] / length <= pool[-1][0]:
            break
        past = [(keys[rows], values[rows]) for keys, values in past]
        ids = torch.tensor([[tokens_so_far[-1]] for tokens_so_far, _ in live], device=tokens.device)
    else:
        pool += [(score / max_tokens, tokens_so_far, score) for tokens_so_far, score in live]
    _, best, score = max(pool, key=lambda entry: entry[0])
    return best, score


def padded_prefix(prefix: list[list[int]], length: int, device: torch.device) -> Tensor:
    """Of searches that have ended some are shorter: what is made of them is not looked at."""
    return torch.tensor([row + [EOS] * (length - len(row)) for row in prefix], device=device)


@torch.no_grad()
def beam_search_together(
    head: CaptionHead, tokens: Tensor, beams: int = 3, max_tokens: int = 30, things: Things | None = None
) -> list[list[int]]:
    """`beam_search` for many photos [b, 81, 1280] side by side. A photo whose search has ended keeps its rows."""
    count, device = len(tokens), tokens.device
    memory, past = head.memory(tokens, things=things), None
    live = [[([], 0.0)] for _ in range(count)]
    pools: list[list[tuple[float, list[int]]]] = [[] for _ in range(count)]
    ended = [False] * count
    ids = torch.full((count, 1), BOS, device=device)
    for length in range(1, max_tokens + 1):
        rows = len(ids) // count
        hidden, past = head.hidden(ids, memory, past, captions=rows)
        prefix = [[BOS, *tokens_so_far] for entries in live for tokens_so_far, _ in entries]
        logits = head.next_words(hidden, padded_prefix(prefix, length, device), memory, rows)
        logits[:, BOS] = -torch.inf
        sums = torch.tensor([[score for _, score in entries] for entries in live], device=device)
        totals = (F.log_softmax(logits, -1).unflatten(0, (count, rows)) + sums[:, :, None]).flatten(1)
        candidates = totals.topk(2 * beams)
        chosen, words = [], logits.shape[1]
        for photo, (values, places) in enumerate(zip(candidates.values.tolist(), candidates.indices.tolist())):
            if ended[photo]:
                chosen += [photo * rows + min(row, rows - 1) for row in range(beams)]
                live[photo] = (live[photo] * beams)[:beams]
                continue
            following = []
            for rank, (score, place) in enumerate(zip(values, places)):
                row, token = divmod(place, words)
                if token == EOS:
                    if rank < beams:
                        pools[photo].append((score / length, live[photo][row][0]))
                elif len(following) < beams:
                    chosen.append(photo * rows + row)
                    following.append((live[photo][row][0] + [token], score))
            pools[photo] = sorted(pools[photo], key=lambda entry: -entry[0])[:beams]
            live[photo] = following
            ended[photo] = len(pools[photo]) == beams and following[0][1] / length <= pools[photo][-1][0]
        if all(ended):
            break
        past = [(keys[chosen], values[chosen]) for keys, values in past]
        ids = torch.tensor([[tokens_so_far[-1]] for entries in live for tokens_so_far, _ in entries], device=device)
    for photo, pool in enumerate(pools):
        if not ended[photo]:
            pool += [(score / max_tokens, tokens_so_far) for tokens_so_far, score in live[photo]]
    return [max(pool, key=lambda entry: entry[0])[1] for pool in pools]
