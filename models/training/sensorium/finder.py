"""The face finder: BlazeFace, short range (Bazarevsky 2019), as MediaPipe runs it.

The names of the modules are the names of the tensors in the checkpoint. Pixels are [b, 3, 128, 128] in -1...1, a picture
fitted into the square with black bars.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .network import SameConv

SIZE = 128
# Channels and stride of each block; the grid halves three times to 16 x 16, then to 8 x 8.
BLOCKS = [
    (24, 1), (28, 1), (32, 2), (36, 1), (42, 1), (48, 2), (56, 1), (64, 1), (72, 1), (80, 1), (88, 1),
    (96, 2), (96, 1), (96, 1), (96, 1), (96, 1),
]
# The block after which boxes are read from the finer grid, and anchors of a cell of either grid.
FINE_BLOCK, FINE_ANCHORS, COARSE_ANCHORS = 10, 2, 6
# A box is 4 numbers; 6 landmarks of 2 numbers follow, which are not used here.
BOX = 16


class Block(nn.Module):
    """relu(project(depthwise(x)) + x): x halved by its maximum where the grid is, with zeros for new channels."""

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.depthwise = SameConv(inputs, inputs, 3, stride, groups=inputs)
        self.project = nn.Conv2d(inputs, outputs, 1)
        self.stride, self.new = stride, outputs - inputs

    def forward(self, x: Tensor) -> Tensor:
        shortcut = F.max_pool2d(x, 2) if self.stride == 2 else x
        return F.relu(self.project(self.depthwise(x)) + F.pad(shortcut, (0, 0, 0, 0, 0, self.new)))


class FaceFinder(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = SameConv(3, 24, 5, 2)
        channels = [24, *(channels for channels, _ in BLOCKS)]
        self.blocks = nn.ModuleList(
            Block(inputs, outputs, stride) for inputs, (outputs, stride) in zip(channels, BLOCKS)
        )
        self.fine_scores = nn.Conv2d(88, FINE_ANCHORS, 1)
        self.fine_boxes = nn.Conv2d(88, FINE_ANCHORS * BOX, 1)
        self.coarse_scores = nn.Conv2d(96, COARSE_ANCHORS, 1)
        self.coarse_boxes = nn.Conv2d(96, COARSE_ANCHORS * BOX, 1)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Logits [b, 896] and raw boxes [b, 896, 16] of all anchors: the fine grid's cell by cell, then the coarse grid's."""
        x = F.relu(self.stem(pixels))
        for index, block in enumerate(self.blocks):
            x = block(x)
            if index == FINE_BLOCK:
                fine = x
        scores = [self.fine_scores(fine), self.coarse_scores(x)]
        boxes = [self.fine_boxes(fine), self.coarse_boxes(x)]
        rows = [y.permute(0, 2, 3, 1).flatten(1) for y in scores]
        return torch.cat(rows, 1), torch.cat([y.permute(0, 2, 3, 1).reshape(len(y), -1, BOX) for y in boxes], 1)


def centres() -> Tensor:
    """[896, 2]: the middle of each anchor's cell, as a part of the square. Anchors have no size of their own."""
    parts = []
    for cells, anchors in ((16, FINE_ANCHORS), (8, COARSE_ANCHORS)):
        middles = (torch.arange(cells) + 0.5) / cells
        grid = torch.stack(torch.meshgrid(middles, middles, indexing="ij")[::-1], 2)
        parts.append(grid.reshape(-1, 1, 2).expand(-1, anchors, 2).reshape(-1, 2))
    return torch.cat(parts)


def decoded(raw: Tensor) -> Tensor:
    """Raw boxes [896, 16] to [896, 4]: left, top, right, bottom as parts of the square."""
    centre, size = centres() + raw[:, :2] / SIZE, raw[:, 2:4] / SIZE
    return torch.cat([centre - size / 2, centre + size / 2], 1)


def overlap(box: Tensor, others: Tensor) -> Tensor:
    """Intersection over union of [4] with [n, 4]."""
    sides = (torch.minimum(box[2:], others[:, 2:]) - torch.maximum(box[:2], others[:, :2])).clamp(min=0)
    shared = sides.prod(1)
    area = (box[2:] - box[:2]).prod()
    return shared / (area + (others[:, 2:] - others[:, :2]).prod(1) - shared).clamp(min=1e-12)


def faces(logits: Tensor, raw: Tensor, threshold: float = 0.5, most_overlap: float = 0.3) -> list[tuple[list[float], float]]:
    """Boxes and scores, best first: MediaPipe's weighted suppression. The best box and all that overlap it by more than
    `most_overlap` become one, their mean weighted by score, with the score of the best."""
    scores, boxes = logits.clamp(-100, 100).sigmoid(), decoded(raw)
    order = [i for i in scores.argsort(descending=True).tolist() if scores[i] >= threshold]
    found = []
    while order:
        rest = torch.tensor(order)
        same = overlap(boxes[order[0]], boxes[rest]) > most_overlap
        same[0] = True
        group = rest[same]
        weights = scores[group]
        box = (boxes[group] * weights[:, None]).sum(0) / weights.sum()
        found.append((box.tolist(), float(scores[order[0]])))
        order = rest[~same].tolist()
    return found
