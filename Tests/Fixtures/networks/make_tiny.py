"""Makes tiny/ and tiny.json: a small random checkpoint, and what PyTorch computes with it.

The caption head and the text tower are those of models/training, only narrower, so the tests of Networks and Tasks
need no trained weights. There is no image tower in it: the tests feed image tokens made by `image_tokens` below.
Written with Python 3.11, torch 2.15.0, safetensors 0.8.0, tokenizers 0.23.3:

    python Tests/Fixtures/networks/make_tiny.py models/sensorium-base/tokenizer.json
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "models"))

from training.sensorium.network import CaptionHead, Memory, TextTower  # noqa: E402

WORDS = (
    "a an the dog cat man woman child boy girl ball bike beach grass snow water street dress shirt hat red blue green "
    "black white brown big small two three is are with on in of and through at over near by run jump play sit stand "
    "walk ride hold look wear swim climb throw catch smile"
).split()
SUFFIXES = ["##s", "##ing", "##ed", "##er", "##y"]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
PIECES = SPECIAL + WORDS + SUFFIXES
# Pieces which the text tower knows and the caption decoder does not.
UNKNOWN_TO_CAPTIONS = {"swim", "climb", "throw"}

VOCABULARY = [PIECES.index("[CLS]"), PIECES.index("[SEP]")] + [
    index for index, piece in enumerate(PIECES) if piece not in SPECIAL and piece not in UNKNOWN_TO_CAPTIONS
]
CONFIG = {
    "model_type": "sensorium",
    "name": "tiny",
    "width": 64,
    "towers": {
        "image": {"type": "efficientnet_lite2", "image_size": 260, "tokens": 20, "channels": 96},
        "text": {
            "type": "bert", "vocab_size": len(PIECES), "hidden_size": 64, "num_hidden_layers": 2,
            "num_attention_heads": 2, "intermediate_size": 96, "max_position_embeddings": 32, "type_vocab_size": 2,
            "layer_norm_eps": 1e-12, "max_tokens": 24, "pooling": "mean",
        },
    },
    "heads": {
        "caption": {
            "type": "decoder", "image_layers": 2, "layers": 3, "attention_heads": 2, "feed_forward": 96,
            "layer_norm_eps": 1e-5, "max_tokens": 16, "bos_token": 0, "eos_token": 1, "vocabulary": VOCABULARY,
        },
    },
}
PREPROCESSOR = {
    "image_processor_type": "SensoriumImageProcessor", "size": {"height": 260, "width": 260}, "resample": 3,
    "do_rescale": False, "image_mean": [127, 127, 127], "image_std": [128, 128, 128],
}
BOS, EOS = 0, 1


def mixed(index: np.ndarray, seed: int) -> np.ndarray:
    """SplitMix64's finaliser over index + seed * golden ratio: 64 random bits per index."""
    with np.errstate(over="ignore"):
        x = index.astype(np.uint64) + np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


def image_tokens(seed: int, count: int = 20, channels: int = 96) -> torch.Tensor:
    """[20, 96] numbers in [0, 2) that Swift makes as well; half of the channels are 0, which ones is the image's."""
    values = (mixed(np.arange(count * channels), seed) >> np.uint64(40)).astype(np.float32) / np.float32(2**23)
    open_channels = (mixed(np.arange(channels), seed + 1000) >> np.uint64(63)).astype(np.float32)
    return torch.from_numpy(values.reshape(count, channels) * open_channels)


def randomise(module: torch.nn.Module, scale: float) -> None:
    """Weights large enough that captions differ from image to image, rounded to float16."""
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            noise = torch.randn(parameter.shape)
            if "norm" in name.lower() and name.endswith("weight"):
                parameter.copy_(1 + 0.1 * noise)
            elif parameter.ndim == 2:
                parameter.copy_(noise * (0.6 if name == "embedding.weight" else scale) / parameter.shape[1] ** 0.5)
            else:
                parameter.copy_(0.1 * noise)
            parameter.copy_(parameter.half().float())


@torch.no_grad()
def step(head: CaptionHead, memory: Memory, ids: list[list[int]]) -> torch.Tensor:
    """Logits [captions, V] after each of the equally long sequences, computed afresh: no cache to be wrong."""
    hidden, _ = head.hidden(torch.tensor(ids), memory, captions=len(ids))
    logits = head.logits(hidden[:, -1]).double()
    logits[:, BOS] = -torch.inf
    return logits


class Unclear(Exception):
    """Two candidates so near to each other that rounding could turn the choice: no golden value."""


def expect_clear(values: torch.Tensor) -> None:
    if (values[:-1] - values[1:]).min() < 2e-4:
        raise Unclear


def greedy(head: CaptionHead, memory: Memory, prompt: list[int], max_tokens: int) -> dict:
    tokens, score = [], 0.0
    for _ in range(max_tokens):
        logs = F.log_softmax(step(head, memory, [[BOS] + prompt + tokens])[0], -1)
        best = logs.topk(2).values
        expect_clear(best)
        token = int(logs.argmax())
        score += float(logs[token])
        if token == EOS:
            break
        tokens.append(token)
    return {"ids": prompt + tokens, "log_probability": score}


