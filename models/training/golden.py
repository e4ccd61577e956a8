"""Step 9. What the network answers to known photos and sentences: the fixture of the server's own tests.

Photos come from scikit-image; a pattern made of integers needs no decoder at all. Everything is computed in float32.
"""

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import PIL
import skimage
import tokenizers
import torch
from PIL import Image
from torch import Tensor

from .sensorium.captions import BOS, EOS, CaptionCodec
from .sensorium.data import IMAGE_SIZE, preprocess
from .sensorium.decoding import beam_search, decode
from .sensorium.network import Sensorium
from .sensorium.told import Told

PHOTOS = ("astronaut", "chelsea", "coffee", "rocket")
TEXTS = (
    "A dog runs across the grass.",
    "Two children are playing football in the park.",
    "hello",
    "The quick brown fox jumps over the lazy dog",
    "naïve café — 42 piñatas!",
    "東京は日本の首都です",
    "electroencephalographically speaking, antidisestablishmentarianism is a long word",
    "How many people are in this picture, and what are they doing there so late at night?",
)
LONG_TEXT = "a photo of a very long street " * 60  # more than the 256 tokens that are read


def pattern() -> Image.Image:
    """Channel c of pixel (x, y) is (3x + 5y + 40c + xy / 64) mod 256, in whole numbers."""
    y, x, c = np.indices((IMAGE_SIZE, IMAGE_SIZE, 3))
    return Image.fromarray(((3 * x + 5 * y + 40 * c + x * y // 64) % 256).astype(np.uint8))


def numbers(tensor: Tensor, digits: int = 6) -> list[float]:
    return [float(f"{value:.{digits}g}") for value in tensor.flatten().tolist()]


def rows(tensor: Tensor) -> dict:
    """The mean and the first numbers of three rows of [81, width]."""
    return {"mean": numbers(tensor.mean())[0], "rows": {str(row): numbers(tensor[row, :12]) for row in (0, 40, 80)}}


def image_entry(told: Told, name: str, image: Image.Image) -> dict:
    network, codec = told.network, told.codec
    resized = np.asarray(image.resize((IMAGE_SIZE, IMAGE_SIZE), Image.Resampling.BICUBIC))
    pixels = torch.from_numpy(preprocess(image))[None]
    tokens, things = network.image(pixels), told.things(pixels)
    memory, begin = network.caption.memory(tokens, things=things), torch.tensor([[BOS]])
    logits = network.caption.next_words(network.caption.hidden(begin, memory)[0], begin, memory)[0]
    top = logits.topk(20)
    greedy = decode(network.caption, memory)[0].tolist()
    greedy = greedy[: greedy.index(EOS)] if EOS in greedy else greedy
    beam, log_probability = beam_search(network.caption, tokens[0], beams=3, things=things)
    embedding = torch.nn.functional.normalize(tokens[0].mean(0), dim=0)
    return {
        "name": name,
        "size": list(image.size),
        "resized": {
            "sha256": hashlib.sha256(resized.tobytes()).hexdigest(),
            "mean": round(float(resized.mean()), 4),
            "first": resized[0, :4].flatten().tolist(),
        },
        "tokens": rows(tokens[0]),
        "embedding": numbers(embedding[:16]),
        "memory": rows(network.caption.image(tokens)[0]),
        "first_step_logits": {
            "top": [[index, *numbers(value)] for index, value in zip(top.indices.tolist(), top.values)],
            "first": numbers(logits[:16]),
        },
        "greedy": {"ids": greedy, "caption": codec.decode(greedy)},
        "beam_3": {"ids": beam, "caption": codec.decode(beam), "log_probability": round(log_probability, 5)},
    }


def text_entry(network: Sensorium, codec: CaptionCodec, text: str) -> dict:
    ids = codec.tokenizer.encode(text).ids
    if len(ids) > 256:
        ids = ids[:255] + ids[-1:]
    row = torch.tensor([ids])
    return {"text": text, "ids": ids, "embedding": numbers(network.text(row, torch.ones_like(row, dtype=torch.bool)))}


@torch.no_grad()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--output", type=Path, default=Path("../Tests/Fixtures/networks/golden.json"))
    arguments = parser.parse_args()
    told = Told(arguments.checkpoint)
    images = [image_entry(told, "pattern", pattern())]
    for name in PHOTOS:
        images.append(image_entry(told, name, Image.fromarray(getattr(skimage.data, name)()).convert("RGB")))
    texts = [text_entry(told.network, told.codec, text) for text in (*TEXTS, LONG_TEXT)]
    modules = (torch, tokenizers, skimage, PIL)
    head = {
        "made_by": "python -m training.golden",
        "versions": {module.__name__: module.__version__ for module in modules},
        "pattern": pattern.__doc__,
    }
    lines = [f'"{key}": {json.dumps(value)}' for key, value in head.items()]
    for key, entries in (("images", images), ("texts", texts)):
        lines.append(f'"{key}": [\n' + ",\n".join(json.dumps(entry) for entry in entries) + "\n]")
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    for entry in images:
        print(f"{entry['name']}: {entry['beam_3']['caption']}")


if __name__ == "__main__":
    main()
