#!/usr/bin/env python3
"""Compares a served full-size BLIP of random weights with transformers, on the same files: what is written, and how long it takes.

    python scripts/parity/blip.py .build/release/sensorium [base|large] [--kind caption|vqa|retrieval] [--threads 2]

Makes the folder in a temporary place (base: 0.9 GB in f32), asks the server and transformers in turn, and prints the largest
differences, whether tokens are equal, and the medians of both times. torch, transformers, tokenizers and Pillow as in
Tests/Fixtures/blip/make_blip.py, whose random weights these are.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import torch
from PIL import Image
from server import Server
from transformers import (
    BertTokenizerFast, BlipConfig, BlipForConditionalGeneration, BlipForImageTextRetrieval, BlipForQuestionAnswering,
)
from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests/Fixtures/blip"))
from make_blip import tokenizer, wide  # noqa: E402

PHOTOS = [ROOT / "Tests/Fixtures/media" / name for name in ["chelsea.jpg", "coffee.jpg", "rocket.jpg"]]
WORDS = "what is on the table?"
KINDS = {"caption": BlipForConditionalGeneration, "vqa": BlipForQuestionAnswering, "retrieval": BlipForImageTextRetrieval}


def make(folder, kind, size):
    """A folder as published ones are, with weights wide enough that answers differ from photo to photo."""
    tokenizer(folder)
    # Filled up to BERT's number, so that every token that random weights choose is written as something.
    vocabulary = (folder / "vocab.txt").read_text().split()
    (folder / "vocab.txt").write_text("\n".join(vocabulary + [f"word{place}" for place in range(len(vocabulary), 30522)]) + "\n")
    (folder / "tokenizer.json").unlink()
    words = BertTokenizerFast.from_pretrained(folder, do_lower_case=True)
    words.save_pretrained(folder)
    vision = dict(image_size=384, initializer_range=0.02)
    if size == "large":
        vision |= dict(hidden_size=1024, intermediate_size=4096, num_hidden_layers=24, num_attention_heads=16)
    text = dict(num_attention_heads=12, bos_token_id=30522, sep_token_id=3)
    if size == "large" and kind == "vqa":
        text |= dict(hidden_size=1024, intermediate_size=4096, num_attention_heads=16)
    model = wide(KINDS[kind](BlipConfig(text_config=text, vision_config=vision)), 1, torch.float32, added=2.0)
    model.save_pretrained(folder)
    processor = BlipImageProcessorPil()
    processor.save_pretrained(folder)
    return model, words, processor


def difference(found, wanted):
    return max(abs(a - b) for a, b in zip(found, wanted, strict=True))


@torch.inference_mode()
def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("size", nargs="?", choices=["base", "large"], default="base")
    parser.add_argument("--kind", choices=list(KINDS), default="caption")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / f"blip-{arguments.size}"
        folder.mkdir()
        model, words, processor = make(folder, arguments.kind, arguments.size)
        with Server(arguments.program, folder, arguments.threads) as server:
            print(server.memory())
            compare(arguments, server, model, words, processor)


def compare(arguments, server, model, words, processor):
    ids = words(WORDS, return_tensors="pt").input_ids
    photos = [Image.open(path).convert("RGB") for path in PHOTOS]
    sent = [path.read_bytes() for path in PHOTOS]
    ours, theirs, worst, equal = [], [], 0.0, []
    # In turn, so that what else the machine does meets both.
    for turn in range(arguments.rounds):
        for photo, image in zip(photos, sent):
            if arguments.kind == "retrieval":
                answer, took = server.post("/v1/classify/match", image=image, text=WORDS, top=2)
                started = time.perf_counter()
                scores = model(ids, processor(photo, return_tensors="pt").pixel_values).itm_score.softmax(-1)[0].tolist()
                theirs.append(time.perf_counter() - started)
                found = answer["scores"]
                worst = max(worst, difference([found["no match"], found["match"]], scores))
            else:
                asked = {"question": WORDS} if arguments.kind == "vqa" else {}
                answer, took = server.post(f"/v1/{arguments.kind}", image=image, max_tokens=20, **asked)
                started = time.perf_counter()
                pixels = processor(photo, return_tensors="pt").pixel_values
                out = model.generate(ids, pixels, max_new_tokens=20) if arguments.kind == "vqa" else model.generate(pixels, max_new_tokens=20)
                theirs.append(time.perf_counter() - started)
                text = words.decode(out[0], skip_special_tokens=True).strip()
                equal.append(text == answer[("answer" if arguments.kind == "vqa" else "caption")])
                if turn == 0:
                    print(f"{out.shape[1] - 1} tokens: {text[:100]!r}")
            ours.append(took)
    if equal:
        print(f"texts equal: {sum(equal)} of {len(equal)}")
    else:
        print(f"largest difference of a score: {worst:.2e}")
    mine, other = statistics.median(ours), statistics.median(theirs)
    print(f"{arguments.size}, {arguments.kind}, {arguments.threads} threads: {mine:.2f} s, transformers {other:.2f} s, ratio {mine / other:.2f}")


if __name__ == "__main__":
    main()
