"""Makes fusion/ and fusion.json: small random heads of every type of fusion, and what PyTorch computes with them.

The heads are those of models/training/sensorium/fusion.py. Tokens of towers are made by `tokens` below, which Swift has as
well; of the towers only text has weights here. Written with Python 3.11, torch 2.15.0, safetensors 0.8.0, numpy 2:

    python Tests/Fixtures/networks/make_fusion.py
"""

import json
import sys
from itertools import chain, combinations
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "models"))
sys.path.insert(0, str(HERE))

from make_tiny import PREPROCESSOR, mixed, rounded  # noqa: E402
from training.sensorium.fusion import ClassifierHead, LinearHead, ProjectionHead  # noqa: E402
from training.sensorium.network import BertLayer, TextTower  # noqa: E402

PARTS = ["image", "audio", "text"]
TOWERS = {
    "image": {"type": "efficientnet_lite2", "image_size": 260, "tokens": 9, "channels": 24},
    "audio": {
        "type": "whisper_encoder", "mel_bins": 80, "sample_rate": 16000, "hidden_size": 32, "layers": 3,
        "attention_heads": 1, "intermediate_size": 40, "max_positions": 1500, "layer_norm_eps": 1e-5,
        "final_norm": True, "resampler": "soxr_hq",
    },
    "text": {
        "type": "bert", "vocab_size": 30, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 1,
        "intermediate_size": 48, "max_position_embeddings": 16, "type_vocab_size": 2, "layer_norm_eps": 1e-12,
        "max_tokens": 12, "pooling": "mean",
    },
    "prose": {"type": "bert_branch", "of": "text", "from_layer": 1, "layers": 2},
}
WIDTHS = {"image": 24, "audio": 32, "text": 32, "prose": 32}
STATES = {"image": 1, "audio": 4, "text": 1}
# The tokens of the two items; more than 128 of audio, so that attention goes over several blocks of queries.
LENGTHS = {"image": [9, 9], "audio": [7, 150], "text": [3, 12]}


def head(fusion: dict, width: int = 32, heads: int = 1) -> dict:
    return {
        "type": "classifier", "labels": ["north", "east", "south", "west"], "width": width, "attention_heads": heads,
        "feed_forward": 40, "hidden": 24, "layer_norm_eps": 1e-5,
        "inputs": {
            "image": {"tower": "image", "positions": 9, "layers": 1, "pooling": "mean"},
            "audio": {"tower": "audio", "hidden_states": [0, 2, 3], "pooling": "mean_deviation"},
            "text": {"tower": "prose"},
        },
        "fusion": fusion,
    }


HEADS = {
    "cross_concat": head({"type": "cross_attention", "pairs": "all", "combine": "concat", "layers": 2}),
    "cross_sum": head({"type": "cross_attention", "pairs": "all", "triple": True, "combine": "sum"}),
    "cross_max": head({
        "type": "cross_attention", "pairs": [["text", "image"], ["image", "text"], ["audio", "text"]],
        "combine": "max",
    }),
    "concat": head({"type": "concat"}),
    "weighted_sum": head({"type": "weighted_sum"}),
    "late_mean": head({"type": "late", "late": "mean"}),
    "late_weighted": head({"type": "late", "late": "weighted"}),
    "late_vote": head({"type": "late", "late": "vote"}),
    "hybrid": head({"type": "hybrid", "pairs": [["text", "audio"]], "triple": False}, width=64, heads=2),
}
SPACE = {
    "type": "projection", "width": 32, "attention_heads": 1, "feed_forward": 40, "layer_norm_eps": 1e-5,
    "dimensions": 16, "inputs": HEADS["concat"]["inputs"],
}
# A head that also knows how well image and text match in the space.
MATCH = head({
    "type": "cross_attention", "pairs": [["text", "image"]], "combine": "concat",
    "match": {"head": "space", "inputs": {"image": "image", "text": "text"}, "dimensions": 16},
})
LINEAR = {"type": "linear", "labels": ["tench", "goldfish", "shark", "ray", "cock"], "inputs": {"image": {"tower": "image"}}}
CONFIG = {
    "model_type": "sensorium", "name": "fusion", "towers": TOWERS,
    "heads": HEADS | {"space": SPACE, "cross_match": MATCH, "linear": LINEAR},
}


def tokens(part: str, item: int) -> torch.Tensor:
    """[states, tokens, width] numbers in [-1, 1) that Swift makes as well."""
    states, length, width = STATES[part], LENGTHS[part][item], WIDTHS[part]
    seed = 10 * PARTS.index(part) + item
    values = (mixed(np.arange(states * length * width), seed) >> np.uint64(40)).astype(np.float32)
    return torch.from_numpy(values / np.float32(2**23) - 1).reshape(states, length, width)


def randomise(module: torch.nn.Module) -> None:
    """Weights large enough that what a part says differs from item to item, rounded to float16."""
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            noise = torch.randn(parameter.shape)
            if "norm" in name.lower() and name.endswith("weight"):
                parameter.copy_(1 + 0.1 * noise)
            elif parameter.ndim == 2:
                parameter.copy_(noise * 2 / parameter.shape[1] ** 0.5)
            else:
                parameter.copy_(0.3 * noise)
            parameter.copy_(parameter.half().float())


def subsets() -> list[tuple[str, ...]]:
    return list(chain.from_iterable(combinations(PARTS, count) for count in (1, 2, 3)))


