"""Emotion of dev triples, all seven subsets in turn: how many answers are the same, and the largest difference."""

import argparse

import numpy as np
from tqdm import tqdm

from ..evaluation.emotion import DevParts
from ..sensorium.client import Server, ask_all
from ..sensorium.served import ServedEmotion
from ..sensorium.triples import DEV_TRIPLES, PARTS, SUBSETS, draw_triples


def run(server: Server, arguments: argparse.Namespace) -> None:
    network, dev = ServedEmotion(arguments.checkpoint), DevParts(arguments.data)
    triples, _ = draw_triples(dev.labels, DEV_TRIPLES, 0)
    rows = np.random.default_rng(1).permutation(len(triples))[: arguments.items]
    requests = [
        dev.request({part: triples[row, PARTS.index(part)] for part in SUBSETS[place % len(SUBSETS)]}) for place, row in enumerate(rows)
    ]
    expected = np.stack([network.probabilities(parts) for parts in tqdm(requests, desc="PyTorch")])

    def ask(parts: dict[str, bytes]) -> list[float]:
        scores = server.ask("/v1/emotion", parts, {"face": "whole"} if "image" in parts else {})["scores"]
        return [scores[label] for label in network.labels]

    served = np.array(ask_all(ask, requests, arguments.connections))
    same = served.argmax(1) == expected.argmax(1)
    for place in np.flatnonzero(~same)[:10]:
        print(f"  {' + '.join(requests[place])}: server {served[place].round(3)}, PyTorch {expected[place].round(3)}")
    print(f"emotion: {same.sum()} of {len(same)} answers the same, largest difference of a probability {np.abs(served - expected).max():.6f}")
