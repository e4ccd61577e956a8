"""Puts towers and caption head into a checkpoint, or, with --base, further towers and heads into a copy of one.

    python -m training.export --work WORK --head WORK/head.safetensors --output sensorium-base
    python -m training.export --base sensorium-base --component face=WORK/components/face --component … --output sensorium-base

A copy has the name of its folder, unless --name says another, and a card of its own: a list of what was put in, to be written on.
Without --head the caption head is random: enough to build a server on. A component that the base has too is replaced; the
shards that do not hold it keep their bytes.
"""

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import load_file

from .sensorium.checkpoint import configuration, extend, save
from .sensorium.network import CaptionHead


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", type=Path, help="checkpoint to extend")
    parser.add_argument("--component", action="append", default=[], metavar="NAME=FILE", help="tower or head: FILE.json, FILE.safetensors")
    parser.add_argument("--work", type=Path, help="folder with towers.safetensors and vocabulary.json")
    parser.add_argument("--head", type=Path, help="weights of a caption head, as training writes them")
    parser.add_argument("--card", type=Path, help="text of the model card; sensorium-base has card.md")
    parser.add_argument("--name", help="name of the checkpoint; that of its folder if nothing is said")
    parser.add_argument("--output", type=Path, required=True, help="folder of the checkpoint")
    arguments = parser.parse_args()
    name = arguments.name or arguments.output.resolve().name
    card = arguments.card or (Path(__file__).parent / "card.md" if name == "sensorium-base" else None)
    if arguments.base:
        components = {name: Path(file) for name, file in (component.split("=", 1) for component in arguments.component)}
        extend(arguments.base, arguments.output, components, card and card.read_text(), name)
        size = sum(file.stat().st_size for file in arguments.output.iterdir())
        print(f"{arguments.output}: {size / 1e6:.1f} MB")
        return
    if not arguments.work or arguments.component:
        parser.error("--work makes a checkpoint, --base with --component extends one")
    config = configuration(json.loads((arguments.work / "vocabulary.json").read_text()), name)
    torch.manual_seed(0)
    head = CaptionHead(config["heads"]["caption"], config["towers"]["image"], config["width"])
    if arguments.head:
        head.load_state_dict(load_file(arguments.head))
    tensors = load_file(arguments.work / "towers.safetensors")
    tensors |= {f"caption.{name}": tensor for name, tensor in head.state_dict().items()}
    save(arguments.output, config, tensors, arguments.work / "tokenizer.json", card.read_text() if card else f"# {name}\n")
    print(f"{sum(tensor.numel() for tensor in tensors.values()) / 1e6:.1f} M parameters in {arguments.output}")


if __name__ == "__main__":
    main()
