"""Trained parts of a checkpoint on their way into it: `<folder>/components/<name>.safetensors` and `<name>.json`.

A step may run several times with other options (--run NAME); each run keeps its own, and `adopt` puts the best of them into
`WORK/components`. Its score is the dev figure of the step.
"""

import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from .progress import save_head


def save_component(
    work: Path, name: str, kind: str, config: dict, tensors: dict[str, Tensor], towers: dict[str, str] | None = None
) -> None:
    """`kind` "tower" or "head"; names of tensors without the prefix that they get in the checkpoint. Kept as float16.

    `towers`: the digests of the towers that a head was trained on (`CheckpointTowers.digests`), which export holds against those
    that it would be served with.
    """
    folder = work / "components"
    folder.mkdir(parents=True, exist_ok=True)
    save_head(folder / f"{name}.safetensors", {
        key: tensor.detach().to("cpu", torch.float16).contiguous() for key, tensor in tensors.items()
    })
    read = {given["tower"] for given in config.get("inputs", {}).values()}
    known = {tower: digest for tower, digest in (towers or {}).items() if tower in read}
    description = {"kind": kind, "config": config} | ({"towers": known} if known else {})
    (folder / f"{name}.json").write_text(json.dumps(description, indent=1) + "\n")


def load_component(work: Path, name: str) -> tuple[dict, dict[str, Tensor]]:
    """Its configuration and its tensors as float32."""
    folder = work / "components"
    tensors = load_file(folder / f"{name}.safetensors")
    config = json.loads((folder / f"{name}.json").read_text())["config"]
    return config, {key: tensor.float() for key, tensor in tensors.items()}


def adopt(work: Path, run: str, score: float) -> bool:
    """Copies the components of `WORK/<run>` to `WORK/components`, if no run of that step had a better score."""
    best = work / "components" / f"{run.split('-')[0]}.score"
    if best.exists() and float(best.read_text()) >= score:
        return False
    best.parent.mkdir(parents=True, exist_ok=True)
    for file in (work / run / "components").iterdir():
        shutil.copyfile(file, best.parent / file.name)
    best.write_text(str(score))
    return True
