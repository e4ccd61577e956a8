"""Step 6. The weighted mean of trained heads (Wortsman 2022): heads of one run and its fine-tuning lie close enough."""

import argparse
from pathlib import Path

from safetensors.torch import load_file

from .sensorium.progress import save_head


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("heads", nargs="+", metavar="WEIGHT=FILE", help="e.g. 0.5=WORK/caption/head.safetensors")
    parser.add_argument("--output", type=Path, required=True, help="file for the mean")
    arguments = parser.parse_args()
    parts = [(float(weight), load_file(path)) for weight, path in (head.split("=", 1) for head in arguments.heads)]
    total = sum(weight for weight, _ in parts)
    save_head(arguments.output, {name: sum(w / total * head[name] for w, head in parts) for name in parts[0][1]})


if __name__ == "__main__":
    main()
