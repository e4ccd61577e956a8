"""Short trainings of heads on cached tokens: AdamW, one cycle, averaged weights."""

import math
from collections.abc import Callable
from copy import deepcopy

import torch
import torch.nn.functional as F
from torch import Tensor

from .fusion import ClassifierHead
from .progress import Average

Batch = tuple[dict[str, Tensor], dict[str, Tensor], Tensor]
"""Tokens and masks of the inputs, and the labels as shares [b, labels]."""


def loss_of(head: ClassifierHead, batch: Batch, alone: float, weights: Tensor | None) -> Tensor:
    """Cross-entropy of the fused answer and, `alone` times, the mean of the inputs' own answers."""
    device = next(head.parameters()).device
    tokens, masks = ({name: tensor.to(device) for name, tensor in tensors.items()} for tensors in batch[:2])
    shares = batch[2].to(device)
    logits, each = head(tokens, masks)
    cost = lambda answer: F.cross_entropy(answer, shares, weights, reduction="none")  # noqa: E731
    loss = cost(logits).mean()
    if alone:
        there = torch.stack([masks[name].any(1) for name in head.names], 1)
        costs = torch.stack([cost(each[name]) for name in head.names], 1)
        loss = loss + alone * torch.where(there, costs, 0).sum() / there.sum()
    return loss


def fit(
    head: ClassifierHead, batch_of: Callable[[int], Batch], steps: int, rate: float, *,
    decay: float = 0.99, weight_decay: float = 0.02, alone: float = 0.0, weights: Tensor | None = None,
    trained: Callable[[str], bool] = lambda name: True, every: int = 0, report: Callable[[int, float, ClassifierHead], None] | None = None,
) -> ClassifierHead:
    """The averaged head. `trained`: which parameters, by name. `report`: every so many steps, with the mean loss."""
    for name, parameter in head.named_parameters():
        parameter.requires_grad_(trained(name))
    chosen = [parameter for parameter in head.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in chosen if p.dim() > 1], "weight_decay": weight_decay},
        {"params": [p for p in chosen if p.dim() == 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.98), fused=True)
    average, averaged, losses = Average(head, decay), deepcopy(head), []
    for step in range(steps):
        share = step / steps
        for group in optimizer.param_groups:
            group["lr"] = rate * min((step + 1) / max(20, steps / 20), 0.01 + 0.99 * (1 + math.cos(math.pi * share)) / 2)
        head.train()
        loss = loss_of(head, batch_of(step), alone, weights)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(chosen, 1.0)
        optimizer.step()
        average.update(head)
        losses.append(loss.detach())
        if report and every and ((step + 1) % every == 0 or step + 1 == steps):
            averaged.load_state_dict(average.weights)
            report(step + 1, (sum(losses) / len(losses)).item(), averaged.eval())
            losses = []
    averaged.load_state_dict(average.weights)
    return averaged.eval()
