"""Writes `models/ravdess-av`: voice and facial action units of one clip to eight emotions, as `training.voice` trained them."""

import argparse
import shutil
from pathlib import Path

from .sensorium.checkpoint import place_shards, split, write_json
from .sensorium.component import load_component

UNITS = 35
DESCRIPTION = (
    "OpenFace action units of a clip, averaged over its frames: 17 intensities (AU01_r, 02, 04, 05, 06, 07, 09, 10, 12, 14, 15, 17, "
    "20, 23, 25, 26, 45), then 18 presences (the same and AU28_c before AU45_c)"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder with the run of `training.voice`")
    parser.add_argument("--run", default="voice", help="folder of the run in WORK")
    parser.add_argument("--card", type=Path, default=Path(__file__).parent / "ravdess_av.md", help="text of the model card")
    parser.add_argument("--output", type=Path, required=True, help="folder of the checkpoint")
    arguments = parser.parse_args()
    audio, audio_tensors = load_component(arguments.work / arguments.run, "av-audio")
    head, head_tensors = load_component(arguments.work / arguments.run, "av-emotion")
    statistics = head.pop("statistics")
    config = {
        "model_type": "sensorium", "name": "ravdess-av", "width": head["width"],
        "towers": {
            "audio": audio,
            "action_units": {"type": "features", "width": UNITS, "max_tokens": 1, **statistics, "description": DESCRIPTION},
        },
        "heads": {"emotion": head},
    }
    tensors = {f"audio.{name}": tensor for name, tensor in audio_tensors.items()}
    tensors |= {f"emotion.{name}": tensor for name, tensor in head_tensors.items()}
    shutil.rmtree(arguments.output, ignore_errors=True)
    arguments.output.mkdir(parents=True)
    place_shards(arguments.output, split({name: tensor.half().contiguous() for name, tensor in tensors.items()}))
    write_json(arguments.output / "config.json", config)
    shutil.copyfile(arguments.card, arguments.output / "README.md")


if __name__ == "__main__":
    main()
