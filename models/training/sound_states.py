"""Step 12. Hidden states of the audio tower for the everyday sounds, as they are and altered, computed once.

Altered copies (`sensorium.sounds`): another beginning, speed, length and loudness, noise, and, of every second copy, a second
sound mixed in. That sound is of the same part (train, dev) and of the same fold by recording, so that no copy carries anything
across a split. Writes `WORK/sounds.pt` and `WORK/sounds.copies`; it can be stopped, and goes on. What there is can be trained on.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from .sensorium.audio import load_audio_tower, log_mel
from .sensorium.heard import COPIES, TOKENS, WHOLE, WIDTH
from .sensorium.sounds import Mix, altered, folds_of, mix_of, mixed, read_samples, read_sounds


def copy_of(row: int, copy: int, samples: list[np.ndarray], mix: Mix) -> np.ndarray:
    random = np.random.default_rng([row, copy])
    clip = altered(samples[row], random)
    return mixed(clip, altered(samples[mix.other], random), mix.share) if mix.share else clip


@torch.no_grad()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--work", type=Path, required=True, help="folder with components/audio")
    parser.add_argument("--copies", type=int, default=4, help="altered copies of every clip")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    tower, sounds, work = load_audio_tower(arguments.work / "components" / "audio"), read_sounds(arguments.data), arguments.work
    read = read_samples(arguments.data, "train") | read_samples(arguments.data, "dev")
    samples, folds = [read[sound.name] for sound in sounds], folds_of(sounds)
    state_bytes = 2 * (len(tower.layers) + 1) * TOKENS * WIDTH
    if not (work / WHOLE).exists():
        whole = [tower(log_mel(clip)[None])[0].half() for clip in tqdm(samples, desc="as they are", mininterval=20)]
        torch.save(whole, work / WHOLE)
    places = [(row, copy) for copy in range(arguments.copies) for row in range(len(sounds))]
    done = (work / COPIES).stat().st_size // state_bytes if (work / COPIES).exists() else 0
    with open(work / COPIES, "ab") as file:
        file.truncate(done * state_bytes)
        for row, copy in tqdm(places[done:], desc="altered", mininterval=20):
            clip = copy_of(row, copy, samples, mix_of(row, copy, sounds, folds))
            found = tower(log_mel(clip)[None])[0]
            drawn = np.random.default_rng([row, copy, 1]).permutation(found.shape[1])[:TOKENS]
            file.write(found[:, np.sort(np.resize(drawn, TOKENS))].half().numpy().tobytes())


if __name__ == "__main__":
    main()
