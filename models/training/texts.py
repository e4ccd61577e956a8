"""Step 9. Word pieces' states of the frozen text tower for every question and caption, computed once."""

import argparse
import json
import os
from itertools import groupby
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from tqdm import tqdm

from .sensorium.checkpoint import configuration
from .sensorium.data import read_photos
from .sensorium.network import TextTower
from .sensorium.questions import read_generated, read_questions
from .sensorium.texts import WIDTH

ROWS = 4096  # word pieces in a batch
LONGEST = 256


def text_tower(work: Path) -> TextTower:
    tower = TextTower(configuration([])["towers"]["text"])
    weights = load_file(work / "towers.safetensors")
    tower.load_state_dict({name.removeprefix("text."): t.float() for name, t in weights.items() if name.startswith("text.")})
    return tower.eval()


@torch.no_grad()
def encode(work: Path, name: str, texts: list[str], tower: TextTower, tokenizer: Tokenizer, device: str) -> None:
    """Texts of one length go together, so that nothing is padding."""
    if (work / f"{name}.json").exists():
        return
    texts = list(dict.fromkeys(texts))
    ids = [encoding.ids[:LONGEST] for encoding in tokenizer.encode_batch(texts)]
    order = sorted(range(len(texts)), key=lambda index: len(ids[index]))
    with open(work / f"{name}.states", "wb") as file, tqdm(total=len(texts), desc=name, mininterval=10) as bar:
        for length, group in groupby(order, key=lambda index: len(ids[index])):
            rows, most = list(group), max(1, ROWS // length)
            for start in range(0, len(rows), most):
                batch = torch.tensor([ids[index] for index in rows[start : start + most]], device=device)
                states = tower.states(batch, torch.ones_like(batch, dtype=torch.bool))
                file.write(states.reshape(-1, WIDTH).half().cpu().numpy().astype(np.float16).tobytes())
                bar.update(len(batch))
    partial = work / f"{name}.json.partial"
    partial.write_text(json.dumps([[texts[index] for index in order], [len(ids[index]) for index in order]]))
    os.replace(partial, work / f"{name}.json")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--work", type=Path, required=True, help="folder with towers.safetensors and questions.tsv")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    arguments = parser.parse_args()
    data, work = arguments.data, arguments.work
    torch.set_num_threads(arguments.threads)
    tokenizer = Tokenizer.from_file(str(work / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tower = text_tower(work).to(arguments.device)
    encode(work, "questions-dev", [q.text for q in read_questions(data, "dev")], tower, tokenizer, arguments.device)
    real = [q.text for q in read_questions(data, "train")]
    encode(work, "questions-train", real, tower, tokenizer, arguments.device)
    made = set(q.text for q in read_generated(work / "questions.tsv")) - set(real)
    encode(work, "questions-generated", sorted(made), tower, tokenizer, arguments.device)
    flickr = read_photos(data, "dev", ("flickr8k",))
    encode(work, "captions-dev", [text for photo in flickr for text in photo.captions], tower, tokenizer, arguments.device)
    encode(work, "captions-train", [text for photo in read_photos(data, "train") for text in photo.captions], tower, tokenizer, arguments.device)


if __name__ == "__main__":
    main()
