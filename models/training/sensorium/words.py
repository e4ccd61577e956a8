"""The networks that find and read the words of a picture, as PP-OCRv4 runs them: DB (Liao 2020) on PP-LCNetV3 (Cui 2021) with a
residual squeeze-and-excitation pyramid finds lines, SVTR (Du 2022) on the same kind of network reads one.

The names of the modules are the names of the tensors in the checkpoint. Pixels are RGB in -1...1; the sides of a finder's picture are
multiples of 32, a line is 48 high and a multiple of 8 wide.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# Each block: window, channels, strides down and across, whether it squeezes.
FINDER = [
    (3, 32, (1, 1), False), (3, 48, (2, 2), False), (3, 48, (1, 1), False), (3, 96, (2, 2), False), (3, 96, (1, 1), False),
    (3, 192, (2, 2), False), (5, 192, (1, 1), False), (5, 192, (1, 1), False), (5, 192, (1, 1), False), (5, 192, (1, 1), False),
    (5, 384, (2, 2), True), (5, 384, (1, 1), True), (5, 384, (1, 1), False), (5, 384, (1, 1), False),
]
READER = [
    (3, 32, (1, 1), False), (3, 64, (1, 1), False), (3, 64, (1, 1), False), (3, 128, (2, 1), False), (3, 128, (1, 1), False),
    (3, 240, (1, 2), False), (5, 240, (1, 1), False), (5, 240, (1, 1), False), (5, 240, (1, 1), False), (5, 240, (1, 1), False),
    (5, 480, (2, 1), True), (5, 480, (1, 1), True), (5, 480, (2, 1), False), (5, 480, (1, 1), False),
]
STEM = 16
# The blocks whose grids the pyramid reads, finest first.
LEVELS = (2, 4, 9, 13)
PYRAMID, SMOOTH = 96, 24


class HardSwish(nn.Module):
    """scale * hardswish(x) + shift, two learned numbers."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([1.0, 0.0]))

    def forward(self, x: Tensor) -> Tensor:
        return self.weight[0] * F.hardswish(x) + self.weight[1]


