"""Puts the pieces that `training.joint` has written together: the components image, caption, vqa and space.

Then `training.export --base sensorium-base --component image=WORK/components/image --component caption=…` makes a checkpoint.
"""

import argparse
import json
from pathlib import Path

from .sensorium.answering import vqa_config
from .sensorium.checkpoint import configuration
from .sensorium.component import save_component
from .sensorium.matching import IMAGE_AND_TEXT, space_config
from .sensorium.pieces import load_pieces


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pieces", type=Path, required=True, help="what joint's --output was")
    parser.add_argument("--weights", type=Path, required=True, help="what joint's --weights was")
    parser.add_argument("--work", type=Path, required=True, help="the components go into its `components`")
    arguments = parser.parse_args()
    labels = json.loads((arguments.weights / "answers.json").read_text())
    whole = configuration(json.loads((arguments.weights / "vocabulary.json").read_text()))
    components = {
        "image": ("tower", whole["towers"]["image"]), "caption": ("head", whole["heads"]["caption"]),
        "vqa": ("head", vqa_config(labels)), "space": ("head", space_config(IMAGE_AND_TEXT)),
    }
    for name, (kind, config) in components.items():
        weights = load_pieces(arguments.pieces, name)
        if not weights:
            print(f"{name}: no pieces in {arguments.pieces}")
            continue
        save_component(arguments.work, name, kind, config, weights)
        print(f"{name}: {sum(t.numel() for t in weights.values()) / 1e6:.2f} M parameters")


if __name__ == "__main__":
    main()
