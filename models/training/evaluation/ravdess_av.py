"""`models/ravdess-av` on the actors 21 and 22, whom it was not trained on: voice and action units, and each alone."""

import argparse
import io

import numpy as np

from ..sensorium.client import Server, ask_all
from ..sensorium.emotions import RAVDESS_EMOTIONS, read_action_units, read_clips, read_recordings

SUBSETS = [("audio", "features"), ("audio",), ("features",)]


def run(server: Server, arguments: argparse.Namespace) -> None:
    clips = [clip for clip in read_clips(arguments.data) if clip.split == "dev"][: arguments.items]
    recordings, units = read_recordings(arguments.data), read_action_units(arguments.data)

    def features(name: str) -> bytes:
        file = io.BytesIO()
        np.save(file, units[name])
        return file.getvalue()

    for subset in SUBSETS:
        requests = [
            {part: recordings[clip.name] if part == "audio" else features(clip.name) for part in subset} for clip in clips
        ]
        given = ask_all(lambda parts: server.ask("/v1/emotion", parts, {})["emotion"], requests, arguments.connections)
        right = np.mean([answer == RAVDESS_EMOTIONS[clip.emotion] for answer, clip in zip(given, clips)])
        print(f"ravdess-av, actors 21 and 22, eight classes, {' + '.join(subset)}: {right:.4f} of {len(clips)} clips", flush=True)
