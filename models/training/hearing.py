"""Step 14. Puts sounds into the joint space: a clip lands near the phrases that name it, and near photos that show what is heard.

Image and text stay as they are; the head gets a further input, `audio`: a weighted mean of the audio tower's hidden states,
mean and deviation over time, one projection. A training clip is told its phrases (`sensorium.sound_phrases`) from those of the
other kinds, photos whose captions name its source from other photos, and is drawn to the direction between them and those
captions. It is quick, so that it runs again whenever image or text of the space were trained anew. Rewrites the component
`space`, and prints its dev figures.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import Tensor

from .sensorium.component import load_component, save_component
from .sensorium.data import read_photos
from .sensorium.fusion import ProjectionHead
from .sensorium.heard import HeardSounds
from .sensorium.hearing import Shown, captions_naming, figures_of, naming, photo_vectors, print_figures
from .sensorium.progress import Average
from .sensorium.scaling import Scaling
from .sensorium.sound_phrases import PHRASES, held_out_phrase, trained_phrases
from .sensorium.texts import TextCache
from .texts import encode, text_tower

WIDTHS = {"image": 1280, "text": 384, "audio": 384}
AUDIO = ("inputs.audio.", "projections.audio.")
TEXTS = "sounds.texts"
# A kind that fewer training photos show has no share of them.
FEWEST = 5
MOST_CAPTIONS = 30
# Every so many photos that show nothing that is heard take part, as others.
OTHERS = 6


@torch.no_grad()
def text_vectors(head: ProjectionHead, work: Path, texts: list[str]) -> dict[str, Tensor]:
    """Vectors [d] of texts; their states of the text tower are kept in WORK, since only the space's input changes."""
    texts, table = list(dict.fromkeys(texts)), work / f"{TEXTS}.json"
    if table.exists() and set(json.loads(table.read_text())[0]) != set(texts):
        table.unlink()
    tokenizer = Tokenizer.from_file(str(work / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    encode(work, TEXTS, texts, text_tower(work), tokenizer, "cpu")
    cache = TextCache(work, TEXTS)
    vectors = torch.cat([head("text", *cache.batch(texts[start : start + 256])) for start in range(0, len(texts), 256)])
    return dict(zip(texts, vectors))


@dataclass(frozen=True)
class Goal:
    """What the kinds are to lie close to."""

    phrases: list[Tensor]
    """Of each kind [n, d]."""
    captions: list[Tensor]
    """Of each kind [n, d]: captions of training photos that name its source."""
    photos: Tensor
    """Training photos [p, d]."""
    shown: Tensor
    """Whose captions name the source of which kind: bool [kinds, p]."""

    def directions(self) -> Tensor:
        """[kinds, d]: the mean of a kind's phrases, half the mean of its captions, and what tells its photos from all others
        (Fisher's discriminant; in place of the covariance its mean with a sphere's)."""
        rows, centred = [], self.photos - self.photos.mean(0)
        covariance = centred.T @ centred / len(centred)
        within = covariance + covariance.trace() / len(covariance) * torch.eye(len(covariance))
        for kind, vectors in enumerate(self.phrases):
            row = F.normalize(vectors.mean(0), dim=0)
            if len(self.captions[kind]) >= FEWEST:
                row = row + F.normalize(self.captions[kind].mean(0), dim=0) / 2
            if self.shown[kind].sum() >= FEWEST:
                row = row + F.normalize(torch.linalg.solve(within, centred[self.shown[kind]].mean(0)), dim=0)
            rows.append(F.normalize(row, dim=0))
        return torch.stack(rows)


def photo_loss(clips: Tensor, labels: Tensor, goal: Goal, options: argparse.Namespace, random: np.random.Generator) -> Tensor:
    """For each clip one photo that shows its source, against photos that do not; zero for kinds that no photo shows."""
    seen = (goal.shown.sum(1) >= FEWEST)[labels].nonzero()[:, 0]
    if not len(seen):
        return clips.sum() * 0
    others = torch.from_numpy(random.choice(len(goal.photos), min(options.negatives, len(goal.photos)), replace=False))
    own = torch.stack([goal.photos[random.choice(goal.shown[labels[clip]].nonzero()[:, 0].numpy())] for clip in seen])
    against = (clips[seen] @ goal.photos[others].T).masked_fill(goal.shown[labels[seen]][:, others], -torch.inf)
    logits = options.scale * torch.cat([(clips[seen] * own).sum(1, keepdim=True), against], 1)
    return F.cross_entropy(logits, torch.zeros(len(seen), dtype=torch.long))


def train(head: ProjectionHead, heard: HeardSounds, scaling: Scaling, goal: Goal, options: argparse.Namespace) -> dict[str, Tensor]:
    """The weights of `audio`, averaged, for scaled states."""
    random, rows, queue = np.random.default_rng(options.seed), np.flatnonzero(~heard.dev), []
    wanted = goal.directions()
    # A new clip strays in every dimension; only those in which kinds differ are left to it.
    span = torch.linalg.pinv(wanted) @ wanted
    learned = [p for name, p in head.named_parameters() if name.startswith(AUDIO)]
    optimizer = torch.optim.AdamW(learned, lr=options.rate, weight_decay=0.05, betas=(0.9, 0.98))
    average = Average(head, 0.98)
    for step in range(options.steps):
        while len(queue) < options.batch:
            queue.extend(random.permutation(rows).tolist())
        states, shares = heard.training(np.array([queue.pop() for _ in range(options.batch)]), options.tokens, random)
        head.train()
        clips = head("audio", scaling(states), torch.ones(len(states), options.tokens, dtype=torch.bool))
        said = torch.stack([vectors[random.integers(len(vectors))] for vectors in goal.phrases])
        loss = F.cross_entropy(options.scale * clips @ said.T, shares, label_smoothing=0.1)
        loss = loss + options.near * (1 - (clips * (shares @ wanted)).sum(1)).mean()
        loss = loss + options.photos * photo_loss(clips, shares.argmax(1), goal, options, random)
        for group in optimizer.param_groups:
            group["lr"] = options.rate * min((step + 1) / 30, 1 - step / options.steps)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if not options.free:
            with torch.no_grad():
                for parameter in head.projections["audio"].parameters():
                    parameter.copy_(span @ parameter)
        average.update(head)
        if (step + 1) % 50 == 0:
            print(f"step {step + 1}: loss {loss.item():.3f}", flush=True)
    return {name: tensor for name, tensor in average.weights.items() if name.startswith(AUDIO)}


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--work", type=Path, required=True, help="folder with the states of `training.sound_states`, towers.safetensors and the component space")
    parser.add_argument("--photo-tokens", type=Path, help="folder with the photos' tokens; left out: WORK")
    parser.add_argument("--states", type=int, nargs="+", default=[1, 2, 3], help="hidden states that the input reads")
    parser.add_argument("--layers", type=int, default=0, help="transformer layers over the tokens")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--batch", type=int, default=48)
    parser.add_argument("--tokens", type=int, default=40)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--dropout", type=float, default=0.3)
    parser.add_argument("--scale", type=float, default=20)
    parser.add_argument("--near", type=float, default=3.0, help="weight of the distance to the kind's direction")
    parser.add_argument("--photos", type=float, default=0.5, help="weight of the loss over photos")
    parser.add_argument("--free", action="store_true", help="clips may leave the span of the kinds' directions")
    parser.add_argument("--negatives", type=int, default=256)
    parser.add_argument("--dry", action="store_true", help="print the figures, write nothing")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def main() -> None:
    options = read_options()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    data, work = options.data, options.work
    heard = HeardSounds(data, work, options.states)
    config, weights = load_component(work, "space")
    config["inputs"] = {name: given for name, given in config["inputs"].items() if name != "audio"}
    source = {"tower": "audio", "hidden_states": options.states, "pooling": "mean_deviation"}
    config["inputs"]["audio"] = source | ({"layers": options.layers} if options.layers else {})
    weights = {name: tensor for name, tensor in weights.items() if not name.startswith(AUDIO)}
    head = ProjectionHead(config, WIDTHS, options.dropout)
    head.load_state_dict(weights, strict=False)
    head.eval()

    photos = {split: read_photos(data, split) for split in ("train", "dev")}
    said = [captions_naming(kind, photos["train"], MOST_CAPTIONS) for kind in heard.kinds]
    texts = text_vectors(head, work, [text for kind, captions in zip(heard.kinds, said) for text in (*PHRASES[kind], kind, *captions)])
    shows = naming(heard.kinds, photos["train"]).any(0).tolist()
    photos["train"] = [photo for place, photo in enumerate(photos["train"]) if shows[place] or place % OTHERS == 0]
    vectors = {split: photo_vectors(head, data, options.photo_tokens or work, split, photos[split]) for split in photos}
    shown = {split: naming(heard.kinds, photos[split])[:, vectors[split].known] for split in photos}
    seen = {split: vectors[split].values[vectors[split].known] for split in photos}
    print(f"photos: {len(seen['train'])} train, {len(seen['dev'])} dev", flush=True)

    goal = Goal(
        [torch.stack([texts[text] for text in trained_phrases(kind)]) for kind in heard.kinds],
        [torch.stack([texts[text] for text in captions]) if captions else torch.zeros(0, config["dimensions"]) for captions in said],
        seen["train"], shown["train"],
    )
    scaling = heard.scaling(np.flatnonzero(~heard.dev))
    trained = weights | scaling.into(train(head, heard, scaling, goal, options), "inputs.audio.projection")
    head.load_state_dict(trained, strict=False)
    head.eval()
    dev = np.flatnonzero(heard.dev)
    with torch.no_grad():
        clips = head("audio", *heard.whole(dev))
    asked = torch.stack([texts[held_out_phrase(kind)] for kind in heard.kinds])
    print_figures(figures_of(heard.kinds, clips, heard.labels[dev], asked, Shown(seen["dev"], shown["dev"])))
    print("if every clip lay in its kind's direction:")
    ideal = goal.directions()[torch.from_numpy(heard.labels[dev])]
    print_figures(figures_of(heard.kinds, ideal, heard.labels[dev], asked, Shown(seen["dev"], shown["dev"])))
    if not options.dry:
        save_component(work, "space", "head", config, trained)


if __name__ == "__main__":
    main()
