"""The audio tower: a clip to 16 kHz samples, to a log-mel spectrogram, to hidden states of Whisper's encoder.

A clip is computed at its own length, not padded to 30 seconds; a longer one in windows of 30 seconds, whose tokens follow
each other. Shapes are written as [batch, tokens, width]; `t` frames of 10 ms become `(t + 1) // 2` tokens of 20 ms.
"""

import json
from pathlib import Path

import numpy as np
import soundfile
import soxr
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

SAMPLE_RATE = 16_000
HOP, WINDOW, MEL_BINS = 160, 400, 80
# Samples of a window: 3,000 frames, the 1,500 positions that the encoder has.
WINDOW_SAMPLES = 30 * SAMPLE_RATE


# A clip


def read_clip(file: Path | str) -> np.ndarray:
    """Samples at 16 kHz, f32: the mean of the channels, then soxr's "HQ"."""
    samples, rate = soundfile.read(file, dtype="float32", always_2d=True)
    samples = samples.mean(1)
    return samples if rate == SAMPLE_RATE else soxr.resample(samples, rate, SAMPLE_RATE, quality="HQ")


# Log-mel spectrogram, by the formula of Hugging Face's `WhisperFeatureExtractor`


def mel_filters() -> np.ndarray:
    """[201 frequencies, 80 bins]: triangles on Slaney's mel scale (Auditory Toolbox 1998) of equal area."""

    def to_hertz(mel: np.ndarray) -> np.ndarray:
        # Linear up to 1,000 Hz, 15 mel; a factor of 6.4 for 27 mel above.
        return np.where(mel < 15, 200 / 3 * mel, 1000 * np.exp(np.log(6.4) / 27 * (mel - 15)))

    highest = 15 + np.log(SAMPLE_RATE / 2 / 1000) * 27 / np.log(6.4)
    corners = to_hertz(np.linspace(0, highest, MEL_BINS + 2))
    frequencies = np.linspace(0, SAMPLE_RATE / 2, WINDOW // 2 + 1)
    slopes = corners[None] - frequencies[:, None]
    widths = np.diff(corners)
    rising, falling = -slopes[:, :-2] / widths[:-1], slopes[:, 2:] / widths[1:]
    return np.maximum(0, np.minimum(rising, falling)) * (2 / (corners[2:] - corners[:-2]))


_FILTERS = torch.from_numpy(mel_filters())


def log_mel(samples: np.ndarray | Tensor) -> Tensor:
    """Samples of one window, at least 400, to [samples // 160, 80]. Computed in f64, given as f32."""
    samples = torch.as_tensor(samples).double()
    if not WINDOW <= len(samples) <= WINDOW_SAMPLES:
        raise ValueError(f"a window has 400 to {WINDOW_SAMPLES:,} samples, not {len(samples):,}")
    hann = torch.hann_window(WINDOW, dtype=torch.float64)
    spectrum = torch.stft(samples, WINDOW, HOP, window=hann, center=True, pad_mode="reflect", return_complex=True)
    power = spectrum[:, :-1].abs().square().T
    mel = (power @ _FILTERS).clamp(min=1e-10).log10()
    return ((mel.clamp(min=mel.max() - 8) + 4) / 4).float()


def windows(samples: np.ndarray) -> list[np.ndarray]:
    """A clip in windows of 30 seconds. A rest of fewer than 400 samples behind a full window is left out."""
    if len(samples) < WINDOW:
        raise ValueError(f"a clip has at least {WINDOW} samples, not {len(samples)}")
    parts = [samples[start : start + WINDOW_SAMPLES] for start in range(0, len(samples), WINDOW_SAMPLES)]
    return parts if len(parts[-1]) >= WINDOW else parts[:-1]


# Whisper's encoder (Radford 2022), with the names of Hugging Face


def attention(queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    if queries.device.type == "cpu" and queries.requires_grad:
        # Written out, because the backward pass of the fused one takes more than twice the time.
        return (queries @ keys.transpose(2, 3) * queries.shape[3] ** -0.5).softmax(3).to(values.dtype) @ values
    return F.scaled_dot_product_attention(queries, keys, values)


class AudioLayer(nn.Module):
    """Pre-LN transformer layer; keys have no bias."""

    def __init__(self, config: dict):
        super().__init__()
        width, inner, eps = config["hidden_size"], config["intermediate_size"], config["layer_norm_eps"]
        self.heads = config["attention_heads"]
        self.self_attn_layer_norm = nn.LayerNorm(width, eps)
        self.self_attn = nn.ModuleDict(
            {name: nn.Linear(width, width, bias=name != "k_proj") for name in ("q_proj", "k_proj", "v_proj", "out_proj")}
        )
        self.final_layer_norm = nn.LayerNorm(width, eps)
        self.fc1 = nn.Linear(width, inner)
        self.fc2 = nn.Linear(inner, width)

    def forward(self, x: Tensor) -> Tensor:
        h = self.self_attn_layer_norm(x)

        def split(name: str) -> Tensor:
            return self.self_attn[name](h).unflatten(2, (self.heads, -1)).transpose(1, 2)

        mixed = attention(split("q_proj"), split("k_proj"), split("v_proj"))
        x = x + self.self_attn["out_proj"](mixed.transpose(1, 2).flatten(2))
        return x + self.fc2(F.gelu(self.fc1(self.final_layer_norm(x))))


class AudioTower(nn.Module):
    """Log-mel [b, t, 80] of windows as long as each other to all hidden states [b, layers + 1, (t + 1) // 2, 384].

    State 0 is what the convolutions and the positions give, state i what layer i gives; with `final_norm` the last one has
    been through the final norm, as Hugging Face's last hidden state.
    """

    def __init__(self, config: dict):
        super().__init__()
        width = config["hidden_size"]
        self.conv1 = nn.Conv1d(config["mel_bins"], width, 3, padding=1)
        self.conv2 = nn.Conv1d(width, width, 3, stride=2, padding=1)
        self.embed_positions = nn.Embedding(config["max_positions"], width)
        self.layers = nn.ModuleList(AudioLayer(config) for _ in range(config["layers"]))
        self.layer_norm = nn.LayerNorm(width, config["layer_norm_eps"]) if config["final_norm"] else None

    def forward(self, mel: Tensor) -> Tensor:
        x = F.gelu(self.conv2(F.gelu(self.conv1(mel.transpose(1, 2))))).transpose(1, 2)
        states = [x + self.embed_positions.weight[: x.shape[1]]]
        for layer in self.layers:
            states.append(layer(states[-1]))
        if self.layer_norm is not None:
            states[-1] = self.layer_norm(states[-1])
        return torch.stack(states, 1)

    @torch.no_grad()
    def clip(self, samples: np.ndarray) -> Tensor:
        """Samples at 16 kHz to hidden states [layers + 1, tokens, 384], window after window."""
        device = self.conv1.weight.device
        return torch.cat([self(log_mel(window)[None].to(device))[0] for window in windows(samples)], 1)


def shortened(config: dict, tensors: dict[str, Tensor], layers: int) -> tuple[dict, dict[str, Tensor]]:
    """The tower up to a layer: for heads that read none of the later ones. Its states are the same."""
    if layers >= config["layers"]:
        return config, tensors
    kept = {
        name: tensor for name, tensor in tensors.items()
        if not name.startswith("layer_norm.") and not (name.startswith("layers.") and int(name.split(".")[1]) >= layers)
    }
    return config | {"layers": layers, "final_norm": False}, kept


def load_audio_tower(component: Path) -> AudioTower:
    """The tower that `training.audio_tower` wrote, from `<component>.json` and `<component>.safetensors`."""
    tower = AudioTower(json.loads(component.with_suffix(".json").read_text())["config"])
    weights = load_file(component.with_suffix(".safetensors"))
    tower.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
    return tower.eval()
