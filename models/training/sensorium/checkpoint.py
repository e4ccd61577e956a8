"""Reading and writing checkpoints: a folder in Hugging Face layout, float16, shards of at most 50 MB."""

import hashlib
import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from .network import Sensorium

SHARD_BYTES = 50_000_000
# Towers and heads that share a shard.
GROUPS = [
    ["text"], ["image", "face", "face_finder", "image_things", "things"], ["caption"], ["audio", "emotion_text", "emotion"], ["vqa", "space", "view", "sound"],
]

# Towers that come ready and are read by no head: files of their own, which leave the numbers of the others alone.
APART = {"model-words.safetensors": ["words_finder", "words_reader"]}

PREPROCESSOR = {
    "image_processor_type": "SensoriumImageProcessor",
    "size": {"height": 260, "width": 260},
    "resample": 3,
    "do_rescale": False,
    "image_mean": [127, 127, 127],
    "image_std": [128, 128, 128],
}


def configuration(vocabulary: list[int], name: str = "sensorium-base") -> dict:
    """The architecture as `config.json` states it. `vocabulary`: ids in tokenizer.json of the caption tokens."""
    return {
        "model_type": "sensorium",
        "name": name,
        "width": 384,
        "towers": {
            "image": {"type": "efficientnet_lite2", "image_size": 260, "tokens": 81, "channels": 1280},
            "text": {
                "type": "bert", "vocab_size": 30522, "hidden_size": 384, "num_hidden_layers": 6,
                "num_attention_heads": 12, "intermediate_size": 1536, "max_position_embeddings": 512,
                "type_vocab_size": 2, "layer_norm_eps": 1e-12, "max_tokens": 256, "pooling": "mean",
            },
        },
        "heads": {
            "caption": {
                "type": "decoder", "image_layers": 2, "layers": 3, "attention_heads": 6, "feed_forward": 1536,
                "layer_norm_eps": 1e-5, "max_tokens": 64, "bos_token": 0, "eos_token": 1, "vocabulary": vocabulary,
            },
        },
    }


def save(folder: Path, config: dict, tensors: dict[str, Tensor], tokenizer: Path, card: str) -> None:
    """Writes a checkpoint beside `folder`, then puts it in its place, so that no reader meets half of one."""
    fresh, old = folder.with_name(folder.name + ".new"), folder.with_name(folder.name + ".old")
    for leftover in (fresh, old):
        shutil.rmtree(leftover, ignore_errors=True)
    fresh.mkdir(parents=True)
    write_json(fresh / "config.json", config)
    write_json(fresh / "preprocessor_config.json", PREPROCESSOR)
    shutil.copyfile(tokenizer, fresh / "tokenizer.json")
    (fresh / "README.md").write_text(card)
    place_shards(fresh, split({name: tensor.detach().to("cpu", torch.float16).contiguous() for name, tensor in tensors.items()}))
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def write_json(path: Path, value: dict) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n")


def split(tensors: dict[str, Tensor]) -> list[dict[str, Tensor]]:
    """A shard for each of `GROUPS`, so that a trained part changes one file and no other; more where 50 MB are passed."""
    parts = dict.fromkeys(key.split(".")[0] for key in tensors)
    known = GROUPS + list(APART.values())
    groups = [[name for name in group if name in parts] for group in GROUPS]
    groups.append([name for name in parts if not any(name in group for group in known)])
    groups += [[name for name in group if name in parts] for group in APART.values()]
    shards: list[dict[str, Tensor]] = []
    for group in filter(None, groups):
        room = 0
        for name, tensor in ((key, tensor) for part in group for key, tensor in tensors.items() if key.split(".")[0] == part):
            if tensor.nbytes > room:
                shards.append({})
                room = SHARD_BYTES
            shards[-1][name] = tensor
            room -= tensor.nbytes + 256  # its entry in the header
    return shards


def place_shards(folder: Path, shards: list[dict[str, Tensor]]) -> None:
    """Writes the shards under their numbers or names, and the index."""
    apart = [next((name for name, group in APART.items() if next(iter(shard)).split(".")[0] in group), None) for shard in shards]
    count = apart.count(None)
    numbered = iter(f"model-{number:05}-of-{count:05}.safetensors" for number in range(1, count + 1))
    names = [name or next(numbered) for name in apart]
    for name, shard in zip(names, shards):
        save_file(shard, folder / name, metadata={"format": "pt"})
        (folder / name).chmod(0o644)  # safetensors writes for the owner alone
    size = sum(tensor.nbytes for shard in shards for tensor in shard.values())
    weight_map = {tensor: name for name, shard in zip(names, shards) for tensor in shard}
    write_json(folder / "model.safetensors.index.json", {"metadata": {"total_size": size}, "weight_map": weight_map})


