"""Step 6. The weighted mean of trained heads (Wortsman 2022): heads of one run and its fine-tuning lie close enough.

With --names the part that knows names is one head's alone: in a mean with a head from before names it would say half of them.
With --data the mean's figures on dev, by beam search. With --component it is left as the component `caption`.
"""

import argparse
from pathlib import Path

from safetensors.torch import load_file

from .caption import Check, add_naming, head_config, kinds, new_head
from .sensorium.captions import CaptionCodec
from .sensorium.component import save_component
from .sensorium.names import Names
from .sensorium.progress import save_head


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("heads", nargs="+", metavar="WEIGHT=FILE", help="e.g. 0.5=WORK/caption/head.safetensors")
    parser.add_argument("--names", type=Path, metavar="HEAD", help="whose `things.*` are taken as they are")
    parser.add_argument("--copying", type=float, default=1.0, help="factor of the scores of what is copied")
    parser.add_argument("--output", type=Path, help="file for the mean")
    parser.add_argument("--component", action="store_true", help="into WORK/components")
    parser.add_argument("--work", type=Path, help="folder of tokenizer, vocabulary and tokens")
    parser.add_argument("--data", type=Path, help="folder of the training data")
    add_naming(parser)
    parser.add_argument("--dev", type=int, default=1000, help="dev photos of Flickr8k")
    parser.add_argument("--beams", type=int, default=3)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    arguments = parser.parse_args()
    parts = [(float(weight), load_file(path)) for weight, path in (head.split("=", 1) for head in arguments.heads)]
    total = sum(weight for weight, _ in parts)
    mean = {name: sum(w / total * head[name] for w, head in parts) for name in parts[0][1]}
    if arguments.names:
        mean |= {name: tensor for name, tensor in load_file(arguments.names).items() if name.startswith("things.")}
    for name in ("things.query.weight", "things.query.bias"):
        if name in mean:
            mean[name] = mean[name] * arguments.copying
    if arguments.output:
        save_head(arguments.output, mean)
    if not arguments.work:
        return
    codec = CaptionCodec.in_work(arguments.work)
    names = Names(kinds(arguments.things)[0]) if arguments.things else None
    if arguments.component:
        save_component(arguments.work, "caption", "head", head_config(codec, names, arguments.floor), mean)
    if arguments.data:
        head = new_head(arguments.work, codec, 0.0, names).to(arguments.device)
        head.load_state_dict(mean)
        figures, texts = Check(arguments, codec)(head, arguments.beams)
        print("  ".join(f"{name} {value:.4f}" for name, value in figures.items()))
        print("  " + " | ".join(texts))


if __name__ == "__main__":
    main()
