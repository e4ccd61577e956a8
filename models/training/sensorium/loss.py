"""Cross-entropy with label smoothing whose gradient is computed on the way forward.

Over a few thousand words the logits are the largest tensor of a step. PyTorch's own loss passes over them, and over
their float32 copy, a dozen times; this one keeps the single tensor that the backward pass needs.
"""

import torch
from torch import Tensor


class SmoothedCrossEntropy(torch.autograd.Function):
    """Mean loss of logits = hidden · weightᵀ + bias against targets; the target gets 1 - smoothing, all words share the rest."""

    @staticmethod
    def forward(context, hidden: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, smoothing: float) -> Tensor:
        weight = weight.to(hidden.dtype)
        logits = torch.addmm(bias.to(hidden.dtype), hidden, weight.T)
        count, words = logits.shape
        rows = torch.arange(count, device=logits.device)
        highest = logits.amax(1, keepdim=True)
        wanted = (1 - smoothing) * logits[rows, targets].float() + smoothing * logits.mean(1, dtype=torch.float32)
        gradient = logits.sub_(highest).exp_()
        total = gradient.sum(1, keepdim=True, dtype=torch.float32)
        loss = (total.log() + highest).squeeze(1) - wanted
        gradient.mul_(1 / (total * count)).sub_(smoothing / (words * count))
        gradient[rows, targets] -= (1 - smoothing) / count
        context.save_for_backward(hidden, weight, gradient)
        return loss.mean()

    @staticmethod
    def backward(context, scale: Tensor):
        hidden, weight, gradient = context.saved_tensors
        by_weight = (gradient.T @ hidden).float() * scale
        return (gradient @ weight) * scale.to(hidden.dtype), by_weight, gradient.sum(0, dtype=torch.float32) * scale, None, None


def copying_cross_entropy(logits: Tensor, copies: Tensor, pieces: Tensor, targets: Tensor, smoothing: float) -> Tensor:
    """Loss of each target where a word may be generated or copied (CopyNet, Gu 2016): both ways share one softmax.

    `logits` [n, words], `copies` [n, T] of `pieces` [n, T], minus infinity for those that may not be; smoothing is over what is
    generated. [n]
    """
    total = torch.logsumexp(torch.cat([logits, copies], 1), 1)
    generated = logits.gather(1, targets[:, None])
    wanted = torch.logsumexp(torch.cat([generated, copies.masked_fill(pieces != targets[:, None], -torch.inf)], 1), 1)
    return total - (1 - smoothing) * wanted - smoothing * logits.mean(1)
