"""Step 4. Trains the caption head on cached tokens: cross-entropy, AdamW, cosine schedule, averaged weights.

With --things the head also sees the names of what the checkpoint's head `things` saw in the photos, and may copy them; names are
exchanged for their siblings in caption and things alike (sensorium/naming.py). With --start it goes on from that checkpoint's head.

The schedule runs on the clock: --minutes is what the machine may spend, and learning rate and data follow the share of
it that has passed. Flickr8k is in every epoch; half of COCO is in the first and none from half of the time on.
The run can be stopped at any moment and goes on from its last state.
"""

import argparse
import math
import re
import time
from copy import deepcopy
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from timm.data import ImageNetInfo

from .sensorium.captions import IGNORED, CaptionCodec, padded
from .sensorium.checkpoint import configuration, part, read, read_configuration
from .sensorium.data import CAPTION_SETS, Photo, clean, read_photos
from .sensorium.exchange import Exchange, plural
from .sensorium.loss import SmoothedCrossEntropy, copying_cross_entropy
from .sensorium.names import Names, pieces_of
from .sensorium.naming import EXCHANGED, TOLD, NamedPhotos
from .sensorium.network import CaptionHead, Things
from .sensorium.progress import Average, Log, save_head, save_state
from .sensorium.things import read_scores
from .sensorium.tokens import TokenCache
from .sensorium.validate import greedy_captions, validate
from .sensorium.wordnet import WordNet

CAPTIONS = 5
SHORT = 3
# Whose dev photos are looked at beside Flickr8k's.
COCO_SETS = ("coco_captions",)
# Share of COCO's photos in the first epoch; it falls with the share of the time that has passed.
COCO = 0.5
LONGEST = 17
# Image tokens that a step sees, of 81, in the first three quarters: less to compute, and less to learn by heart.
KEPT = 40
FULL_FROM = 0.75
STATE_SECONDS = 180
AVERAGE_EVERY = 4


def head_config(codec: CaptionCodec, names: Names | None, floor: float = TOLD) -> dict:
    config = configuration(codec.vocabulary)["heads"]["caption"]
    if names is not None:
        config["things"] = {"head": "things", "positions": max(map(len, pieces_of(names.all, codec))), "floor": floor}
    return config


def new_head(work: Path, codec: CaptionCodec, dropout: float, names: Names | None = None) -> CaptionHead:
    """A head whose embeddings start as MiniLM's word embeddings, centred and scaled. With `names` it sees things."""
    config = configuration(codec.vocabulary)
    head = CaptionHead(head_config(codec, names), config["towers"]["image"], config["width"], dropout)
    words = load_file(work / "towers.safetensors")["text.embeddings.word_embeddings.weight"].float()[codec.vocabulary]
    words -= words.mean(0)
    head.embedding.weight.data = words * (0.04 / words.std())
    return head


def go_on_from(head: CaptionHead, checkpoint: Path) -> None:
    """Takes over the weights of a checkpoint's caption head, whose vocabulary may be shorter; what it lacks stays as it is."""
    for name, tensor in part(read(checkpoint)[1], "caption").items():
        own = head.state_dict()[name]
        if own.shape == tensor.shape:
            own.copy_(tensor)
        else:
            if name == "embedding.weight":
                # Pieces that it had no use for, on the scale of those that it has learned.
                own[len(tensor) :] *= tensor.std() / own[len(tensor) :].std()
            if name == "output_bias":
                own[len(tensor) :] = tensor.min()
            own[: len(tensor)].copy_(tensor)


class Material:
    """Photos of one split with captions, their cached tokens, and what was seen in them."""

    def __init__(self, arguments: argparse.Namespace, split: str, photos: list[Photo], codec: CaptionCodec):
        self.photos = photos
        self.captions = [[clean(text) for text in photo.captions] for photo in photos]
        self.cache = TokenCache(arguments.data, arguments.work, split, photos)
        self.named: NamedPhotos | None = None
        self.rules: Exchange | None = None
        self.exchanged = arguments.exchanged
        if arguments.things:
            labels, synsets = kinds(arguments.things)
            names = Names(labels)
            scores = read_scores(arguments.data, arguments.work, split, photos)
            self.named = NamedPhotos(names, scores, codec, floor=arguments.floor)
            self.rules = Exchange(names, WordNet(arguments.wordnet), synsets, arguments.without)


