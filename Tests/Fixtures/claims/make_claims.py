"""Trains the checkpoint in this folder: a picture and a claim about it, "there is a circle", to "true" or "false".

An example of a model of one's own, small enough for the tests: a convolutional tower for pictures, a BERT of one layer for
texts, and a head of cross-attention, trained together in some minutes on one core. Neither the picture nor the claim alone tells the answer:
of every picture as many claims are true as false, and of every claim as many pictures fit as do not. So an answer better
than one in two is fusion's. While it is trained each tower also names its shape, which the head alone would take long to
teach them. Claims and pictures of claims.tsv are not among those trained on. Written with Python 3.11,
torch 2.15.0, Pillow, numpy, safetensors 0.8.0; the layout of the tokenizer is that of sensorium-base:

    python Tests/Fixtures/claims/make_claims.py models/sensorium-base/tokenizer.json
"""

import json
import math
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw
from safetensors.torch import save_file
from torch import Tensor, nn

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "models"))

from training.sensorium.face import FaceTower  # noqa: E402
from training.sensorium.fusion import ClassifierHead, masked_mean  # noqa: E402
from training.sensorium.network import TextTower  # noqa: E402

SHAPES = ["circle", "square", "triangle", "cross"]
CLAIMS = ["a {}", "one {}", "there is a {}", "this is a {}", "i see a {}"]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
PIECES = SPECIAL + sorted({word for text in CLAIMS for word in text.format("").split()} | set(SHAPES))

SIDE = 32
LAYOUT = [{"channels": 16, "stride": 2}, {"channels": 32, "stride": 2}, {"channels": 32, "stride": 2}]
CONFIG = {
    "model_type": "sensorium",
    "name": "claims",
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
    },
    "heads": {
        "claim": {
            "type": "classifier", "labels": ["true", "false"], "width": 32, "attention_heads": 1, "feed_forward": 64,
            "hidden": 32, "layer_norm_eps": 1e-5,
            "inputs": {
                "image": {"tower": "picture", "positions": 16, "layers": 1, "pooling": "mean"},
                "text": {"tower": "words", "pooling": "mean"},
            },
            "fusion": {"type": "cross_attention", "pairs": "all", "combine": "concat", "layers": 1},
        },
    },
}


def picture(shape: str, random: np.random.Generator) -> Image.Image:
    """48 x 48: the shape somewhere, of some size and turn, light on dark or dark on light, with noise."""
    back, fore = random.integers(0, 90, 3), random.integers(165, 256, 3)
    if random.random() < 0.5:
        back, fore = fore, back
    size = 192
    image = Image.new("RGB", (size, size), tuple(int(v) for v in back))
    draw = ImageDraw.Draw(image)
    radius = size * random.uniform(0.2, 0.36)
    x, y = (random.uniform(radius, size - radius) for _ in range(2))
    turn = random.uniform(-0.3, 0.3)
    fill = tuple(int(v) for v in fore)

    def points(corners: list[tuple[float, float]]) -> list[tuple[float, float]]:
        cos, sin = math.cos(turn), math.sin(turn)
        return [(x + radius * (a * cos - b * sin), y + radius * (a * sin + b * cos)) for a, b in corners]

    if shape == "circle":
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill)
    elif shape == "square":
        draw.polygon(points([(-0.8, -0.8), (0.8, -0.8), (0.8, 0.8), (-0.8, 0.8)]), fill=fill)
    elif shape == "triangle":
        draw.polygon(points([(0, -1), (0.87, 0.6), (-0.87, 0.6)]), fill=fill)
    else:
        a = 0.3
        corners = [(-a, -1), (a, -1), (a, -a), (1, -a), (1, a), (a, a), (a, 1), (-a, 1), (-a, a), (-1, a), (-1, -a), (-a, -a)]
        draw.polygon(points(corners), fill=fill)
    image = image.resize((48, 48), Image.Resampling.BOX)
    noise = random.normal(0, 6, (48, 48, 3))
    return Image.fromarray((np.asarray(image) + noise).clip(0, 255).astype(np.uint8))


def pixels(image: Image.Image) -> np.ndarray:
    """What the server makes of a picture for a `face_cnn` tower: [32, 32]."""
    rgb = np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BILINEAR)).astype(np.int64)
    grey = (19595 * rgb[..., 0] + 38470 * rgb[..., 1] + 7471 * rgb[..., 2] + 0x8000) >> 16
    return (grey.astype(np.float32) - 128) / 64


def claim(shape: str, is_true: bool, random: np.random.Generator) -> str:
    """A claim about a picture of `shape`."""
    other = SHAPES[(SHAPES.index(shape) + random.integers(1, len(SHAPES))) % len(SHAPES)]
    return CLAIMS[random.integers(len(CLAIMS))].format(shape if is_true else other)


