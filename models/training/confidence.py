"""Step 21. How sure the network is of its answers: curves from what a server measures of them, in `config.json`.

    python -m training.confidence --checkpoint sensorium-base --empty                     # then serve it
    python -m training.confidence --checkpoint sensorium-base --data DATA --server http://127.0.0.1:8080

The first writes curves by which a server tells the measures and says nothing; the second fits them to every second dev photo (clip,
line), and writes them. `training.evaluate --task confidence` measures the rest, by a server started anew.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from .evaluation.confidence import ENOUGH, Asked
from .sensorium.certainty import MEASURES, Judged, empty_curve, fitted_curve, halves
from .sensorium.client import Server


def write(checkpoint: Path, confidence: dict) -> None:
    path = checkpoint / "config.json"
    config = json.loads(path.read_text())
    config["confidence"] = confidence
    path.write_text(json.dumps(config, indent=1) + "\n")


def empty() -> dict:
    other = empty_curve(MEASURES["other"])
    return {
        "caption": {"any": empty_curve(MEASURES["caption"])}, "vqa": {"any": empty_curve(MEASURES["vqa"])},
        "emotion": {"any": other}, "things": {"any": other}, "sound": {"any": other},
    }


def curve(answers: list[Judged], measures: list[str], nothing: Sequence[Judged] = ()) -> dict:
    """Fitted to the first half, and to pictures of nothing; of few answers to all: what is measured of them is cross-fitted."""
    first, second = halves(answers)
    return fitted_curve(first if len(second) >= ENOUGH else answers, measures, nothing)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True, help="folder of the checkpoint, whose config.json is written")
    parser.add_argument("--empty", action="store_true", help="write curves that say nothing")
    parser.add_argument("--server", default="http://127.0.0.1:8080", help="a server on the checkpoint with such curves, or with any")
    parser.add_argument("--data", type=Path, help="folder of the training data")
    parser.add_argument("--items", type=int, help="at most so many of each set; left out: all")
    parser.add_argument("--option", action="append", metavar="NAME=VALUE", help="of the caption requests (default: beams=3)")
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--free", type=Path, default=Path(__file__).parents[1] / "free-photos")
    arguments = parser.parse_args()
    if arguments.empty:
        return write(arguments.checkpoint, empty())
    if arguments.data is None:
        parser.error("--data is needed")
    asked = Asked(Server(arguments.server), arguments)
    emotions, (no_captions, no_answers) = asked.emotions(), asked.nothing(seed=1)
    confidence = {
        "caption": {"any": curve(asked.captions(), MEASURES["caption"], no_captions)},
        "vqa": {"any": curve(asked.questions(), MEASURES["vqa"], no_answers)},
        "emotion": {parts: curve(answers, MEASURES["other"]) for parts, answers in emotions.items()},
        "things": {"any": curve(asked.things(), MEASURES["other"])},
        "sound": {"any": curve(asked.sounds(), MEASURES["other"])},
    }
    write(arguments.checkpoint, confidence)
    print(json.dumps(confidence, indent=1))


if __name__ == "__main__":
    main()
