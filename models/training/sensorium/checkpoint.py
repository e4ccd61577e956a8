"""Reading and writing checkpoints: a folder in Hugging Face layout, float16, shards of at most 50 MB."""

import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from .network import Sensorium

SHARD_BYTES = 50_000_000

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
    write_shards(fresh, {name: tensor.detach().to("cpu", torch.float16).contiguous() for name, tensor in tensors.items()})
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def write_json(path: Path, value: dict) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n")


def write_shards(folder: Path, tensors: dict[str, Tensor]) -> None:
    shards: list[dict[str, Tensor]] = [{}]
    room = SHARD_BYTES
    for name, tensor in tensors.items():
        if tensor.nbytes > room:
            shards.append({})
            room = SHARD_BYTES
        shards[-1][name] = tensor
        room -= tensor.nbytes + 256  # its entry in the header
    names = [f"model-{index:05}-of-{len(shards):05}.safetensors" for index in range(1, len(shards) + 1)]
    for name, shard in zip(names, shards):
        save_file(shard, folder / name, metadata={"format": "pt"})
        (folder / name).chmod(0o644)  # safetensors writes for the owner alone
    size = sum(tensor.nbytes for tensor in tensors.values())
    weight_map = {tensor: name for name, shard in zip(names, shards) for tensor in shard}
    write_json(folder / "model.safetensors.index.json", {"metadata": {"total_size": size}, "weight_map": weight_map})


def load(folder: Path) -> tuple[dict, Sensorium]:
    """Configuration and network of a checkpoint, computing in float32, ready to be asked."""
    config = json.loads((folder / "config.json").read_text())
    tensors: dict[str, Tensor] = {}
    for shard in sorted(folder.glob("*.safetensors")):
        tensors |= load_file(shard)
    network = Sensorium(config)
    network.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    return config, network.eval()
