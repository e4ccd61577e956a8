"""Takes towers and heads out of a checkpoint, as the components that further training starts from.

    python -m training.parts --checkpoint sensorium-base --work WORK audio space
"""

import argparse
from pathlib import Path

from .sensorium.checkpoint import part, read
from .sensorium.component import save_component


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True, help="folder of the checkpoint")
    parser.add_argument("--work", type=Path, required=True, help="the components go into its `components`")
    parser.add_argument("names", nargs="+", help="names of towers and heads, as its config.json has them")
    arguments = parser.parse_args()
    config, tensors = read(arguments.checkpoint)
    for name in arguments.names:
        kind = next((kind for kind in ("tower", "head") if name in config[f"{kind}s"]), None)
        if kind is None:
            parser.error(f"{arguments.checkpoint} has no tower or head {name}: it has {', '.join([*config['towers'], *config['heads']])}")
        save_component(arguments.work, name, kind, config[f"{kind}s"][name], part(tensors, name))


if __name__ == "__main__":
    main()