def kinds(checkpoint: Path) -> tuple[list[str], list[str]]:
    """Labels of a checkpoint's head `things`, and their synsets in WordNet."""
    info = ImageNetInfo("imagenet-1k")
    return read_configuration(checkpoint)["heads"]["things"]["labels"], [info.index_to_label_name(kind) for kind in range(1000)]


def without(photos: list[Photo], names: list[str], rules: Exchange) -> list[Photo]:
    """The photos of which no caption has any of these names, nor another word for one, nor their plurals."""
    numbers = {rules.forms[name][0] for name in names if name in rules.forms}
    forms = re.compile(r"\b(" + "|".join(re.escape(form) for name in names for form in (name, plural(name))) + r")\b")
    says = lambda text: bool(numbers & rules.said(text) or forms.search(text))  # noqa: E731
    return [photo for photo in photos if not any(says(clean(text)) for text in photo.captions)]


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

    def places(self, photos: list[int]) -> list[list[int]]:
        """Which five captions of each photo are told; where it has fewer, some come twice."""
        return [[int(place) for place in np.resize(self.random.permutation(len(self.captions[photo])), CAPTIONS)] for photo in photos]


def told(material: Material, codec: CaptionCodec, photos: list[int], places: list[list[int]], random: np.random.Generator):
    """Five captions of each photo as tokens, the short ones first, and the things that are seen with them."""
    captions = [[material.captions[photo][place] for place in five] for photo, five in zip(photos, places)]
    things = None
    if material.named is not None:
        things, captions = material.named.varied(photos, captions, material.rules, random, material.exchanged)
    texts = []
    for photo, five in zip(photos, captions):
        usable = [tokens for text in five if (tokens := codec.encode(text, LONGEST))]
        usable = usable or [tokens for text in material.captions[photo] if (tokens := codec.encode(text, LONGEST))]
        texts.append(sorted((usable[i % len(usable)] for i in range(CAPTIONS)), key=len))
    return texts, things


def loss_of(
    head: CaptionHead, tokens: torch.Tensor, kept: torch.Tensor, texts: list[list[list[int]]], things: Things | None, smoothing: float
) -> torch.Tensor:
    """The photos are encoded once; their short and their long captions go through the decoder one after the other, for
    the sake of less padding."""
    memory = head.memory(tokens, kept, things)
    states, words, copies, pieces = [], [], [], []
    for part in (slice(0, SHORT), slice(SHORT, CAPTIONS)):
        inputs, targets = (tensor.to(tokens.device) for tensor in padded([text for five in texts for text in five[part]]))
        each = len(inputs) // len(texts)
        hidden, _ = head.hidden(inputs, memory, captions=each)
        counted = targets != IGNORED
        states.append(hidden[counted])
        words.append(targets[counted])
        if things is not None:
            copies.append(head.copies(hidden, inputs, memory, each)[counted])
            pieces.append(things.pieces.repeat_interleave(each, 0)[:, None].expand(-1, inputs.shape[1], -1)[counted])
    states, words = torch.cat(states).bfloat16(), torch.cat(words)
    if things is None:
        return SmoothedCrossEntropy.apply(states, head.embedding.weight, head.output_bias, words, smoothing)
    losses = copying_cross_entropy(head.logits(states).float(), torch.cat(copies).float(), torch.cat(pieces), words, smoothing)
    return losses.mean()


class Check:
    """Figures of a head on dev: scores on Flickr8k and on COCO, and how often a name that was put in the place of another is said."""

    def __init__(self, arguments: argparse.Namespace, codec: CaptionCodec):
        self.codec, self.device = codec, arguments.device
        photos = read_photos(arguments.data, "dev", ("flickr8k",))[: arguments.dev]
        self.flickr = Material(arguments, "dev", photos, codec)
        self.coco = Material(arguments, "dev", read_photos(arguments.data, "dev", COCO_SETS), codec)

    COLUMNS = ["CIDEr-D", "BLEU-4", "COCO CIDEr-D", "named"]

    @torch.no_grad()
    def __call__(self, head: CaptionHead, beams: int = 1) -> tuple[dict[str, float], list[str]]:
        figures, texts = {}, []
        for name, material in (("", self.flickr), ("COCO ", self.coco)):
            named = material.named.as_seen if material.named else None
            found, captions = validate(head, material.cache, self.codec, material.photos, self.device, beams, named)
            figures |= {f"{name}{figure}": value for figure, value in found.items()}
            texts += captions[:4]
        if self.coco.named is not None:
            figures["named"] = self.exchanged_names_said(deepcopy(head).bfloat16().eval())
        return {name: figures[name] for name in self.COLUMNS if name in figures}, texts

    def exchanged_names_said(self, head: CaptionHead) -> float:
        said = asked = 0
        for material in (self.flickr, self.coco):
            photos, entries, wanted = material.named.all_exchanged(material.captions, material.rules)
            named = lambda places: material.named.batch([entries[place] for place in places])  # noqa: E731
            captions = greedy_captions(head, material.cache, self.codec, photos, self.device, named)
            said += sum(name in material.rules.said(caption) or material.rules.names[name] in caption for caption, name in zip(captions, wanted))
            asked += len(photos)
        return said / max(asked, 1)


