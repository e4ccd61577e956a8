"""Makes *.bin and *.safetensors here: the same tensors as `torch.save` and as safetensors write them, which must read alike.

Whatever a state dictionary may have: element types, scalars, empty tensors, parameters, transposed and sliced views,
storages that are shared, and the protocols of pickle. `legacy.bin` has the form before PyTorch 1.6. sensorium/ is a
checkpoint of a text tower with such a file, for the tokenizer of networks/tiny.
Written with Python 3.11, torch 2.15.0, safetensors 0.8.0:

    python Tests/Fixtures/torch/make_torch.py
"""

import collections
import json
import zipfile
from pathlib import Path

import torch
from safetensors.torch import save_file

HERE = Path(__file__).resolve().parent


def numbers(*shape: int) -> torch.Tensor:
    """Numbers that every type of float holds exactly, each another one."""
    count = int(torch.tensor(shape).prod()) if shape else 1
    return ((torch.arange(count) - count // 2).float() / 4).reshape(shape)


def views() -> dict[str, torch.Tensor]:
    table = numbers(6, 4)
    return {
        "plain": numbers(2, 3),
        "half": numbers(3, 2).half(),
        "brain": numbers(5).bfloat16(),
        "double": numbers(2).double(),
        "ids": torch.arange(4).expand((1, -1)),
        "flags": torch.tensor([True, False]),
        "scalar": torch.tensor(0.5),
        "empty": torch.empty(0, 7),
        "table": table,
        "tied": table,
        "turned": table.T,
        "rows": table[1:3],
        "columns": table[:, 1:3],
        "every.second": table[::2, ::3],
        "swapped": numbers(2, 3, 4).permute(2, 0, 1),
        "turned.half": numbers(3, 5).half().T,
        "column": numbers(4, 1).T,
        "parameter": torch.nn.Parameter(numbers(3)),
    }


def save(name: str, tensors: dict[str, torch.Tensor], **options) -> None:
    torch.save(collections.OrderedDict(tensors), HERE / f"{name}.bin", **options)
    plain = {key: value.detach().contiguous().clone() for key, value in tensors.items()}
    save_file(plain, HERE / f"{name}.safetensors")


save("views", views())
save("protocol4", {"a": numbers(2, 2), "b": numbers(3).half()}, pickle_protocol=4)
torch.save({"a": numbers(2, 2)}, HERE / "legacy.bin", _use_new_zipfile_serialization=False)

# What a module saves: parameters, a buffer, and the versions of its parts beside the tensors.
module = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
with torch.no_grad():
    for tensor in module.state_dict().values():
        tensor.copy_(numbers(*tensor.shape).to(tensor.dtype))
torch.save(module.state_dict(), HERE / "module.bin")
save_file({key: value.clone() for key, value in module.state_dict().items()}, HERE / "module.safetensors")

# The same archive with the other byte order, which nobody here can write otherwise.
with zipfile.ZipFile(HERE / "protocol4.bin") as source, zipfile.ZipFile(HERE / "big.bin", "w") as target:
    for entry in source.infolist():
        data = source.read(entry)
        target.writestr(zipfile.ZipInfo(entry.filename), b"big" if entry.filename.endswith("/byteorder") else data)

# A whole checkpoint, in half precision, with one weight as a view of its transposed self.
TOWER = {
    "type": "bert", "vocab_size": 67, "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 1,
    "intermediate_size": 32, "max_position_embeddings": 16, "type_vocab_size": 2, "layer_norm_eps": 1e-12,
    "max_tokens": 12, "pooling": "mean",
}  # fmt: skip
CONFIG = {"model_type": "sensorium", "name": "torch", "towers": {"text": TOWER}, "heads": {}}
vocabulary = json.loads((HERE.parent / "networks/tiny/tokenizer.json").read_text())["model"]["vocab"]
assert len(vocabulary) == TOWER["vocab_size"]

torch.manual_seed(7)
width = TOWER["hidden_size"]
layer = "text.encoder.layer.0"
shapes = {
    "text.embeddings.word_embeddings.weight": (TOWER["vocab_size"], width),
    "text.embeddings.position_embeddings.weight": (TOWER["max_position_embeddings"], width),
    "text.embeddings.token_type_embeddings.weight": (TOWER["type_vocab_size"], width),
}
for name in ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"):
    shapes |= {f"{layer}.{name}.weight": (width, width), f"{layer}.{name}.bias": (width,)}
for name in ("intermediate.dense", "output.dense"):
    shapes |= {f"{layer}.{name}.weight": (width, width), f"{layer}.{name}.bias": (width,)}
for name in ("text.embeddings", f"{layer}.attention.output", f"{layer}.output"):
    shapes |= {f"{name}.LayerNorm.weight": (width,), f"{name}.LayerNorm.bias": (width,)}
model = collections.OrderedDict((name, torch.randn(shape).mul(0.3).half()) for name, shape in shapes.items())
model[f"{layer}.intermediate.dense.weight"] = model[f"{layer}.intermediate.dense.weight"].T
(HERE / "sensorium").mkdir(exist_ok=True)
(HERE / "sensorium/config.json").write_text(json.dumps(CONFIG) + "\n")
torch.save(model, HERE / "sensorium/pytorch_model.bin")
