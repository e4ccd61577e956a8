"""Trained parts of a checkpoint on their way into it: `WORK/components/<name>.safetensors` and `<name>.json`."""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from .progress import save_head


def save_component(work: Path, name: str, kind: str, config: dict, tensors: dict[str, Tensor]) -> None:
    """`kind` "tower" or "head"; names of tensors without the prefix that they get in the checkpoint. Kept as float16."""
    folder = work / "components"
    folder.mkdir(parents=True, exist_ok=True)
    save_head(folder / f"{name}.safetensors", {
        key: tensor.detach().to("cpu", torch.float16).contiguous() for key, tensor in tensors.items()
    })
    (folder / f"{name}.json").write_text(json.dumps({"kind": kind, "config": config}, indent=1) + "\n")


def load_component(work: Path, name: str) -> tuple[dict, dict[str, Tensor]]:
    """Its configuration and its tensors as float32."""
    folder = work / "components"
    tensors = load_file(folder / f"{name}.safetensors")
    config = json.loads((folder / f"{name}.json").read_text())["config"]
    return config, {key: tensor.float() for key, tensor in tensors.items()}