def read(folder: Path) -> tuple[dict, dict[str, Tensor]]:
    """Configuration and tensors of a checkpoint, as they are stored."""
    tensors: dict[str, Tensor] = {}
    for shard in sorted(folder.glob("*.safetensors")):
        tensors |= load_file(shard)
    return read_configuration(folder), tensors


def read_configuration(folder: Path) -> dict:
    return json.loads((folder / "config.json").read_text())


def part(tensors: dict[str, Tensor], name: str) -> dict[str, Tensor]:
    """The tensors of one tower or head in float32, under the names that its module gives them."""
    return {key.removeprefix(f"{name}."): value.float() for key, value in tensors.items() if key.startswith(f"{name}.")}


def load(folder: Path) -> tuple[dict, Sensorium]:
    """Configuration and caption network of a checkpoint, computing in float32, ready to be asked."""
    config, tensors = read(folder)
    network = Sensorium(config)
    for name, module in network.named_children():
        module.load_state_dict(part(tensors, name))
    return config, network.eval()


def tower_digest(tensors: dict[str, Tensor], name: str) -> str:
    """What tells the weights of a tower from those of every other: SHA-256 over its tensors as they are stored, by their names."""
    digest = hashlib.sha256()
    for key in sorted(key for key in tensors if key.startswith(f"{name}.")):
        tensor = tensors[key].contiguous()
        digest.update(f"{key.removeprefix(name)} {tensor.dtype} {list(tensor.shape)}\n".encode())
        digest.update(tensor.view(torch.uint8).numpy().tobytes())
    return f"sha256:{digest.hexdigest()}"


def extend(base: Path, folder: Path, components: dict[str, Path], card: str | None, name: str) -> None:
    """Writes `base` under another name with these towers and heads: name -> file without suffix, `.json` and `.safetensors`
    beside each other. Without a card one is made of what is known."""
    config, tensors = read(base)
    trained_on: dict[str, dict[str, str]] = {}
    lines = [f"# {name}\n", f"The checkpoint `{config['name']}` with parts of its own:\n"]
    config["name"] = name
    for part_name, file in components.items():
        description = json.loads(file.with_suffix(".json").read_text())
        trained_on[part_name] = description.get("towers", {})
        lines.append(described(part_name, description))
        config[{"tower": "towers", "head": "heads"}[description["kind"]]][part_name] = description["config"]
        tensors = {key: tensor for key, tensor in tensors.items() if not key.startswith(f"{part_name}.")}
        tensors |= {f"{part_name}.{key}": tensor for key, tensor in load_file(file.with_suffix(".safetensors")).items()}
    for head_name, towers in trained_on.items():
        refuse_other_towers(head_name, towers, tensors, base)
    for head_name, head in config["heads"].items():
        if needs_all(head):
            head["alone"] = False
            tensors = {key: tensor for key, tensor in tensors.items() if not key.startswith(f"{head_name}.alone.")}
    lines.append("\nSay here what they were trained on, how well they answer, and under which licence they may be used. The model\n"
                 "card of the checkpoint that they extend says that of its parts.\n")
    save(folder, config, tensors, base / "tokenizer.json", "\n".join(lines) if card is None else card)


def described(name: str, description: dict) -> str:
    """A line of a model card about a tower or head."""
    config = description["config"]
    what = f"{description['kind']} of type {config['type']}"
    if "inputs" in config:
        what += f", from {', '.join(config['inputs'])}"
    return f"- `{name}`: {what}" + (f", to {', '.join(config['labels'])}" if "labels" in config else "")


def refuse_other_towers(head: str, towers: dict[str, str], tensors: dict[str, Tensor], base: Path) -> None:
    """A head reads the tokens of the very towers that it was trained on; of others its answers are noise."""
    for name, digest in towers.items():
        if tower_digest(tensors, name) != digest:
            raise SystemExit(
                f"The head {head} was trained on tokens of another tower \"{name}\" than the one it would be served with, that of {base}. "
                f"Compute the tokens with CheckpointTowers(\"{base}\") and train it anew, or export it onto the checkpoint it was trained on."
            )


def needs_all(head: dict) -> bool:
    """Whether nobody asks a head what one of its inputs alone says: those classifiers are for training's figures, then."""
    inputs = head.get("inputs", {})
    late = head.get("fusion", {}).get("type") in ("late", "hybrid")
    return head["type"] == "classifier" and len(inputs) > 1 and set(head.get("required", [])) == set(inputs) and not late