def batch(config: dict) -> tuple[dict, dict, list]:
    """Both items with every subset of parts, padded side by side: tokens and masks, and what each row is."""
    rows = [(item, parts) for item in (0, 1) for parts in subsets()]
    all_tokens, masks = {}, {}
    for part in PARTS:
        states = config["inputs"][part].get("hidden_states")
        longest = max(LENGTHS[part])
        padded, mask = [], torch.zeros(len(rows), longest, dtype=torch.bool)
        for row, (item, parts) in enumerate(rows):
            values = tokens(part, item)
            values = values[states] if states else values[-1:]
            padded.append(F.pad(values, (0, 0, 0, longest - values.shape[1])))
            mask[row, : values.shape[1]] = part in parts
        stacked = torch.stack(padded)
        all_tokens[part], masks[part] = stacked if states else stacked[:, 0], mask
    return all_tokens, masks, rows


def looked_at(network: ClassifierHead, directions: list[tuple[str, str]], item: int) -> list[float]:
    """Mean over directions, heads and queries of the one cross layer's attention, the sum 1."""
    looks = []
    for k, l in directions:
        inside = {}
        for part in (k, l):
            states = HEADS["cross_max"]["inputs"][part].get("hidden_states")
            values = tokens(part, item)
            values = values[states][None] if states else values[-1][None]
            inside[part] = network.inputs[part](values, torch.ones(1, values.shape[-2], dtype=torch.bool))
        layer = network.fusion.cross[f"{k}_to_{l}"].layers[-1]
        queries = layer.attention.split(layer.attention.query(layer.attention_norm(inside[k])))
        keys, _ = layer.attention.keys_values(inside[l])
        looks.append((queries @ keys.transpose(2, 3) / queries.shape[3] ** 0.5).softmax(3).mean((0, 1, 2)))
    return rounded(torch.stack(looks).mean(0))


def answers(network: ClassifierHead, config: dict, space: ProjectionHead | None = None) -> list[dict]:
    """What the head says of both items with every subset of parts."""
    all_tokens, masks, rows = batch(config)
    vectors = {part: space(part, all_tokens[part], masks[part]) for part in PARTS} if space else None
    fused, alone = network(all_tokens, masks, vectors)
    return [
        {
            "item": item, "parts": list(parts), "logits": rounded(fused[row]),
            "alone": {part: rounded(alone[part][row]) for part in parts},
        }
        for row, (item, parts) in enumerate(rows)
    ]


@torch.no_grad()
def main() -> None:
    torch.manual_seed(21)
    tensors, golden = {}, {"heads": {}, "space": [], "attention": [], "texts": [], "linear": []}
    for name, config in HEADS.items():
        network = ClassifierHead(config, WIDTHS).eval()
        randomise(network)
        tensors |= {f"{name}.{key}": value for key, value in network.state_dict().items()}
        golden["heads"][name] = answers(network, config)
        if name == "cross_max":
            for item in (0, 1):
                golden["attention"].append({
                    "image": looked_at(network, [("text", "image")], item),
                    "text": looked_at(network, [("image", "text"), ("audio", "text")], item),
                })
    space = ProjectionHead(SPACE, WIDTHS).eval()
    randomise(space)
    tensors |= {f"space.{key}": value for key, value in space.state_dict().items()}
    all_tokens, masks, rows = batch(SPACE)
    for item in (0, 1):
        row = rows.index((item, tuple(PARTS)))
        for part in PARTS:
            vector = space(part, all_tokens[part][row : row + 1], masks[part][row : row + 1])[0]
            golden["space"].append({"item": item, "part": part, "vector": rounded(vector)})

    text = TextTower(TOWERS["text"]).eval()
    prose = torch.nn.ModuleList(BertLayer(TOWERS["text"]) for _ in range(TOWERS["prose"]["layers"])).eval()
    randomise(text)
    randomise(prose)
    tensors |= {f"text.{key}": value for key, value in text.state_dict().items()}
    tensors |= {f"prose.encoder.layer.{key}": value for key, value in prose.state_dict().items()}
    for length in (2, 5, 12):
        ids = torch.randint(0, 30, (1, length))
        mask = torch.ones_like(ids, dtype=torch.bool)
        states = [text.embeddings(ids)]
        for layer in text.encoder["layer"]:
            states.append(layer(states[-1], mask))
        branch = states[TOWERS["prose"]["from_layer"]]
        for layer in prose:
            branch = layer(branch, mask)
        golden["texts"].append({"ids": ids[0].tolist(), "text": rounded(states[-1]), "prose": rounded(branch)})

    network = ClassifierHead(MATCH, WIDTHS).eval()
    randomise(network)
    network.fusion.match.mean.copy_((0.1 * torch.randn(16)).half())
    tensors |= {f"cross_match.{key}": value for key, value in network.state_dict().items()}
    golden["heads"]["cross_match"] = answers(network, MATCH, space)

    linear = LinearHead(LINEAR, WIDTHS).eval()
    randomise(linear)
    tensors |= {f"linear.{key}": value for key, value in linear.state_dict().items()}
    for item in (0, 1):
        logits = linear(tokens("image", item))[0]
        activation = F.relu(tokens("image", item)[0] @ linear.classifier.weight[logits.argmax()])
        golden["linear"].append({"item": item, "logits": rounded(logits), "activation": rounded(activation / activation.sum())})

    folder = HERE / "fusion"
    folder.mkdir(exist_ok=True)
    save_file(
        {name: tensor.half().contiguous() for name, tensor in tensors.items()}, folder / "model.safetensors",
        {"format": "pt"})
    (folder / "config.json").write_text(json.dumps(CONFIG, indent=1) + "\n")
    (folder / "preprocessor_config.json").write_text(json.dumps(PREPROCESSOR, indent=1) + "\n")
    (HERE / "fusion.json").write_text(json.dumps(golden, indent=0) + "\n")


if __name__ == "__main__":
    main()
