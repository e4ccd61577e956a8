"""Trains the emotion head over face, voice and text: the three inputs by themselves first, then what fuses them.

Inputs: the face's is trained here on the votes of FER+, the voice's and the text's come from `training.voice` and
`training.text`. The fusion is trained on triples of the same label across sets (`sensorium/triples.py`), from which whole
parts are dropped, and on each set by itself. All fusion types of `sensorium/fusion.py` are scored on the same dev triples.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from sklearn.metrics import f1_score
from torch import Tensor

from .sensorium.clips import smoothed
from .sensorium.component import load_component, save_component
from .sensorium.emotion import CROSS_ATTENTION, INPUTS, WIDTHS, configuration, of_input, single
from .sensorium.emotions import EMOTIONS, read_goemotions
from .sensorium.fitting import fit
from .sensorium.fusion import ClassifierHead
from .sensorium.progress import save_head
from .sensorium.triples import DEV_TRIPLES, PARTS, SUBSETS, Examples, draw_triples

FUSIONS = {
    "late, mean": {"type": "late", "late": "mean"},
    "late, vote": {"type": "late", "late": "vote"},
    "late, weighted": {"type": "late", "late": "weighted"},
    "weighted_sum": {"type": "weighted_sum"},
    "concat": {"type": "concat"},
    "cross_attention": CROSS_ATTENTION,
    "hybrid": CROSS_ATTENTION | {"type": "hybrid"},
}


def train_face(train: Examples, dev: Examples, seed: int, device: str) -> dict[str, Tensor]:
    """`inputs.image` and `alone.image`."""
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    usable = np.flatnonzero(train.votes.sum(1) > 0)
    votes = torch.from_numpy(train.votes).to(device)
    counted = np.flatnonzero(dev.labels["image"] >= 0)

    def batch_of(step: int):
        places = random.choice(usable, 256)
        x = train.face_tokens(places, random)
        return {"image": x}, {"image": torch.ones(x.shape[:2], dtype=torch.bool)}, votes[places]

    @torch.no_grad()
    def report(step: int, loss: float, head: ClassifierHead) -> None:
        given = []
        for places in np.array_split(counted, 8):
            x, mask = dev.whole("image", places)
            given.append(head({"image": x}, {"image": mask})[1]["image"].argmax(1).cpu().numpy())
        right = np.concatenate(given) == dev.labels["image"][counted]
        print(f"face, step {step}: loss {loss:.3f}, dev accuracy {right.mean():.4f}", flush=True)

    head = fit(single("image", 0.3).to(device), batch_of, 600, 1e-3, weight_decay=0.05, every=200, report=report)
    return of_input(head.cpu().state_dict(), "image")


class FusionBatches:
    """Rows of triples, of which parts are dropped, and rows of one set in its own shares of labels."""

    def __init__(self, examples: Examples, options: argparse.Namespace, random: np.random.Generator):
        self.examples, self.batch, self.tokens, self.pieces, self.random = examples, options.batch, options.tokens, options.pieces, random
        self.doubt = options.doubt
        self.of_label = {
            part: [np.flatnonzero(labels == label) for label in range(len(EMOTIONS))] for part, labels in examples.labels.items()
        }
        short = examples.texts.lengths <= options.pieces
        self.of_label["text"] = [places[short[places]] for places in self.of_label["text"]]
        # By itself a part comes in its set's own shares of labels; of the texts only some of each label are here.
        own = {part: np.bincount(labels[labels >= 0], minlength=len(EMOTIONS)) for part, labels in examples.labels.items()}
        own["text"] = np.bincount([line.emotion for line in read_goemotions(options.data, "train")])
        self.own = {part: counts / counts.sum() for part, counts in own.items()}

    def voices(self, places: np.ndarray) -> Tensor:
        """The tower was tuned on these clips and is hardly ever wrong about them: up to a share of `doubt` of another voice is
        mixed in, so that the fusion does not learn to listen to the voice alone."""
        x = self.examples.clip_parts(places, self.tokens, self.random)
        share = torch.from_numpy(self.random.uniform(0, self.doubt, (len(x), 1, 1, 1))).float().to(x.device)
        order = torch.from_numpy(self.random.permutation(len(x))).to(x.device)
        return (1 - share) * x + share * x[order]

    def __call__(self, step: int):
        random, b = self.random, self.batch
        subsets = random.choice(len(SUBSETS), b, p=[0.12, 0.12, 0.2, 0.1, 0.1, 0.1, 0.26])
        labels = random.integers(len(EMOTIONS), size=b)
        places = {part: np.array([random.choice(self.of_label[part][label]) for label in labels]) for part in PARTS}
        shares = smoothed(labels, len(EMOTIONS), 0.1)
        for row, subset in enumerate(subsets):
            if len(SUBSETS[subset]) == 1:
                part = SUBSETS[subset][0]
                place = random.choice(self.of_label[part][random.choice(len(EMOTIONS), p=self.own[part])])
                places[part][row] = place
                if part == "image":
                    shares[row] = torch.from_numpy(self.examples.votes[place])
                else:
                    shares[row] = smoothed([self.examples.labels[part][place]], len(EMOTIONS), 0.1)[0]
        there = {part: torch.tensor([part in SUBSETS[subset] for subset in subsets])[:, None] for part in PARTS}
        text, mask = self.examples.whole("text", places["text"])
        tokens = {
            "image": self.examples.face_tokens(places["image"], random),
            "audio": self.voices(places["audio"]), "text": text,
        }
        there = {part: mark.to(text.device) for part, mark in there.items()}
        masks = {
            "image": there["image"].expand(-1, tokens["image"].shape[1]), "audio": there["audio"].expand(-1, self.tokens),
            "text": there["text"] & mask,
        }
        return tokens, masks, shares


@torch.no_grad()
def scores(head: ClassifierHead, dev: Examples, each: int) -> dict[str, float]:
    """Accuracy on the dev triples for every subset, through the fused answer."""
    triples, labels = draw_triples(dev.labels, each, 0)
    right = dict.fromkeys(SUBSETS, 0)
    for rows in np.array_split(np.arange(len(triples)), len(triples) // 32):
        parts = {part: dev.whole(part, triples[rows, place]) for place, part in enumerate(PARTS)}
        for subset in SUBSETS:
            masks = {part: mask & (part in subset) for part, (_, mask) in parts.items()}
            logits, _ = head({part: tokens for part, (tokens, _) in parts.items()}, masks)
            right[subset] += int((logits.argmax(1).cpu().numpy() == labels[rows]).sum())
    return {" + ".join(subset): count / len(triples) for subset, count in right.items()}


@torch.no_grad()
def own_scores(head: ClassifierHead, dev: Examples) -> dict[str, float]:
    """The figures of each set by itself, through the fused answer of that part alone."""

    def answers(part: str, places: np.ndarray) -> np.ndarray:
        given = np.zeros(len(places), int)
        for rows in np.array_split(np.arange(len(places)), max(1, len(places) // 64)):
            tokens, mask = dev.whole(part, places[rows])
            absent = {name: dev.whole(name, np.zeros(len(rows), int)) for name in PARTS if name != part}
            nothing = {name: (other[..., :1, :], mark[:, :1]) for name, (other, mark) in absent.items()}
            logits, _ = head(
                {part: tokens} | {name: other for name, (other, _) in nothing.items()},
                {part: mask} | {name: torch.zeros_like(other) for name, (_, other) in nothing.items()},
            )
            given[rows] = logits.argmax(1).cpu().numpy()
        return given

    faces = np.flatnonzero(dev.labels["image"] >= 0)
    texts = np.argsort(dev.texts.lengths, kind="stable")
    clips = np.arange(len(dev.clips))
    return {
        "FER+ accuracy": float((answers("image", faces) == dev.labels["image"][faces]).mean()),
        "RAVDESS accuracy": float((answers("audio", clips) == dev.labels["audio"]).mean()),
        "GoEmotions macro-F1": float(f1_score(dev.labels["text"][texts], answers("text", texts), average="macro")),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--work", type=Path, required=True, help="folder with the tokens; the runs go into its `emotion`")
    parser.add_argument("--fusion", action="append", choices=list(FUSIONS), help="which to train and score; left out: all")
    parser.add_argument("--ship", choices=list(FUSIONS), help="the one that becomes the component")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--batch", type=int, default=48)
    parser.add_argument("--triples", type=int, default=DEV_TRIPLES, help="dev triples of a label to score on")
    parser.add_argument("--tokens", type=int, default=24, help="tokens of a clip that a step sees")
    parser.add_argument("--doubt", type=float, default=0.6, help="most of another voice that is mixed into a voice")
    parser.add_argument("--pieces", type=int, default=24, help="longest text in word pieces that the fusion is trained on")
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--dropout", type=float, default=0.2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    run = arguments.work / "emotion"
    run.mkdir(exist_ok=True)
    device = arguments.device
    train, dev = (Examples(arguments.data, arguments.work, split, device) for split in ("train", "dev"))

    inputs = {}
    for part, folder in (("audio", arguments.work / "voice"), ("text", arguments.work)):
        config, weights = load_component(folder, f"emotion-{part}")
        INPUTS[part] = config["inputs"][part]
        inputs |= of_input(weights, part)
    inputs_file = run / "face.safetensors"
    if not inputs_file.exists():
        save_head(inputs_file, train_face(train, dev, arguments.seed, device))
    inputs |= load_file(inputs_file)

    table_file = run / "table.json"
    table = json.loads(table_file.read_text()) if table_file.exists() else {}
    for name in arguments.fusion or FUSIONS:
        torch.manual_seed(arguments.seed)
        config = configuration(list(PARTS), FUSIONS[name])
        head = ClassifierHead(config, WIDTHS, arguments.dropout)
        head.load_state_dict(inputs, strict=False)
        head.to(device)
        if name not in ("late, mean", "late, vote"):
            batches = FusionBatches(train, arguments, np.random.default_rng(arguments.seed))
            say = lambda step, loss, _: print(f"{name}, step {step}: loss {loss:.3f}", flush=True)  # noqa: E731
            head = fit(
                head, batches, arguments.steps, arguments.rate, decay=0.98, weight_decay=0.05, every=100, report=say,
                trained=lambda parameter: not parameter.startswith(("inputs.", "alone.")),
            )
        table[name] = scores(head.eval(), dev, arguments.triples) | (own_scores(head, dev) if name == arguments.ship else {})
        print(name, {key: round(value, 4) for key, value in table[name].items()}, flush=True)
        table_file.write_text(json.dumps(table, indent=1))
        save_head(run / f"{name.replace(', ', '-')}.safetensors", head.cpu().state_dict())
    if arguments.ship:
        weights = load_file(run / f"{arguments.ship.replace(', ', '-')}.safetensors")
        save_component(arguments.work, "emotion", "head", configuration(list(PARTS), FUSIONS[arguments.ship]), weights)


if __name__ == "__main__":
    main()
