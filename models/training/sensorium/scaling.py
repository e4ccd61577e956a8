"""Hidden states at one scale in training, though the served head reads them as they are.

Channels of a tower's hidden states differ a hundredfold in size, which the first projection would have to find out by itself.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Scaling:
    """Mean and deviation [width] of the tokens of a tower."""

    mean: Tensor
    deviation: Tensor

    @staticmethod
    def of(tokens: Tensor) -> "Scaling":
        """`tokens` [n, width]."""
        return Scaling(tokens.mean(0), tokens.std(0) + 1e-3)

    def __call__(self, states: Tensor) -> Tensor:
        return (states - self.mean) / self.deviation

    def into(self, weights: dict[str, Tensor], projection: str) -> dict[str, Tensor]:
        """The weights of a head that was trained on scaled states, for states as they are."""
        weight = weights[f"{projection}.weight"] / self.deviation
        bias = weights[f"{projection}.bias"] - weight @ self.mean
        return weights | {f"{projection}.weight": weight, f"{projection}.bias": bias}

    def out_of(self, weights: dict[str, Tensor], projection: str) -> dict[str, Tensor]:
        """The other way about: a served head's weights, for scaled states."""
        weight, bias = weights[f"{projection}.weight"], weights[f"{projection}.bias"]
        return weights | {f"{projection}.weight": weight * self.deviation, f"{projection}.bias": bias + weight @ self.mean}
