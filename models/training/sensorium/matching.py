"""The joint space in training: contrastive loss, and recall of photos by their captions."""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .answering import encode_image
from .data import Photo
from .fusion import ProjectionHead, pooled
from .texts import TextBank, TextCache


def space_config(inputs: dict[str, dict]) -> dict:
    return {
        "type": "projection", "width": 384, "attention_heads": 6, "feed_forward": 384, "layer_norm_eps": 1e-5,
        "dimensions": 256, "inputs": inputs,
    }


IMAGE_AND_TEXT = {"image": {"tower": "image", "positions": 81}, "text": {"tower": "text", "layers": 1}}


def project_image(head: ProjectionHead, tokens: Tensor, kept: Tensor | None = None) -> Tensor:
    """As `ProjectionHead` does it, of the tokens at the places `kept` alone: [photos, dimensions], of length 1."""
    x = encode_image(head.inputs["image"], tokens, kept)
    mask = torch.ones(x.shape[:2], dtype=torch.bool, device=x.device)
    return F.normalize(head.projections["image"](pooled(x, mask, head.pooling["image"])), dim=1)


class Space(nn.Module):
    """The head and the temperature of its loss, which is learned with it and not served."""

    def __init__(self, head: ProjectionHead):
        super().__init__()
        self.head = head
        self.scale = nn.Parameter(torch.tensor(20.0).log())

    def loss(self, images: Tensor, texts: list[Tensor]) -> Tensor:
        """CLIP's loss (Radford 2021), the mean over several captions of each photo: images [b, d], each text [b, d]."""
        target = torch.arange(len(images), device=images.device)
        total = 0
        for text in texts:
            logits = self.scale.clamp(max=4.6).exp() * images @ text.T
            total = total + F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)
        return total / (2 * len(texts))


@torch.no_grad()
def recalls_of(head: ProjectionHead, photos: Sequence[Photo], tokens_of: Callable[[int, int], Tensor], texts: TextCache | TextBank) -> dict[str, float]:
    """Recalls over `photos` and all of their captions. `tokens_of(start, end)`: tokens of some photos."""
    images = torch.cat([project_image(head, tokens_of(i, min(i + 64, len(photos)))) for i in range(0, len(photos), 64)])
    captions = [(index, text) for index, photo in enumerate(photos) for text in photo.captions]
    vectors = [head("text", *texts.batch([text for _, text in captions[i : i + 256]])) for i in range(0, len(captions), 256)]
    return recalls(images, torch.cat(vectors), torch.tensor([index for index, _ in captions], device=images.device))


def recalls(images: Tensor, texts: Tensor, photo_of: Tensor) -> dict[str, float]:
    """Text to image over all photos, image to text over all captions (the best of the photo's own counts)."""
    similar = texts @ images.T
    own = similar.gather(1, photo_of[:, None])
    ranks = (similar > own).sum(1)
    figures = {f"t2i R@{k}": (ranks < k).float().mean().item() for k in (1, 5, 10)}
    figures["t2i median rank"] = ranks.float().median().item() + 1
    mine = F.one_hot(photo_of, len(images)).bool()
    best = similar.masked_fill(~mine, -torch.inf).amax(0)
    above = (similar > best[None]).sum(0)
    return figures | {f"i2t R@{k}": (above < k).float().mean().item() for k in (1, 5, 10)}
