"""Step 7. Puts towers and caption head into a checkpoint. Without --head the head is random: enough to build a server on."""

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import load_file

from .sensorium.checkpoint import configuration, save
from .sensorium.network import CaptionHead


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder with towers.safetensors and vocabulary.json")
    parser.add_argument("--head", type=Path, help="weights of a caption head, as training writes them")
    parser.add_argument("--card", type=Path, default=Path(__file__).parent / "card.md", help="text of the model card")
    parser.add_argument("--output", type=Path, required=True, help="folder of the checkpoint")
    arguments = parser.parse_args()
    config = configuration(json.loads((arguments.work / "vocabulary.json").read_text()))
    torch.manual_seed(0)
    head = CaptionHead(config["heads"]["caption"], config["towers"]["image"], config["width"])
    if arguments.head:
        head.load_state_dict(load_file(arguments.head))
    tensors = load_file(arguments.work / "towers.safetensors")
    tensors |= {f"caption.{name}": tensor for name, tensor in head.state_dict().items()}
    save(arguments.output, config, tensors, arguments.work / "tokenizer.json", arguments.card.read_text())
    print(f"{sum(tensor.numel() for tensor in tensors.values()) / 1e6:.1f} M parameters in {arguments.output}")


if __name__ == "__main__":
    main()