def add_naming(parser: argparse.ArgumentParser) -> None:
    """Options of the steps whose head may see things."""
    parser.add_argument("--things", type=Path, metavar="CHECKPOINT", help="whose head `things` saw them: with `training.extract --things`")
    parser.add_argument("--sets", nargs="*", default=[*CAPTION_SETS], choices=CAPTION_SETS, help="sets of photos")
    parser.add_argument("--wordnet", type=Path, default=Path("/usr/share/wordnet"), help="with data.noun; Debian's wordnet-base")
    parser.add_argument("--without", nargs="*", default=[], metavar="NAME", help="leave photos out whose captions have these words")
    parser.add_argument("--floor", type=float, default=TOLD, help="names that are less likely are not told")
    parser.add_argument("--exchanged", type=float, default=EXCHANGED, help="share of the photos whose names are exchanged")


def coco_share(arguments: argparse.Namespace, share: float) -> float:
    """Of COCO's photos in an epoch that begins after this share of the time."""
    return max(arguments.coco_to, arguments.coco - share)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--work", type=Path, required=True, help="folder with the tokens; the run goes into its `caption`")
    parser.add_argument("--run", default="caption", help="folder of the run in --work")
    parser.add_argument("--start", type=Path, metavar="CHECKPOINT", help="go on from this checkpoint's caption head")
    add_naming(parser)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--coco", type=float, default=COCO, help="share of COCO's photos in the first epoch")
    parser.add_argument("--coco-to", type=float, default=0.0, help="the same at the end")
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
    device, run = arguments.device, arguments.work / arguments.run

    codec = CaptionCodec.in_work(arguments.work)
    photos = read_photos(arguments.data, "train", arguments.sets)
    check = Check(arguments, codec)
    if arguments.without:
        photos = without(photos, arguments.without, check.flickr.rules)
    material = Material(arguments, "train", photos, codec)
    captions = [[c for text in five if (c := codec.encode(text, LONGEST))] for five in material.captions]
    epochs = Epochs(captions, sum(photo.folder == "flickr8k" for photo in photos), arguments.batch, random)

    head = new_head(arguments.work, codec, arguments.dropout, Names(kinds(arguments.things)[0]) if arguments.things else None)
    if arguments.start:
        go_on_from(head, arguments.start)
        run.mkdir(parents=True, exist_ok=True)
        save_head(run / "head-00000.safetensors", head.state_dict())
    head = head.to(device)
    average = Average(head, arguments.decay)
    matrices = [p for name, p in head.named_parameters() if p.dim() > 1 and "positions" not in name]
    others = [p for name, p in head.named_parameters() if p.dim() == 1 or "positions" in name]
    groups = [{"params": matrices, "weight_decay": 0.05}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=arguments.rate, betas=(0.9, 0.98), fused=True)
    log = Log(run, ["minutes", "step", "rate", "loss", *Check.COLUMNS])
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
        for batch in epochs.epoch(coco_share(arguments, spent / budget)):
            share = min(spent / budget, 1)
            rate = arguments.rate * min((step + 1) / 200, 0.02 + 0.98 * (1 + math.cos(math.pi * share)) / 2)
            for group in optimizer.param_groups:
                group["lr"] = rate
            kept = np.sort(random.permutation(81)[: KEPT if share < FULL_FROM else 81])
            tokens = material.cache.random(batch, random, kept).bfloat16().to(device)
            texts, things = told(material, codec, batch, epochs.places(batch), random)
            things = None if things is None else things.to(device)
            with torch.autocast(device, torch.bfloat16):
                loss = loss_of(head, tokens, torch.from_numpy(kept).to(device), texts, things, arguments.smoothing)
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
        figures, texts = check(averaged)
        save_head(run / f"head-{step:05}.safetensors", averaged.state_dict())
        log.add(minutes=spent / 60, step=step, **figures)
        print("  " + " | ".join(texts), flush=True)
        log.plot()


if __name__ == "__main__":
    main()