class Squeeze(nn.Module):
    """The share of each channel: hardsigmoid(up(relu(down(mean of x)))). `slope`: of the hard sigmoid."""

    def __init__(self, channels: int, slope: float):
        super().__init__()
        self.down = nn.Conv2d(channels, channels // 4, 1)
        self.up = nn.Conv2d(channels // 4, channels, 1)
        self.slope = slope

    def forward(self, x: Tensor) -> Tensor:
        return (self.slope * self.up(F.relu(self.down(x.mean((2, 3), keepdim=True)))) + 0.5).clamp(0, 1)


class Block(nn.Module):
    """Depthwise, then pointwise: PP-LCNet's block. One that halves both sides has no activation between."""

    def __init__(self, inputs: int, kernel: int, outputs: int, stride: tuple[int, int], squeezes: bool):
        super().__init__()
        self.depthwise = nn.Conv2d(inputs, inputs, kernel, stride, kernel // 2, groups=inputs)
        self.middle = HardSwish() if stride != (2, 2) else None
        self.squeeze = Squeeze(inputs, 1 / 6) if squeezes else None
        self.pointwise = nn.Conv2d(inputs, outputs, 1)
        self.last = HardSwish()

    def forward(self, x: Tensor) -> Tensor:
        x = self.depthwise(x)
        if self.middle:
            x = self.middle(x)
        if self.squeeze:
            x = x * self.squeeze(x)
        return self.last(self.pointwise(x))


def blocks(layout: list) -> nn.ModuleList:
    inputs = [STEM] + [outputs for _, outputs, _, _ in layout]
    return nn.ModuleList(Block(channels, *block) for channels, block in zip(inputs, layout))


class Level(nn.Module):
    """x + x * squeeze(x) of a convolution's x."""

    def __init__(self, inputs: int, outputs: int, kernel: int):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2)
        self.squeeze = Squeeze(outputs, 0.2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        return x + x * self.squeeze(x)


class TextFinder(nn.Module):
    """Pixels [b, 3, height, width] to the probability of each pixel that it belongs to the middle of a line [b, height, width]."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, STEM, 3, 2, 1)
        self.blocks = blocks(FINDER)
        self.lateral = nn.ModuleList(Level(FINDER[block][1], PYRAMID, 1) for block in LEVELS)
        self.smooth = nn.ModuleList(Level(PYRAMID, SMOOTH, 3) for _ in LEVELS)
        self.join = nn.Conv2d(PYRAMID, SMOOTH, 3, padding=1)
        self.enlarge = nn.ConvTranspose2d(SMOOTH, SMOOTH, 2, 2)
        self.map = nn.ConvTranspose2d(SMOOTH, 1, 2, 2)

    def forward(self, pixels: Tensor) -> Tensor:
        x, grids = self.stem(pixels), []
        for index, block in enumerate(self.blocks):
            x = block(x)
            if index in LEVELS:
                grids.append(x)
        levels = [lateral(grid) for lateral, grid in zip(self.lateral, grids)]
        for index in (2, 1, 0):
            levels[index] = levels[index] + F.interpolate(levels[index + 1], scale_factor=2.0)
        smooth = [smooth(level) for smooth, level in zip(self.smooth, levels)]
        x = torch.cat([F.interpolate(smooth[index], scale_factor=2.0**index) for index in (3, 2, 1, 0)], 1)
        x = F.relu(self.enlarge(F.relu(self.join(x))))
        return self.map(x).sigmoid()[:, 0]


class Layer(nn.Module):
    """A pre-LN transformer layer with heads of 15 channels and swish."""

    HEADS = 8

    def __init__(self, width: int):
        super().__init__()
        self.attention_norm = nn.LayerNorm(width)
        self.attention = nn.ModuleDict({name: nn.Linear(width, width) for name in ("query", "key", "value", "output")})
        self.feed_forward_norm = nn.LayerNorm(width)
        self.feed_forward = nn.ModuleDict({"up": nn.Linear(width, 2 * width), "down": nn.Linear(2 * width, width)})

    def forward(self, x: Tensor) -> Tensor:
        normed = self.attention_norm(x)
        query, key, value = (self.attention[name](normed).unflatten(2, (self.HEADS, -1)).transpose(1, 2) for name in ("query", "key", "value"))
        seen = F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
        x = x + self.attention["output"](seen)
        return x + self.feed_forward["down"](F.silu(self.feed_forward["up"](self.feed_forward_norm(x))))


class TextReader(nn.Module):
    """A line [b, 3, 48, width] to logits [b, width / 8, characters + 1], the first of which is CTC's blank."""

    def __init__(self, characters: int):
        super().__init__()
        channels, width, narrow = READER[-1][1], 120, 60
        self.stem = nn.Conv2d(3, STEM, 3, 2, 1)
        self.blocks = blocks(READER)
        self.reduce = nn.Conv2d(channels, narrow, (1, 3), padding=(0, 1))
        self.widen = nn.Conv2d(narrow, width, 1)
        self.layers = nn.ModuleList(Layer(width) for _ in range(2))
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.restore = nn.Conv2d(width, channels, 1)
        self.join = nn.Conv2d(2 * channels, narrow, (1, 3), padding=(0, 1))
        self.narrow = nn.Conv2d(narrow, width, 1)
        self.characters = nn.Linear(width, characters + 1)

    def forward(self, pixels: Tensor) -> Tensor:
        x = self.stem(pixels)
        for block in self.blocks:
            x = block(x)
        grid = F.avg_pool2d(x, (3, 2))
        x = F.silu(self.widen(F.silu(self.reduce(grid)))).flatten(2).transpose(1, 2)
        for layer in self.layers:
            x = layer(x)
        x = self.norm(x).transpose(1, 2).unflatten(2, (1, -1))
        x = F.silu(self.join(torch.cat([grid, F.silu(self.restore(x))], 1)))
        x = F.silu(self.narrow(x)).flatten(2).transpose(1, 2)
        return self.characters(x)
