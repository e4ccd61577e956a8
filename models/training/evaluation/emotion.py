"""Emotion from faces, speech and text by themselves, and from triples of the same label in every subset."""

import argparse
import io

import numpy as np
from PIL import Image
from sklearn.metrics import f1_score

from ..sensorium.client import Server, ask_all
from ..sensorium.emotions import EMOTIONS, Clip, read_clips, read_faces, read_goemotions, read_recordings
from ..sensorium.triples import DEV_TRIPLES, PARTS, SUBSETS, draw_triples


def png(face: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(face).save(file, "png")
    return file.getvalue()


class DevParts:
    """The parts of requests, and their labels, of the dev sets."""

    def __init__(self, data):
        faces, clips, recordings = read_faces(data, "dev"), read_clips(data), read_recordings(data)
        self.clips: list[Clip] = [clip for clip in clips if clip.split == "dev"]
        lines = read_goemotions(data, "dev")
        self.parts = {
            "image": [png(face) for face in faces.pixels], "audio": [recordings[clip.name] for clip in self.clips],
            "text": [line.text.encode() for line in lines],
        }
        self.labels = {
            "image": faces.labels, "audio": np.array([clip.of_seven for clip in self.clips]),
            "text": np.array([line.emotion for line in lines]),
        }

    def request(self, places: dict[str, int]) -> dict[str, bytes]:
        return {part: self.parts[part][place] for part, place in places.items()}


def answers(server: Server, requests: list[dict[str, bytes]], connections: int) -> np.ndarray:
    """Numbers of the emotions. Faces are tiles that hold the face alone."""

    def ask(parts: dict[str, bytes]) -> int:
        options = {"face": "whole"} if "image" in parts else {}
        return EMOTIONS.index(server.ask("/v1/emotion", parts, options)["emotion"])

    return np.array(ask_all(ask, requests, connections))


def majority(labels: np.ndarray) -> float:
    return float(np.bincount(labels).max() / len(labels))


def run(server: Server, arguments: argparse.Namespace) -> None:
    dev = DevParts(arguments.data)
    for part, name in (("image", "faces, FER+ dev"), ("audio", "speech, RAVDESS actors 21 and 22"), ("text", "text, GoEmotions dev")):
        places = np.flatnonzero(dev.labels[part] >= 0)[: arguments.items]
        labels = dev.labels[part][places]
        given = answers(server, [dev.request({part: place}) for place in places], arguments.connections)
        macro, guess = (f1_score(labels, answer, average="macro") for answer in (given, np.full_like(labels, np.bincount(labels).argmax())))
        print(f"{name}: accuracy {(given == labels).mean():.4f} (majority {majority(labels):.4f}), macro-F1 {macro:.4f} (majority {guess:.4f}), {len(places)} items")
        recalls = {label: (given[labels == number] == number).mean() for number, label in enumerate(EMOTIONS) if (labels == number).any()}
        print("  recall: " + ", ".join(f"{label} {recall:.3f}" for label, recall in recalls.items()), flush=True)
    triples, labels = draw_triples(dev.labels, DEV_TRIPLES, 0)
    chosen = np.random.default_rng(0).permutation(len(triples))[: arguments.items]
    print(f"triples of the same label across sets, {len(chosen)}, majority {1 / len(EMOTIONS):.4f}")
    scores: dict[tuple[str, ...], float] = {}
    for subset in SUBSETS:
        requests = [dev.request({part: triples[row, PARTS.index(part)] for part in subset}) for row in chosen]
        scores[subset] = float((answers(server, requests, arguments.connections) == labels[chosen]).mean())
        best = max(scores[(part,)] for part in subset if (part,) in scores)
        print(f"  {' + '.join(subset)}: {scores[subset]:.4f} ({100 * (scores[subset] - best):+.1f} points against its best member)", flush=True)
