"""Runs the audio tower of `training.voice` over RAVDESS' clips once, for the fusion: the dev clips, then the others in random order.

What is kept are the hidden states 1 to 3 as float16: `WORK/speech.states` with `speech.states.json`. It can be stopped, and goes on;
what is there can be trained on.
"""

import argparse
import io
import json
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from .sensorium.audio import load_audio_tower, log_mel, read_clip
from .sensorium.clips import LAYERS, WIDTH
from .sensorium.emotions import read_clips, read_recordings

SAVED_EVERY = 20


@torch.no_grad()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--work", type=Path, required=True, help="folder with voice/components")
    parser.add_argument("--clips", type=int, default=1200, help="clips of the train part")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    tower = load_audio_tower(arguments.work / "voice" / "components" / "audio").to(arguments.device)
    clips, recordings = read_clips(arguments.data), read_recordings(arguments.data)
    dev = np.array([clip.split == "dev" for clip in clips])
    train = np.random.default_rng(0).permutation(np.flatnonzero(~dev))[: arguments.clips]
    order = np.concatenate([np.flatnonzero(dev), train]).tolist()
    table = arguments.work / "speech.states.json"
    offsets = json.loads(table.read_text())["offsets"] if table.exists() else [0]
    with open(arguments.work / "speech.states", "ab") as file:
        file.truncate(offsets[-1] * LAYERS * WIDTH * 2)
        for place in tqdm(range(len(offsets) - 1, len(order)), mininterval=20):
            mel = log_mel(read_clip(io.BytesIO(recordings[clips[order[place]].name])))
            values = tower(mel[None].to(arguments.device))[0, 1:].transpose(0, 1).half().cpu().numpy()
            file.write(values.tobytes())
            offsets.append(offsets[-1] + len(values))
            if place % SAVED_EVERY == 0 or place + 1 == len(order):
                file.flush()
                table.write_text(json.dumps({"offsets": offsets, "clips": order[: len(offsets) - 1]}))


if __name__ == "__main__":
    main()
