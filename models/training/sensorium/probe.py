"""The voice's input and answer on a tower that is not trained, as tensors of a head.

The input reads a fixed mean of the tower's states: every channel, centred and scaled, and behind them the principal axes of the channels,
whose deviations over time say how channels go together. Only the answer is trained, on the pooled vectors of the clips and their altered
copies: a linear one and some with a hidden layer, which become one, whose hidden layer holds all of theirs.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .fusion import Classifier
from .progress import Average
from .spectrograms import States

# What is read of the states of the tower's three layers: the weights of their mean.
WEIGHTS = [0.06, 0.47, 0.47]
WIDTH = 2 * 384
HIDDEN = 192


class Reading:
    """The input, fitted to the spread of some clips without their labels, and what it makes of the tower's states."""

    @torch.no_grad()
    def __init__(self, states: States, chosen: np.ndarray):
        some = torch.cat([states.whole[clip].float() for clip in chosen[::9]])
        self.mean, self.deviation = some.mean(0), some.std(0)
        some = (some - self.mean) / self.deviation
        axes = torch.linalg.eigh(some.T @ some)[1].flip(1).T
        self.projection = torch.cat([torch.eye(384), axes])
        self.whole = torch.cat([self.vectors(x[None]) for x in states.whole])
        self.copies = [torch.cat([self.vectors(x) for x in copy.split(24)]) for copy in states.copies]

    @torch.no_grad()
    def vectors(self, x: Tensor) -> Tensor:
        """[b, t, 384] to means and deviations over time [b, 2 WIDTH]."""
        with torch.autocast("cpu", torch.bfloat16):
            x = F.linear((x.float() - self.mean) / self.deviation, self.projection)
        x = F.layer_norm(x.float(), (WIDTH,))
        return torch.cat([x.mean(1), (x.var(1, unbiased=False) + 1e-5).sqrt()], 1)

    def weights(self) -> dict[str, Tensor]:
        """Of the module `Input`; what is centred and scaled goes into the projection."""
        weight = self.projection / self.deviation
        return {
            "state_weights": torch.tensor(WEIGHTS).log(), "projection.weight": weight, "projection.bias": -weight @ self.mean,
            "norm.weight": torch.ones(WIDTH), "norm.bias": torch.zeros(WIDTH),
        }


def mixed(x: Tensor, targets: Tensor, random: np.random.Generator) -> tuple[Tensor, Tensor]:
    """mixup (Zhang 2018): each row with another, and so their labels."""
    share = torch.from_numpy(random.beta(0.4, 0.4, (len(x), 1))).float()
    order = torch.from_numpy(random.permutation(len(x)))
    return share * x + (1 - share) * x[order], share * targets + (1 - share) * targets[order]


def annealed(step: int, steps: int) -> float:
    """A share of the learning rate: 40 steps up, then half a cosine down."""
    return min((step + 1) / 40, 0.01 + 0.99 * (1 + math.cos(math.pi * step / steps)) / 2)


def linear_answer(x: Tensor, labels: Tensor, count: int, penalty: float) -> tuple[Tensor, Tensor]:
    """Logistic regression: weight [count, width] and bias."""
    weight, bias = (torch.zeros(*shape, requires_grad=True) for shape in ((count, x.shape[1]), (count,)))
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=18, history_size=10, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = F.cross_entropy(F.linear(x, weight, bias), labels) + penalty * weight.square().sum()
        value.backward()
        return value

    optimizer.step(loss)
    return weight.detach(), bias.detach()


def hidden_answer(x: Tensor, targets: Tensor, steps: int, noise: float, dropout: float, random: np.random.Generator) -> Classifier:
    answer = Classifier(x.shape[1], HIDDEN, targets.shape[1], dropout)
    optimizer, average = torch.optim.AdamW(answer.parameters(), weight_decay=0.05), Average(answer, 0.99)
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = 1e-3 * annealed(step, steps)
        rows = torch.from_numpy(random.integers(len(x), size=128))
        some, wanted = mixed(x[rows] + noise * torch.randn(128, x.shape[1]), targets[rows], random)
        optimizer.zero_grad()
        F.cross_entropy(answer(some), wanted).backward()
        optimizer.step()
        average.update(answer)
    answer.load_state_dict(average.weights)
    return answer


def fit_answer(
    whole: Tensor, copies: list[Tensor], labels: np.ndarray, count: int, members: int, steps: int, seed: int, *, penalty: float = 0.03,
    noise: float = 0.2, dropout: float = 0.4,
) -> Classifier:
    """One answer, the mean of a linear one and `members` others, on vectors [n, width] and altered copies of them.

    A linear one fits into a hidden layer, as gelu(x) - gelu(-x) = x.
    """
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    mean, deviation, wanted = whole.mean(0), whole.std(0), torch.from_numpy(labels)
    x = (torch.cat([whole, *copies]) - mean) / deviation
    targets = (torch.eye(count)[wanted] * 0.9 + 0.1 / count).repeat(1 + len(copies), 1)
    weight, bias = linear_answer(x[: len(whole)], wanted, count, penalty)
    ups, downs = [nn.Linear(x.shape[1], 2 * count)], [nn.Linear(2 * count, count)]
    with torch.no_grad():
        ups[0].weight.copy_(torch.cat([weight, -weight]))
        ups[0].bias.copy_(torch.cat([bias, -bias]))
        downs[0].weight.copy_(torch.cat([torch.eye(count), -torch.eye(count)], 1))
        downs[0].bias.zero_()
    for _ in range(members):
        answer = hidden_answer(x, targets, steps, noise, dropout, random)
        ups.append(answer.up)
        downs.append(answer.down)
    whole_answer = Classifier(x.shape[1], 2 * count + members * HIDDEN, count, 0)
    with torch.no_grad():
        up = torch.cat([layer.weight for layer in ups]) / deviation
        whole_answer.up.weight.copy_(up)
        whole_answer.up.bias.copy_(torch.cat([layer.bias for layer in ups]) - up @ mean)
        whole_answer.down.weight.copy_(torch.cat([layer.weight for layer in downs], 1) / len(downs))
        whole_answer.down.bias.copy_(torch.stack([layer.bias for layer in downs]).mean(0))
    return whole_answer.eval()
