"""Makes the checkpoint in this folder and golden.json: a small joint space of pictures, sketches, sounds and words, with a
gated residual and concepts, and what PyTorch computes with it.

Weights are random, but for the head that tells photos from sketches: that is trained for a few seconds on filled shapes
with noise and on outlines on paper, of which photo.png and sketch.png are held out; white.png and black.png are neither. Written with Python 3.11, torch 2.15.0,
Pillow, numpy, safetensors 0.8.0:

    python Tests/Fixtures/space/make_space.py models/sensorium-base/tokenizer.json
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw
from safetensors.torch import save_file
from torch import Tensor

HERE = Path(__file__).resolve().parent
for folder in (HERE.parents[2] / "models", HERE.parent / "claims", HERE.parent / "networks"):
    sys.path.insert(0, str(folder))

from make_claims import LAYOUT, PIECES, SHAPES, SIDE, picture, pixels, write_tokenizer  # noqa: E402
from make_tiny import randomise, rounded  # noqa: E402
from make_towers import numbers  # noqa: E402
from training.sensorium.audio import AudioTower  # noqa: E402
from training.sensorium.face import FaceTower  # noqa: E402
from training.sensorium.fusion import ClassifierHead, ProjectionHead  # noqa: E402
from training.sensorium.network import TextTower  # noqa: E402

DIMENSIONS, HIDDEN = 24, 40
SHAPE = {"width": 32, "attention_heads": 1, "feed_forward": 48, "layer_norm_eps": 1e-5}
CONCEPTS = ["a circle", "a square", "a triangle", "a cross", "nothing at all"]
CONFIG = {
    "model_type": "sensorium",
    "name": "space",
    "towers": {
        "picture": {
            "type": "face_cnn", "image_size": SIDE, "tokens": 16, "channels": 32, "mean": 128, "deviation": 64,
            "layout": LAYOUT,
        },
        "words": {
            "type": "bert", "vocab_size": len(PIECES), "hidden_size": 32, "num_hidden_layers": 1,
            "num_attention_heads": 1, "intermediate_size": 64, "max_position_embeddings": 16, "type_vocab_size": 2,
            "layer_norm_eps": 1e-12, "max_tokens": 16, "pooling": "mean",
        },
        "noise": {
            "type": "whisper_encoder", "mel_bins": 80, "sample_rate": 16000, "hidden_size": 32, "layers": 1,
            "attention_heads": 1, "intermediate_size": 40, "max_positions": 100, "layer_norm_eps": 1e-5,
            "final_norm": True, "resampler": "soxr_hq",
        },
    },
    "heads": {
        "view": {
            "type": "classifier", "labels": ["photo", "sketch"], **SHAPE, "hidden": 24,
            "inputs": {"image": {"tower": "picture", "pooling": "mean"}}, "fusion": {"type": "concat"},
        },
        "sound": {
            "type": "classifier", "labels": ["rain", "door", "dog"], **SHAPE, "hidden": 24,
            "inputs": {"audio": {"tower": "noise", "hidden_states": [0, 1], "pooling": "mean_deviation"}},
            "fusion": {"type": "concat"},
        },
        "space": {
            "type": "projection", **SHAPE, "dimensions": DIMENSIONS,
            "inputs": {
                "image": {"tower": "picture", "positions": 16, "pooling": "mean"},
                "sketch": {"tower": "picture", "positions": 16, "layers": 1, "pooling": "mean_deviation"},
                "text": {"tower": "words"},
                "audio": {"tower": "noise", "hidden_states": [0, 1], "pooling": "mean_deviation"},
            },
            "views": {"head": "view", "inputs": {"photo": "image", "sketch": "sketch"}},
            "composition": {"type": "gated_residual", "image": "image", "text": "text", "hidden": HIDDEN},
            "concepts": CONCEPTS,
        },
    },
}
# What is asked, each of two items: parts, what the picture is said to be, the share of the words.
QUERIES = [
    (["image"], "photo", 0.5), (["image"], "sketch", 0.5), (["text"], None, 0.5), (["audio"], None, 0.5),
    *((["image", "text"], view, weight) for view in ("photo", "sketch") for weight in (0, 0.25, 0.5, 0.8, 1)),
    *((["audio", "text"], None, weight) for weight in (0, 0.25, 0.5, 0.8, 1)),
    (["image", "audio"], "photo", 0.5),
    *((["image", "audio", "text"], "sketch", weight) for weight in (0, 0.5, 0.8)),
]
IDS = [[2, 5, 8, 3], [2, 6, 11, 9, 3]]
FRAMES = [40, 151]


def sketch(shape: str, random: np.random.Generator) -> Image.Image:
    """48 x 48: the outline of a filled shape, dark on grey paper."""
    grey = np.asarray(picture(shape, random).convert("L")).astype(np.float32)
    across, down = np.abs(np.diff(grey, axis=1, prepend=grey[:, :1])), np.abs(np.diff(grey, axis=0, prepend=grey[:1]))
    lines = np.clip(across + down - 40, 0, 120) * 1.7
    return Image.fromarray((235 - lines + random.normal(0, 3, grey.shape)).clip(0, 255).astype(np.uint8)).convert("RGB")


def tell_views(head: ClassifierHead, tower: FaceTower) -> float:
    """Trains the head; the share of 200 held-out pictures that it tells rightly."""
    random = np.random.default_rng(3)

    def draw(count: int) -> tuple[Tensor, Tensor]:
        views = torch.tensor([index % 2 for index in range(count)])
        images = [(sketch if view else picture)(SHAPES[index // 2 % 4], random) for index, view in enumerate(views)]
        with torch.no_grad():
            return tower(torch.from_numpy(np.stack([pixels(image) for image in images]))[:, None]), views

    tokens, views = draw(600)
    optimizer = torch.optim.AdamW(head.parameters(), 3e-3)
    for _ in range(200):
        logits, alone = head({"image": tokens}, {"image": torch.ones(tokens.shape[:2], dtype=torch.bool)})
        loss = F.cross_entropy(logits, views) + 0.1 * F.cross_entropy(alone["image"], views)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    for parameter in head.parameters():
        parameter.data = parameter.data.half().float()
    tokens, views = draw(200)
    logits, _ = head({"image": tokens}, {"image": torch.ones(tokens.shape[:2], dtype=torch.bool)})
    return float((logits.argmax(1) == views).float().mean())


def unit(*terms: tuple[float, Tensor]) -> Tensor:
    total = sum(weight * vector.double() for weight, vector in terms)
    return total / total.norm()


def composed(tensors: dict[str, Tensor], v: Tensor, t: Tensor) -> Tensor:
    """Vo 2019, section 3, written out in double precision."""

    def branch(name: str) -> Tensor:
        w = {key: tensors[f"{name}.{key}"].double() for key in ("up.weight", "up.bias", "down.weight", "down.bias")}
        x = torch.cat([v, t]).double()
        return w["down.weight"] @ (w["up.weight"] @ x + w["up.bias"]).clamp(min=0) + w["down.bias"]

    mix = tensors["mix"].double()
    return unit((1, mix[0] * torch.sigmoid(branch("gate")) * v + mix[1] * branch("residual")))


def vector(keys: dict[str, Tensor], parts: list[str], view: str | None, weight: float, tensors: dict) -> Tensor:
    """One vector of several keys: 0 the others alone, 1 the words alone, 1/2 the composition, or the mean of both."""
    read = {part: keys["sketch" if part == "image" and view == "sketch" else part] for part in parts}
    words = read.get("text")
    others = [read[part] for part in parts if part != "text"]
    if not others:
        return words.double()
    other = unit(*((1, key) for key in others))
    if words is None:
        return other
    whole = composed(tensors, other, words) if parts == ["image", "text"] else unit((1, other), (1, words))
    if weight <= 0.5:
        return unit((1 - 2 * weight, other), (2 * weight, whole))
    return unit((2 - 2 * weight, whole), (2 * weight - 1, words))


def main() -> None:
    torch.manual_seed(11)
    torch.set_num_threads(1)
    towers = {
        "picture": FaceTower(LAYOUT), "words": TextTower(CONFIG["towers"]["words"]),
        "noise": AudioTower(CONFIG["towers"]["noise"]),
    }
    widths = {name: 32 for name in towers}
    heads = {name: ClassifierHead(CONFIG["heads"][name], widths) for name in ("view", "sound")}
    space = ProjectionHead(CONFIG["heads"]["space"], widths)
    for module in (*towers.values(), *heads.values(), space):
        module.eval()
    with torch.no_grad():
        for layer in towers["picture"].layers:
            layer.weight.copy_((torch.randn(layer.weight.shape) * (2 / layer.weight[0].numel()) ** 0.5).half())
            layer.bias.copy_((torch.randn(layer.bias.shape) * 0.1).half())
    for module in (towers["words"], towers["noise"], heads["sound"], space):
        randomise(module, 1.5)
    print(f"photos and sketches told rightly: {tell_views(heads['view'], towers['picture']):.3f}")

    def random(scale: float, *shape: int) -> Tensor:
        return (scale * torch.randn(shape) / shape[-1] ** 0.5).half().float()

    tensors = {"mix": torch.tensor([1.5, 0.75])}
    for name in ("gate", "residual"):
        tensors |= {
            f"{name}.up.weight": random(3, HIDDEN, 2 * DIMENSIONS), f"{name}.up.bias": random(1, HIDDEN),
            f"{name}.down.weight": random(2, DIMENSIONS, HIDDEN), f"{name}.down.bias": random(1, DIMENSIONS),
        }
    concepts = F.normalize(torch.randn(len(CONCEPTS), DIMENSIONS), dim=1).half().float()

    golden = []
    with torch.no_grad():
        for item, (ids, frames) in enumerate(zip(IDS, FRAMES)):
            grid = towers["picture"](2 * numbers(SIDE * SIDE, item + 1).reshape(1, 1, SIDE, SIDE))
            there = torch.ones(1, len(ids), dtype=torch.bool)
            states = towers["words"].embeddings(torch.tensor([ids]))
            for layer in towers["words"].encoder["layer"]:
                states = layer(states, there)
            sound = towers["noise"](numbers(frames * 80, item + 10).reshape(1, frames, 80))
            read = {"image": grid, "sketch": grid, "text": states, "audio": sound}
            keys = {
                name: space(name, tokens, torch.ones(1, tokens.shape[-2], dtype=torch.bool))[0] for name, tokens in read.items()
            }
            queries = [
                {"parts": parts, "weight": weight, "vector": rounded(vector(keys, parts, view, weight, tensors).float())}
                | ({"view": view} if view else {})
                for parts, view, weight in QUERIES
            ]
            nearest = {
                name: {"phrase": CONCEPTS[int((F.normalize(concepts, dim=1) @ key).argmax())],
                       "score": round(float((F.normalize(concepts, dim=1) @ key).max()), 6)}
                for name, key in keys.items()
            }
            golden.append({
                "pixels": item + 1, "ids": ids, "mel": item + 10, "frames": frames,
                "keys": {name: rounded(key) for name, key in keys.items()}, "queries": queries, "concepts": nearest,
            })

    stored = {f"{prefix}.{name}": value for prefix, module in (towers | heads | {"space": space}).items()
              for name, value in module.state_dict().items()}
    stored |= {f"space.composition.{name}": value for name, value in tensors.items()} | {"space.concepts": concepts}
    save_file({name: value.half().contiguous() for name, value in stored.items()}, HERE / "model.safetensors", {"format": "pt"})
    (HERE / "model.safetensors").chmod(0o644)
    (HERE / "config.json").write_text(json.dumps(CONFIG, indent=1) + "\n")
    (HERE / "golden.json").write_text(json.dumps(golden, indent=0) + "\n")
    write_tokenizer(Path(sys.argv[1]), HERE / "tokenizer.json")
    drawn = np.random.default_rng(99)
    picture("triangle", drawn).save(HERE / "photo.png", optimize=True)
    sketch("triangle", drawn).save(HERE / "sketch.png", optimize=True)
    for name, grey in (("white", 255), ("black", 0)):
        Image.new("RGB", (48, 48), (grey, grey, grey)).save(HERE / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
