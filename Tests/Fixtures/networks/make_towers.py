"""Makes towers/ and towers.json: a checkpoint of small random towers, and what PyTorch computes with them.

Written with Python 3.11, torch 2.15.0, safetensors 0.8.0:

    python -m training.face_finder --work WORK …                     (in models/)
    python Tests/Fixtures/networks/make_towers.py WORK/components/face_finder.safetensors

The face finder's weights are MediaPipe's (Apache-2.0): what it finds in a photo cannot be tested with random ones.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "models"))

from make_tiny import mixed, randomise, rounded  # noqa: E402
from training.sensorium.audio import AudioTower  # noqa: E402
from training.sensorium.face import FaceTower, configuration  # noqa: E402
from training.sensorium.finder import FaceFinder, faces  # noqa: E402

# Odd and even grids at each stride, channels that are no whole vectors: 48, 24, 24, 12, 6, 3, 3.
LAYOUT = [
    {"channels": 8, "stride": 1}, {"channels": 16, "stride": 2}, {"channels": 12, "stride": 1},
    {"channels": 16, "stride": 2}, {"channels": 24, "stride": 2}, {"channels": 16, "stride": 2},
    {"channels": 20, "stride": 2}, {"channels": 16, "stride": 1},
]

CONFIG = {
    "model_type": "sensorium",
    "name": "towers",
    "width": 64,
    "towers": {
        "audio": {
            "type": "whisper_encoder", "mel_bins": 80, "sample_rate": 16000, "hidden_size": 64, "layers": 2,
            "attention_heads": 2, "intermediate_size": 96, "max_positions": 40, "layer_norm_eps": 1e-5,
            "final_norm": True, "resampler": "soxr_hq",
        },
        "face": configuration(LAYOUT),
        "finder": {"type": "blazeface_short"},
    },
    "heads": {},
}
# Frames of windows: the shortest, odd ones, more queries than attention computes in one way, the longest.
FRAMES = (1, 2, 7, 30, 33, 80)
PHOTOS = ("astronaut.jpg", "chelsea.jpg", "coffee.jpg", "rocket.jpg")


def numbers(count: int, seed: int) -> torch.Tensor:
    """Numbers in [-1, 1) that Swift makes as well."""
    values = (mixed(np.arange(count), seed) >> np.uint64(40)).astype(np.float32) / np.float32(2**23) - 1
    return torch.from_numpy(values)


def found(finder: FaceFinder, file: Path) -> dict:
    """The photo, 320 pixels wide, fitted into the square; some logits, all faces, and the raw box of the best anchor."""
    photo = Image.open(file).convert("RGB")
    width, height = (round(side * 128 / max(photo.size)) for side in photo.size)
    square = Image.new("RGB", (128, 128))
    square.paste(photo.resize((width, height), Image.Resampling.BILINEAR), ((128 - width) // 2, (128 - height) // 2))
    pixels = torch.from_numpy(np.asarray(square).copy()).permute(2, 0, 1)[None].float() / 127.5 - 1
    logits, raw = (values[0] for values in finder(pixels))
    best = int(logits.argmax())
    return {
        "logits": rounded(logits[::16]), "best": best, "box": rounded(raw[best]),
        "faces": [{"sides": [float(f"{side:.7g}") for side in sides], "score": score} for sides, score in faces(logits, raw)],
    }


@torch.no_grad()
def main() -> None:
    torch.manual_seed(21)
    audio = AudioTower(CONFIG["towers"]["audio"]).eval()
    randomise(audio, 1.5)
    face = FaceTower(LAYOUT).eval()
    for layer in face.layers:
        # He 2015: activations keep their size from layer to layer.
        layer.weight.copy_((torch.randn(layer.weight.shape) * (2 / layer.weight[0].numel()) ** 0.5).half())
        layer.bias.copy_((torch.randn(layer.bias.shape) * 0.1).half())
    finder = FaceFinder().eval()
    finder.load_state_dict({name: tensor.float() for name, tensor in load_file(sys.argv[1]).items()})

    folder = HERE / "towers"
    folder.mkdir(exist_ok=True)
    tensors = {
        f"{prefix}.{name}": tensor
        for prefix, tower in (("audio", audio), ("face", face), ("finder", finder))
        for name, tensor in tower.state_dict().items()
    }
    save_file({name: tensor.half().contiguous() for name, tensor in tensors.items()}, folder / "model.safetensors", {"format": "pt"})
    (folder / "config.json").write_text(json.dumps(CONFIG, indent=1) + "\n")

    windows = []
    for seed, frames in enumerate(FRAMES, start=1):
        states = audio(numbers(frames * 80, seed).reshape(1, frames, 80))[0]
        windows.append({
            "seed": seed,
            "frames": frames,
            "tokens": states.shape[1],
            "first": [rounded(state[0]) for state in states],
            "last": [rounded(state[-1]) for state in states],
        })
    crops = []
    for seed in (1, 2, 3):
        tokens = face(numbers(48 * 48, seed).reshape(1, 1, 48, 48) * 2)[0]
        crops.append({"seed": seed, "tokens": [rounded(token) for token in tokens]})
    photos = [{"name": name, **found(finder, HERE.parent / "media" / name)} for name in PHOTOS]
    (HERE / "towers.json").write_text(json.dumps({"windows": windows, "crops": crops, "photos": photos}, indent=0) + "\n")


if __name__ == "__main__":
    main()
