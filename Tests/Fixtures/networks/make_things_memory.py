"""Makes things_memory/ and things_memory.json: a small random caption head that is told of things, and its logits in PyTorch.

The head is make_tiny.py's with `things`; the tower and the head that would see things are named in config.json and have no tensors.
Written with Python 3.11, torch 2.15.0, safetensors 0.8.0:

    python Tests/Fixtures/networks/make_things_memory.py
"""

import json
from copy import deepcopy

import torch
from safetensors.torch import save_file

from make_tiny import BOS, CONFIG, HERE, PREPROCESSOR, image_tokens, randomise, rounded
from training.sensorium.names import things_of
from training.sensorium.network import CaptionHead

PIECES = [[4], [9, 12], [7, 30, 12], [22]]  # of four names, as tokens of the decoder


@torch.no_grad()
def main() -> None:
    torch.manual_seed(21)
    config = deepcopy(CONFIG)
    config["name"] = "things"
    config["towers"]["image_things"] = {"type": "efficientnet_lite2_branch", "of": "image", "from_block": 7}
    config["heads"]["things"] = {
        "type": "linear", "labels": ["lion", "fox squirrel", "tabby", "tiger cat", "ball"], "inputs": {"image": {"tower": "image_things"}},
        "names": {
            "of_labels": ["big animal", "dog ball", "cat", "cat", "ball"], "above": {"lion": "big animal", "big animal": "animal"}, "most": 3,
            "floor": 0.05,
        },
    }
    config["heads"]["caption"]["things"] = {"head": "things", "positions": 3, "floor": 0.1}
    head = CaptionHead(config["heads"]["caption"], config["towers"]["image"], config["width"]).eval()
    randomise(head, 2.5)
    folder = HERE / "things_memory"
    folder.mkdir(exist_ok=True)
    tensors = {f"caption.{name}": tensor.half().contiguous() for name, tensor in head.state_dict().items()}
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    (folder / "preprocessor_config.json").write_text(json.dumps(PREPROCESSOR, indent=1) + "\n")

    images = []
    seen = [([1, 3], [(0.7, 0.9), (0.06, 0.0)]), ([2, 0, 1], [(0.3, 0.2), (0.2, 0.25), (0.0004, 0.08)]), ([], [])]
    for seed, (names, likelihoods) in enumerate(seen, 1):
        things = things_of([names], [likelihoods], PIECES)
        memory = head.memory(image_tokens(seed)[None], things=things)
        prefixes = [torch.tensor([ids]) for ids in ([BOS], [BOS, 12, 9])]
        logits = [head.next_words(head.hidden(prefix, memory)[0], prefix, memory) for prefix in prefixes]
        pieces = [
            {"token": piece, "place": place, "whole": whole, "part": part}
            for name, (whole, part) in zip(names, likelihoods) for place, piece in enumerate(PIECES[name])
        ]
        images.append({"seed": seed, "pieces": pieces, "first": rounded(logits[0]), "third": rounded(logits[1])})
    (HERE / "things_memory.json").write_text(json.dumps({"images": images}, indent=0) + "\n")


if __name__ == "__main__":
    main()
