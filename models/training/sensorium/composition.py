"""One vector of a photo and the words that change it."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Perceptron(nn.Module):
    """down(relu(up(x)))"""

    def __init__(self, inputs: int, hidden: int, outputs: int):
        super().__init__()
        self.up = nn.Linear(inputs, hidden)
        self.down = nn.Linear(hidden, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(F.relu(self.up(x)))


class GatedResidual(nn.Module):
    """TIRG (Vo 2019, section 3) on vectors of the space, all [b, dimensions] and of length 1:

        x        = [image ; text]
        composed = normalize(mix[0] · sigmoid(gate(x)) · image + mix[1] · residual(x))
    """

    def __init__(self, config: dict, dimensions: int):
        """`config`: {"type": "gated_residual", "image": …, "text": …, "hidden": …}, the inputs it is for and its inner width."""
        super().__init__()
        self.gate = Perceptron(2 * dimensions, config["hidden"], dimensions)
        self.residual = Perceptron(2 * dimensions, config["hidden"], dimensions)
        self.mix = nn.Parameter(torch.ones(2))

    def forward(self, image: Tensor, text: Tensor) -> Tensor:
        x = torch.cat([image, text], 1)
        return F.normalize(self.mix[0] * self.gate(x).sigmoid() * image + self.mix[1] * self.residual(x), dim=1)


def mean_of(image: Tensor, text: Tensor) -> Tensor:
    """What a space without a composition makes of two keys."""
    return F.normalize(image + text, dim=1)


def leaning(image: Tensor, text: Tensor, composed: Tensor, weight: float) -> Tensor:
    """`weight` 0 is the image alone, 0.5 the composition, 1 the words alone; between them straight lines, of length 1."""
    if weight <= 0.5:
        return F.normalize((1 - 2 * weight) * image + 2 * weight * composed, dim=1)
    return F.normalize((2 - 2 * weight) * composed + (2 * weight - 1) * text, dim=1)
