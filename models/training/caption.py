"""Step 4. Trains the caption head on cached tokens: cross-entropy, AdamW, cosine schedule, averaged weights.

The schedule runs on the clock: --minutes is what the machine may spend, and learning rate and data follow the share of
it that has passed. Flickr8k is in every epoch; half of COCO is in the first and none from half of the time on.
The run can be stopped at any moment and goes on from its last state.
"""

import argparse
import math
import time
from copy import deepcopy
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from .sensorium.captions import IGNORED, CaptionCodec, padded
from .sensorium.checkpoint import configuration
from .sensorium.data import read_photos
from .sensorium.loss import SmoothedCrossEntropy
from .sensorium.network import CaptionHead
from .sensorium.progress import Average, Log, save_head, save_state
from .sensorium.tokens import TokenCache
from .sensorium.validate import validate

CAPTIONS = 5
SHORT = 3
# Share of COCO's photos in the first epoch; it falls with the share of the time that has passed.
COCO = 0.5
LONGEST = 17
# Image tokens that a step sees, of 81, in the first three quarters: less to compute, and less to learn by heart.
KEPT = 40
FULL_FROM = 0.75
STATE_SECONDS = 180
AVERAGE_EVERY = 4


def new_head(work: Path, codec: CaptionCodec, dropout: float) -> CaptionHead:
    """A head whose embeddings start as MiniLM's word embeddings, centred and scaled."""
    config = configuration(codec.vocabulary)
    head = CaptionHead(config["heads"]["caption"], config["towers"]["image"], config["width"], dropout)
    words = load_file(work / "towers.safetensors")["text.embeddings.word_embeddings.weight"].float()[codec.vocabulary]
    words -= words.mean(0)
    head.embedding.weight.data = words * (0.04 / words.std())
    return head


class Epochs:
    """Batches of photos with five captions each, alike in length, so that little of a batch is padding."""

    def __init__(self, captions: list[list[list[int]]], flickr: int, batch: int, random: np.random.Generator):
        self.captions, self.flickr, self.batch, self.random = captions, flickr, batch, random

    def epoch(self, coco_share: float) -> list[list[int]]:
        """Photo numbers of the batches of an epoch: all of Flickr8k, a random part of COCO."""
        usable = [photo for photo, captions in enumerate(self.captions) if captions]
        flickr = [photo for photo in usable if photo < self.flickr]
        coco = [photo for photo in usable if photo >= self.flickr]
        coco = self.random.permutation(coco)[: round(coco_share * len(coco))].tolist()
        photos = self.random.permutation(flickr + coco).tolist()
        # Sorted by length within stretches of 16 batches: alike, yet in random company.
        stretch, batches = 16 * self.batch, []
        for start in range(0, len(photos), stretch):
            part = sorted(photos[start : start + stretch], key=lambda photo: max(map(len, self.captions[photo])))
            batches += [part[i : i + self.batch] for i in range(0, len(part), self.batch)]
        return [batches[i] for i in self.random.permutation(len(batches))]

    def texts(self, photos: list[int]) -> list[list[list[int]]]:
        """Five captions of each photo, the short ones first; where a photo has fewer, some come twice."""
        texts = []
        for photo in photos:
            captions = self.captions[photo]
            order = self.random.permutation(len(captions))
            texts.append(sorted((captions[order[i % len(captions)]] for i in range(CAPTIONS)), key=len))
        return texts