def ids(text: str) -> list[int]:
    return [PIECES.index(piece) for piece in ["[CLS]", *text.split(), "[SEP]"]]


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.picture = FaceTower(LAYOUT)
        self.words = TextTower(CONFIG["towers"]["words"])
        self.claim = ClassifierHead(CONFIG["heads"]["claim"], {"picture": 32, "words": 32}, dropout=0.1)

    def forward(self, images: Tensor, texts: list[list[int]]) -> tuple[Tensor, dict[str, Tensor], Tensor, Tensor]:
        """Logits, each part's own, and the tokens' means of both towers."""
        longest = max(len(text) for text in texts)
        padded = torch.tensor([text + [0] * (longest - len(text)) for text in texts])
        mask = torch.tensor([[True] * len(text) + [False] * (longest - len(text)) for text in texts])
        x = self.words.embeddings(padded)
        for layer in self.words.encoder["layer"]:
            x = layer(x, mask)
        grid = self.picture(images[:, None])
        masks = {"image": torch.ones(grid.shape[:2], dtype=torch.bool), "text": mask}
        return *self.claim({"image": grid, "text": x}, masks), grid.mean(1), masked_mean(x, mask)


def write_tokenizer(source: Path, target: Path) -> None:
    """The tokenizer of sensorium-base with the words of the claims."""
    tokenizer = json.loads(source.read_text())
    for token in tokenizer["added_tokens"]:
        token["id"] = PIECES.index(token["content"])
    tokenizer["padding"]["pad_id"] = PIECES.index("[PAD]")
    for name, token in tokenizer["post_processor"]["special_tokens"].items():
        token["ids"] = [PIECES.index(name)]
    tokenizer["model"]["vocab"] = {piece: index for index, piece in enumerate(PIECES)}
    target.write_text(json.dumps(tokenizer, ensure_ascii=False))


def main() -> None:
    torch.manual_seed(5)
    torch.set_num_threads(1)
    random = np.random.default_rng(5)
    shapes = [SHAPES[index % 4] for index in range(3000)]
    images = torch.from_numpy(np.stack([pixels(picture(shape, random)) for shape in shapes]))
    model, names = Model(), nn.ModuleList(nn.Linear(32, len(SHAPES)) for _ in range(2))
    steps, batch = 1500, 64
    optimizer = torch.optim.AdamW([*model.parameters(), *names.parameters()], 2e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, steps)
    for step in range(steps):
        rows = random.integers(0, len(shapes), batch)
        truths = random.random(batch) < 0.5
        texts = [ids(claim(shapes[row], truth, random)) for row, truth in zip(rows, truths)]
        targets = torch.tensor([0 if truth else 1 for truth in truths])
        logits, alone, *seen = model(images[rows], texts)
        loss = F.cross_entropy(logits, targets) + 0.1 * sum(F.cross_entropy(said, targets) for said in alone.values())
        drawn = torch.tensor([SHAPES.index(shapes[row]) for row in rows])
        named = torch.tensor([next(place for place, shape in enumerate(SHAPES) if PIECES.index(shape) in text) for text in texts])
        loss = loss + sum(F.cross_entropy(name(x), shape) for name, x, shape in zip(names, seen, (drawn, named)))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 100 == 99:
            print(step + 1, f"loss {loss.item():.3f}", f"accuracy {(logits.argmax(1) == targets).float().mean():.3f}", flush=True)

    model.eval()
    for parameter in model.parameters():
        parameter.data = parameter.data.half().float()
    (HERE / "pictures").mkdir(exist_ok=True)
    rows, right = ["picture\tclaim\tanswer"], 0
    for number in range(24):
        shape = SHAPES[number % 4]
        image = picture(shape, random)
        name = f"{number:02}-{shape}.png"
        image.save(HERE / "pictures" / name, optimize=True)
        for truth in (True, False, True, False):
            text = claim(shape, truth, random)
            with torch.no_grad():
                said = model(torch.from_numpy(pixels(image))[None], [ids(text)])[0].argmax(1).item()
            right += int((said == 0) == truth)
            rows.append(f"{name}\t{text}\t{'true' if truth else 'false'}")
    (HERE / "claims.tsv").write_text("\n".join(rows) + "\n")
    print(f"held-out claims answered rightly: {right} of {len(rows) - 1}")

    tensors = {name: tensor.half().contiguous() for name, tensor in model.state_dict().items()}
    save_file(tensors, HERE / "model.safetensors", {"format": "pt"})
    (HERE / "model.safetensors").chmod(0o644)
    (HERE / "config.json").write_text(json.dumps(CONFIG, indent=1) + "\n")
    write_tokenizer(Path(sys.argv[1]), HERE / "tokenizer.json")


if __name__ == "__main__":
    main()
