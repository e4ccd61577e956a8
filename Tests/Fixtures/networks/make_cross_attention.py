"""Makes cross_attention.json: the cross-attention weights of the last layer of the tiny
caption head (make_tiny.py) for each token of its greedy captions.

Written with Python 3.11, torch 2.15.0, safetensors 0.8.0:

    python Tests/Fixtures/networks/make_cross_attention.py
"""

import json

import torch
from safetensors.torch import load_file

from make_tiny import BOS, CONFIG, HERE, image_tokens, rounded
from training.sensorium.network import CaptionHead


@torch.no_grad()
def main() -> None:
    head = CaptionHead(CONFIG["heads"]["caption"], CONFIG["towers"]["image"], CONFIG["width"]).eval()
    weights = load_file(HERE / "tiny" / "model.safetensors")
    head.load_state_dict({
        name.removeprefix("caption."): tensor.float() for name, tensor in weights.items() if name.startswith("caption.")
    })
    seen = []
    head.layers[-1].cross_attention.register_forward_pre_hook(lambda module, inputs: seen.append((module, *inputs)))
    captions = []
    for image in json.loads((HERE / "tiny.json").read_text())["images"]:
        ids = image["greedy"]["ids"]
        head.hidden(torch.tensor([[BOS] + ids[:-1]]), head.memory(image_tokens(image["seed"])[None]), captions=1)
        module, x, keys, _ = seen.pop()
        queries = module.split(module.query(x))
        scores = queries @ keys.transpose(2, 3) / queries.shape[3] ** 0.5
        captions.append({"seed": image["seed"], "weights": [rounded(row) for row in scores.softmax(3).mean(1)[0, : len(ids)]]})
    (HERE / "cross_attention.json").write_text(json.dumps(captions, indent=0) + "\n")


if __name__ == "__main__":
    main()