def loss_of(head: CaptionHead, tokens: torch.Tensor, kept: torch.Tensor, texts: list[list[list[int]]], smoothing: float) -> torch.Tensor:
    """The photos are encoded once; their short and their long captions go through the decoder one after the other, for
    the sake of less padding."""
    memories = head.memories(tokens, kept)
    states, words = [], []
    for part in (slice(0, SHORT), slice(SHORT, CAPTIONS)):
        inputs, targets = (tensor.to(tokens.device) for tensor in padded([text for five in texts for text in five[part]]))
        hidden, _ = head.hidden(inputs, memories, captions=len(inputs) // len(texts))
        counted = targets != IGNORED
        states.append(hidden[counted])
        words.append(targets[counted])
    states = torch.cat(states).bfloat16()
    return SmoothedCrossEntropy.apply(states, head.embedding.weight, head.output_bias, torch.cat(words), smoothing)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--work", type=Path, required=True, help="folder with the tokens; the run goes into its `caption`")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--batch", type=int, default=32, help="photos, with five captions each")
    parser.add_argument("--rate", type=float, default=1e-3, help="highest learning rate")
    parser.add_argument("--dropout", type=float, default=0.15)
    parser.add_argument("--smoothing", type=float, default=0.1)
    parser.add_argument("--decay", type=float, default=0.996, help="of the averaged weights, every four steps")
    parser.add_argument("--dev", type=int, default=500, help="dev photos that each validation captions")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    random = np.random.default_rng(arguments.seed)
    device, run = arguments.device, arguments.work / "caption"

    codec = CaptionCodec.in_work(arguments.work)
    photos = read_photos(arguments.data, "train")
    captions = [[c for text in photo.captions if (c := codec.encode(text, LONGEST))] for photo in photos]
    epochs = Epochs(captions, sum(photo.folder == "flickr8k" for photo in photos), arguments.batch, random)
    dev = read_photos(arguments.data, "dev", ("flickr8k",))[: arguments.dev]
    cache = TokenCache(arguments.data, arguments.work, "train", photos)
    dev_cache = TokenCache(arguments.data, arguments.work, "dev", dev)

    head = new_head(arguments.work, codec, arguments.dropout).to(device)
    average = Average(head, arguments.decay)
    matrices = [p for name, p in head.named_parameters() if p.dim() > 1 and "positions" not in name]
    others = [p for name, p in head.named_parameters() if p.dim() == 1 or "positions" in name]
    groups = [{"params": matrices, "weight_decay": 0.05}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=arguments.rate, betas=(0.9, 0.98), fused=True)
    log = Log(run, ["minutes", "step", "rate", "loss", "CIDEr-D", "BLEU-4"])
    spent, step = 0.0, 0
    if (run / "state.pt").exists():
        state = torch.load(run / "state.pt", weights_only=False)
        head.load_state_dict(state["head"])
        optimizer.load_state_dict(state["optimizer"])
        average.weights, average.steps = state["average"], state["step"] // AVERAGE_EVERY
        spent, step = state["spent"], state["step"]
        print(f"resumed at step {step}, {spent / 60:.1f} minutes")

    budget, saved, losses = 60 * arguments.minutes, spent, []
    averaged = deepcopy(head)
    last = time.monotonic()
    while spent < budget:
        for batch in epochs.epoch(max(0.0, COCO - spent / budget)):
            share = min(spent / budget, 1)
            rate = arguments.rate * min((step + 1) / 200, 0.02 + 0.98 * (1 + math.cos(math.pi * share)) / 2)
            for group in optimizer.param_groups:
                group["lr"] = rate
            kept = np.sort(random.permutation(81)[: KEPT if share < FULL_FROM else 81])
            tokens = cache.random(batch, random, kept).bfloat16().to(device)
            with torch.autocast(device, torch.bfloat16):
                loss = loss_of(head, tokens, torch.from_numpy(kept).to(device), epochs.texts(batch), arguments.smoothing)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(head.parameters(), 1.0)
            optimizer.step()
            step += 1
            if step % AVERAGE_EVERY == 0:
                average.update(head)
            losses.append(loss.item())
            now = time.monotonic()
            spent, last = spent + now - last, now
            if step % 50 == 0:
                log.add(minutes=spent / 60, step=step, rate=rate, loss=sum(losses) / len(losses))
                losses = []
            if spent - saved > STATE_SECONDS:
                saved = spent
                save_state(run / "state.pt", {
                    "head": head.state_dict(), "average": average.weights, "optimizer": optimizer.state_dict(),
                    "spent": spent, "step": step,
                })
            if spent > budget:
                break
        averaged.load_state_dict(average.weights)
        figures, texts = validate(averaged, dev_cache, codec, dev, device)
        save_head(run / f"head-{step:05}.safetensors", averaged.state_dict())
        log.add(minutes=spent / 60, step=step, **{name: figures[name] for name in ("CIDEr-D", "BLEU-4")})
        print("  " + " | ".join(texts[:4]), flush=True)
        log.plot()


if __name__ == "__main__":
    main()
