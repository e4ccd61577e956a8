"""Things: the pretrained image tower's last blocks and its classifier over the 1,000 kinds of ImageNet, beside the tuned tower.

    python -m training.things --checkpoint sensorium-base --work WORK
    python -m training.export --base sensorium-base --component image_things=WORK/components/image_things \\
        --component things=WORK/components/things --output sensorium-base

Tuning for captions left the stem and the first seven blocks as they were, so these are shared; what it made the tower forget is in
the blocks behind them. Nothing is trained.
"""

import argparse
import json
from pathlib import Path

import timm
import torch
from PIL import Image
from timm.data import ImageNetInfo
from torch import Tensor

from .sensorium.checkpoint import part, read
from .sensorium.component import save_component
from .sensorium.data import preprocess
from .sensorium.fusion import LinearHead
from .sensorium.names import FLOOR, MOST, plain_names
from .sensorium.network import ImageBranch, ImageTower
from .sensorium.wordnet import WordNet
from .towers import image_tower, pretrained

FROM_BLOCK = 7
TOWER = {"type": "efficientnet_lite2_branch", "of": "image", "from_block": FROM_BLOCK}
# Of two kinds with one name only: the other keeps it.
OTHER_NAMES = {517: "construction crane"}


def labels() -> list[str]:
    """The first name of each kind that is not another's too, as WordNet has them."""
    info = ImageNetInfo("imagenet-1k")
    names = [[name.strip() for name in info.index_to_description(index).split(",")] for index in range(1000)]
    chosen: list[str] = []
    for index, (first, *others) in enumerate(names):
        is_shared = sum(first.lower() == other[0].lower() for other in names) > 1
        chosen.append(OTHER_NAMES.get(index, others[0] if is_shared and others else first))
    if len(set(chosen)) != len(chosen):
        raise SystemExit("Two kinds have one name: has timm changed its list? Give one of them another in OTHER_NAMES.")
    return chosen


def names_of(labels: list[str], wordnet: Path) -> dict:
    """The everyday names of the kinds, and a tree of the nouns above them."""
    info, nouns = ImageNetInfo("imagenet-1k"), WordNet(wordnet)
    above: dict[str, str] = {"cup": "container"}  # to WordNet this kind is a drink
    for kind, label in enumerate(labels):
        way = [label, *(noun for noun in nouns.plain_above(info.index_to_label_name(kind)) if noun != label)]
        for lower, higher in zip(way, way[1:]):
            above.setdefault(lower, higher)
    return {"of_labels": plain_names(labels), "above": above, "most": MOST, "floor": FLOOR}


def branch_of(pretrained_tower: dict[str, Tensor], shipped: dict[str, Tensor]) -> dict[str, Tensor]:
    """The pretrained tower's tensors behind the shared ones, which have to be the shipped tower's."""
    own = {key: tensor for key, tensor in pretrained_tower.items() if is_own(key)}
    different = [key for key, tensor in pretrained_tower.items() if key not in own and not torch.equal(tensor, shipped[key])]
    if different:
        raise SystemExit(f"Tuning has changed {different[0]}, which the branch would share: lower FROM_BLOCK.")
    return own


def is_own(key: str) -> bool:
    kind, index = (key.split(".") + ["0"])[:2]
    return kind == "head" or kind == "blocks" and int(index) >= FROM_BLOCK


@torch.no_grad()
def check(trunk: ImageTower, branch: ImageBranch, head: LinearHead) -> None:
    """Shared, folded and rounded, the classifier must still be timm's."""
    pixels = torch.rand(8, 3, 260, 260, generator=torch.Generator().manual_seed(0)) * 2 - 1
    expected = pretrained()(pixels)
    difference = (head(branch(trunk.through(pixels, FROM_BLOCK))) - expected).abs()
    print(f"logits against timm's: mean |difference| {difference.mean():.5f}, max {difference.max():.5f}, deviation {expected.std():.4f}")
    if difference.mean() > 0.02 * expected.std():
        raise SystemExit("The branch computes something else than timm.")


@torch.no_grad()
def write_golden(file: Path) -> None:
    """What timm's network says of the photos beside the file: the fixture of the server's own tests."""
    network, names, photos = pretrained(), labels(), {}
    for photo in sorted(file.parent.glob("*.png")):
        best = network(torch.from_numpy(preprocess(Image.open(photo).convert("RGB")))[None])[0].softmax(0).topk(5)
        photos[photo.stem] = [[names[index], round(share, 6)] for index, share in zip(best.indices.tolist(), best.values.tolist())]
    made_by = {"made_by": "python -m training.things --golden FILE", "versions": {"torch": torch.__version__, "timm": timm.__version__}}
    file.write_text(json.dumps(made_by | {"photos": photos}, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True, help="its image tower is the one that the branch shares blocks with")
    parser.add_argument("--work", type=Path, required=True, help="folder for everything that training computes")
    parser.add_argument("--wordnet", type=Path, default=Path("/usr/share/wordnet"), help="with data.noun; Debian's wordnet-base")
    parser.add_argument("--golden", type=Path, help="write what the network says of the photos beside this file")
    arguments = parser.parse_args()
    if arguments.golden:
        write_golden(arguments.golden)
    shipped = {key.removeprefix("image."): tensor for key, tensor in read(arguments.checkpoint)[1].items() if key.startswith("image.")}
    own = branch_of(image_tower(), shipped)
    classifier = pretrained().classifier
    kinds = labels()
    config = {"type": "linear", "labels": kinds, "inputs": {"image": {"tower": "image_things"}}, "names": names_of(kinds, arguments.wordnet)}
    weights = {f"classifier.{name}": tensor.detach().half() for name, tensor in classifier.state_dict().items()}

    trunk, branch, head = ImageTower().eval(), ImageBranch(FROM_BLOCK).eval(), LinearHead(config, {"image_things": classifier.in_features})
    trunk.load_state_dict(part({f"image.{key}": tensor for key, tensor in shipped.items()}, "image"))
    branch.load_state_dict({key: tensor.float() for key, tensor in own.items()})
    head.load_state_dict({key: tensor.float() for key, tensor in weights.items()})
    check(trunk, branch, head)
    save_component(arguments.work, "image_things", "tower", TOWER, own)
    save_component(arguments.work, "things", "head", config, weights)
    count = sum(tensor.numel() for tensor in (*own.values(), *weights.values()))
    print(f"{len(config['labels'])} kinds, {count / 1e6:.2f} M parameters")


if __name__ == "__main__":
    main()
