"""The face tower: a plain stack of 3 x 3 convolutions over a grey face, 48 x 48.

While it is trained every layer has a batch norm and, where the shapes allow it, an identity branch (RepVGG, Ding 2021);
both are folded into one convolution for the checkpoint: `layers.N` is then a convolution, its bias and a ReLU.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SIZE = 48
MEAN, DEVIATION = 128, 64
LAYOUT = [
    {"channels": channels, "stride": stride}
    for channels, stride in [(32, 1), (64, 2), (64, 1), (64, 1), (128, 2), (128, 1), (128, 1), (256, 2), (256, 1), (256, 1)]
]


def preprocess(pixels: Tensor) -> Tensor:
    """Grey values 0...255 [b, 48, 48] to the network's input [b, 1, 48, 48]."""
    return ((pixels.float() - MEAN) / DEVIATION)[:, None]


def configuration(layout: list[dict] = LAYOUT) -> dict:
    """The tower as `config.json` states it."""
    side = SIZE
    for layer in layout:
        side = -(-side // layer["stride"])
    return {
        "type": "face_cnn", "image_size": SIZE, "tokens": side * side, "channels": layout[-1]["channels"],
        "mean": MEAN, "deviation": DEVIATION, "layout": layout,
    }


class TrainedLayer(nn.Module):
    """relu(batch norm(convolution(x)) + x), without "+ x" where the shape changes."""

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.convolution = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.identity = inputs == outputs and stride == 1

    def forward(self, x: Tensor) -> Tensor:
        h = self.norm(self.convolution(x))
        return F.relu(h + x if self.identity else h)

    @torch.no_grad()
    def folded(self) -> tuple[Tensor, Tensor]:
        """Weight and bias of the one convolution that computes the same."""
        scale = self.norm.weight / (self.norm.running_var + self.norm.eps).sqrt()
        weight = self.convolution.weight * scale[:, None, None, None]
        if self.identity:
            weight[:, :, 1, 1] += torch.eye(len(weight), device=weight.device)
        return weight, self.norm.bias - self.norm.running_mean * scale


class FaceClassifier(nn.Module):
    """The network that is trained: layers, mean of the grid, one linear layer."""

    def __init__(self, labels: int, dropout: float, layout: list[dict] = LAYOUT):
        super().__init__()
        channels = [1, *(layer["channels"] for layer in layout)]
        self.layers = nn.ModuleList(
            TrainedLayer(inputs, layer["channels"], layer["stride"]) for inputs, layer in zip(channels, layout)
        )
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(channels[-1], labels)

    def forward(self, pixels: Tensor) -> Tensor:
        x = pixels
        for layer in self.layers:
            x = layer(x)
        return self.output(self.dropout(x.mean((2, 3))))

    def tower(self) -> "FaceTower":
        tower = FaceTower([{"channels": len(layer.norm.weight), "stride": layer.convolution.stride[0]} for layer in self.layers])
        for source, target in zip(self.layers, tower.layers):
            target.weight.data, target.bias.data = source.folded()
        return tower.eval()


class FaceTower(nn.Module):
    """The tower of the checkpoint: [b, 1, 48, 48] to tokens [b, 36, 256], row by row."""

    def __init__(self, layout: list[dict] = LAYOUT):
        super().__init__()
        channels = [1, *(layer["channels"] for layer in layout)]
        self.layers = nn.ModuleList(
            nn.Conv2d(inputs, layer["channels"], 3, layer["stride"], 1) for inputs, layer in zip(channels, layout)
        )

    def forward(self, pixels: Tensor) -> Tensor:
        x = pixels
        for layer in self.layers:
            x = F.relu(layer(x))
        return x.flatten(2).transpose(1, 2)
