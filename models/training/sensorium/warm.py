"""A head's image adapter starts as the encoder that captions have trained."""

from pathlib import Path

import torch
from safetensors import safe_open

from .fusion import Input

PREFIX = "caption.image."


def caption_image(checkpoint: Path) -> dict[str, torch.Tensor]:
    """The image encoder of a checkpoint's caption head, in float32."""
    weights = {}
    for shard in sorted(checkpoint.glob("*.safetensors")):
        with safe_open(shard, "pt") as file:
            weights |= {name.removeprefix(PREFIX): file.get_tensor(name).float() for name in file.keys() if name.startswith(PREFIX)}
    return weights


@torch.no_grad()
def start_from_captions(adapter: Input, weights: dict[str, torch.Tensor]) -> None:
    """Copies projection, norm, positions and the first layers. Where the adapter's feed-forward is narrower, the inner
    units with the largest product of incoming and outgoing weight norms stay."""
    state = adapter.state_dict()
    for name, tensor in state.items():
        if ".feed_forward." not in name:
            tensor.copy_(weights[name])
    for index, layer in enumerate(adapter.layers):
        up, bias, down = (weights[f"layers.{index}.feed_forward.{name}"] for name in ("up.weight", "up.bias", "down.weight"))
        kept = (up.norm(dim=1) * down.norm(dim=0)).topk(layer.feed_forward.up.out_features).indices.sort().values
        layer.feed_forward.up.weight.copy_(up[kept])
        layer.feed_forward.up.bias.copy_(bias[kept])
        layer.feed_forward.down.weight.copy_(down[:, kept])
        layer.feed_forward.down.bias.copy_(weights[f"layers.{index}.feed_forward.down.bias"])


def narrowed(weights: dict[str, torch.Tensor], inner: int) -> dict[str, torch.Tensor]:
    """A head whose feed-forwards have `inner` units: those stay that have the largest product of incoming and outgoing
    weight norms."""
    weights = dict(weights)
    for name in [name.removesuffix("up.weight") for name in weights if name.endswith(".feed_forward.up.weight")]:
        up, down = weights[f"{name}up.weight"], weights[f"{name}down.weight"]
        kept = (up.norm(dim=1) * down.norm(dim=0)).topk(inner).indices.sort().values
        weights |= {f"{name}up.weight": up[kept], f"{name}up.bias": weights[f"{name}up.bias"][kept], f"{name}down.weight": down[:, kept]}
    return weights