def beam_search(head: CaptionHead, memory: Memory, prompt: list[int], beams: int, max_tokens: int) -> list[dict]:
    """The rules of the checkpoint's card, written plainly; models/training has the same with a cache."""
    live, pool = [([], 0.0)], []
    for length in range(1, max_tokens + 1):
        logits = step(head, memory, [[BOS] + prompt + tokens for tokens, _ in live])
        totals = (F.log_softmax(logits, -1) + torch.tensor([score for _, score in live])[:, None]).flatten()
        best = totals.topk(2 * beams + 1)
        expect_clear(best.values)
        following = []
        for rank, (score, place) in enumerate(zip(best.values.tolist()[:-1], best.indices.tolist())):
            row, token = divmod(place, logits.shape[1])
            if token == EOS:
                if rank < beams:
                    pool.append((score / length, live[row][0], score))
            elif len(following) < beams:
                following.append((live[row][0] + [token], score))
        pool = sorted(pool, key=lambda entry: -entry[0])[:beams]
        live = following
        if len(pool) == beams and live[0][1] / length <= pool[-1][0]:
            break
    else:
        pool += [(score / max_tokens, tokens, score) for tokens, score in live]
        pool = sorted(pool, key=lambda entry: -entry[0])[:beams]
    return [{"ids": prompt + tokens, "log_probability": score} for _, tokens, score in pool]


def write_tokenizer(source: Path, target: Path) -> None:
    """The real tokenizer with this file's pieces."""
    tokenizer = json.loads(source.read_text())
    for token in tokenizer["added_tokens"]:
        token["id"] = PIECES.index(token["content"])
    tokenizer["padding"]["pad_id"] = PIECES.index("[PAD]")
    for name, token in tokenizer["post_processor"]["special_tokens"].items():
        token["ids"] = [PIECES.index(name)]
    tokenizer["model"]["vocab"] = {piece: index for index, piece in enumerate(PIECES)}
    target.write_text(json.dumps(tokenizer, ensure_ascii=False))


def rounded(values: torch.Tensor) -> list[float]:
    return [float(f"{value:.7g}") for value in values.flatten().tolist()]


@torch.no_grad()
def main() -> None:
    torch.manual_seed(20)
    head = CaptionHead(CONFIG["heads"]["caption"], CONFIG["towers"]["image"], CONFIG["width"]).eval()
    text = TextTower(CONFIG["towers"]["text"]).eval()
    randomise(head, 2.5)
    randomise(text, 1.0)
    head.output_bias[EOS] = 1.0

    folder = HERE / "tiny"
    folder.mkdir(exist_ok=True)
    tensors = {f"caption.{name}": tensor for name, tensor in head.state_dict().items()}
    tensors |= {f"text.{name}": tensor for name, tensor in text.state_dict().items()}
    save_file({name: tensor.half().contiguous() for name, tensor in tensors.items()}, folder / "model.safetensors", {"format": "pt"})
    (folder / "config.json").write_text(json.dumps(CONFIG, indent=1) + "\n")
    (folder / "preprocessor_config.json").write_text(json.dumps(PREPROCESSOR, indent=1) + "\n")
    write_tokenizer(Path(sys.argv[1]), folder / "tokenizer.json")

    texts = []
    for length in (1, 2, 5, 17, 24):
        ids = torch.randint(0, len(PIECES), (1, length))
        texts.append({"ids": ids[0].tolist(), "embedding": rounded(text(ids, torch.ones_like(ids, dtype=torch.bool))[0])})

    images, seed = [], 0
    while len(images) < 6:
        seed += 1
        tokens = image_tokens(seed)[None]
        encoded, memory = head.image(tokens)[0], head.memory(tokens)
        first = head.logits(head.hidden(torch.tensor([[BOS]]), memory)[0][:, -1])[0]
        prompt = [[], [2, 5], [3]][len(images) % 3]
        try:
            captions = {
                "greedy": greedy(head, memory, prompt, 12),
                "beams": {str(beams): beam_search(head, memory, prompt, beams, 12) for beams in (2, 3, 5)},
            }
        except Unclear:
            continue
        images.append({
            "seed": seed,
            "memory_first": rounded(encoded[0]),
            "memory_last": rounded(encoded[-1]),
            "first_logits": rounded(first),
            "prompt": prompt,
            "max_tokens": 12,
            **captions,
        })
    (HERE / "tiny.json").write_text(json.dumps({"texts": texts, "images": images}, indent=0) + "\n")
    for image in images:
        names = [PIECES[VOCABULARY[token]] for token in image["greedy"]["ids"]]
        print(image["seed"], names, [[len(entry["ids"]) for entry in found] for found in image["beams"].values()])


if __name__ == "__main__":
    main()
