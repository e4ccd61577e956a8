"""Step 15. Trains the image side of the space: photos, their halves and their sketches find each other.

The tower is frozen and the text input stays as it is shipped, so texts (and sounds) keep their vectors. The input `image`
starts as the shipped one and pools mean and deviation; `sketch` is an input of its own over the same tower. Losses:

    order    cosines of photos with texts stay what they were, up to one factor (crossview.kept_order)
    halves   two halves of a photo, which share no pixel, among the halves of other photos
    part     a half and its whole photo
    sketch   a sketch and its photo

Tokens are cached (extract --views train.original train.half0 train.half1 train.sketch0 …); photos that lack a view do
without it. The schedule runs on the clock and the run goes on from its last state. Writes the component `space`.
"""

import argparse
from copy import deepcopy
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .sensorium.checkpoint import part, read
from .sensorium.component import save_component
from .sensorium.correlation import common
from .sensorium.crossview import contrast, found, kept_order
from .sensorium.data import CAPTION_SETS, QUESTION_SETS, read_photos
from .sensorium.fusion import Input, ProjectionHead
from .sensorium.matching import recalls
from .sensorium.reduced import Placed, Summaries
from .sensorium.regrouping import moments_of, regrouped, turned, waves_of_runs
from .sensorium.run import Run, parameter_groups
from .sensorium.spaces import space_head
from .sensorium.text_vectors import TextVectors, every_caption
from .sensorium.tokens import SHAPE, cache_path

STRENGTH = 4.0  # of the waves at first; channels have variance 1, so that deviations are nearly linear in what they show
COMMON = 64  # axes of the space, of 256, along which photos first get what they share with sketches
CAPTIONS = 4000  # whose vectors say what matters to texts


def configuration(shipped: dict) -> dict:
    """The shipped space, its image input with more pooling and the input `sketch` beside it. Ends the program for a space that has
    them already."""
    if "sketch" in shipped["inputs"]:
        raise SystemExit("The checkpoint's space has learned from sketches already: give --checkpoint one from before (README.md says where it is).")
    image = shipped["inputs"]["image"] | {"pooling": "mean_deviation"}
    sketch = {"tower": "image", "positions": SHAPE[0], "pooling": "mean_deviation"}
    others = {name: value for name, value in shipped["inputs"].items() if name not in ("image", "sketch")}
    views = {"head": "view", "inputs": {"photo": "image", "sketch": "sketch"}}
    return shipped | {"inputs": {"image": image, **others, "sketch": sketch}, "views": views}


class Pictures(nn.Module):
    """What learns, positions and last projections of the two inputs, and the temperatures of the losses, which are not served."""

    def __init__(self, before: ProjectionHead):
        super().__init__()
        image, projection = before.inputs["image"], before.projections["image"]
        self.width, dimensions = image.projection.out_features, projection.out_features
        waves = STRENGTH * waves_of_runs(self.width)
        self.placed, self.sketch_placed = (Placed(torch.zeros(self.width), waves) for _ in range(2))
        self.projection, self.sketch_projection = nn.Linear(2 * self.width, dimensions), nn.Linear(2 * self.width, dimensions)
        self.scales = nn.Parameter(torch.full((3,), 20.0).log())
        with torch.no_grad():
            self.projection.weight.zero_()
            self.projection.weight[:, : self.width] = projection.weight
            self.projection.bias.copy_(projection.bias)

    @torch.no_grad()
    def begin(self, photos: Tensor, sketches: Tensor, texts: Tensor, share: float) -> None:
        """From what photos and their sketches have in common: along the axes that texts use least, a part of the vector, `share`
        times as long as what was there before."""
        features = self.placed(photos), self.sketch_placed(sketches)
        length = self.projection(features[0]).norm(dim=1).mean()
        unseen = torch.linalg.eigh(texts.T @ texts)[1][:, :COMMON]
        # What was along these axes would be noise to sketches.
        self.projection.weight -= unseen @ unseen.T @ self.projection.weight
        self.projection.bias -= unseen @ unseen.T @ self.projection.bias
        self.sketch_projection.weight.zero_()
        self.sketch_projection.bias.zero_()
        for projection, x, to_common in zip((self.projection, self.sketch_projection), features, common(*features, COMMON)):
            to_common = to_common * share * length / ((x - x.mean(0)) @ to_common).norm(dim=1).mean()
            projection.weight += unseen @ to_common.T
            projection.bias -= unseen @ to_common.T @ x.mean(0)

    def scale(self, index: int) -> Tensor:
        return self.scales[index].clamp(max=4.6).exp()

    def images(self, summaries: Tensor, mirrored: bool = False) -> Tensor:
        return F.normalize(self.projection(self.placed(summaries, mirrored)), dim=1)

    def sketches(self, summaries: Tensor, mirrored: bool = False, dropout: float = 0.0) -> Tensor:
        return F.normalize(self.sketch_projection(F.dropout(self.sketch_placed(summaries, mirrored), dropout)), dim=1)

    @torch.no_grad()
    def between(self, before: nn.Linear, share: float) -> "Pictures":
        """With the projection of photos `share` of the way from the shipped one (Wortsman 2022): less for sketches, more for texts."""
        weight = F.pad(before.weight, (0, before.in_features))
        self.projection.weight.copy_(weight + share * (self.projection.weight - weight))
        self.projection.bias.copy_(before.bias + share * (self.projection.bias - before.bias))
        return self

    @torch.no_grad()
    def weights(self, shipped: dict[str, Tensor], adapters: dict[str, Input]) -> dict[str, Tensor]:
        """Those of the space: the shipped ones, and in their places what has learned. `adapters`: of photos and of sketches."""
        weights = {name: tensor for name, tensor in shipped.items() if not name.startswith("composition.") and name != "concepts"}
        for name, placed, projection in (("image", self.placed, self.projection), ("sketch", self.sketch_placed, self.sketch_projection)):
            for part_name in ("projection", "norm"):
                weights |= {f"inputs.{name}.{part_name}.{key}": tensor.clone() for key, tensor in getattr(adapters[name], part_name).state_dict().items()}
            weights[f"inputs.{name}.positions"] = placed.positions()
            weights |= {f"projections.{name}.{key}": tensor.clone() for key, tensor in projection.state_dict().items()}
        return weights


def regrouped_heads(work: Path, folder: str, before: ProjectionHead) -> dict[str, ProjectionHead]:
    """The shipped input in channels that suit photos, and in channels that suit sketches."""
    heads = {}
    for name, view in (("image", "original"), ("sketch", "sketch0")):
        file = work / f"turn-{name}.pt"
        if not file.exists():
            seen = Summaries(work, folder, "train", view, before.inputs["image"], "shipped")
            torch.save(turned(moments_of(before, seen.rows(np.flatnonzero(seen.there)))), file)
        heads[name] = regrouped(deepcopy(before), torch.load(file))
    return heads


def known_captions(texts: TextVectors, data: Path, sets: list[str]) -> Tensor:
    """Vectors of a caption of each training photo."""
    folders = tuple(folder for folder in sets if folder in CAPTION_SETS)
    return texts.of([photo.captions[0] for photo in read_photos(data, "train", folders)][:CAPTIONS])


@torch.no_grad()
def shipped_vectors(before: ProjectionHead, summaries: Tensor) -> Tensor:
    """What the shipped input, regrouped, makes of photos: [b, 17, 384] to [b, dimensions]."""
    return F.normalize(before.projections["image"](summaries[:, 0]), dim=1)


def beyond(queries: Tensor, items: Tensor, bank: Tensor, batch: np.ndarray, scale: Tensor) -> Tensor:
    """Cross-entropy of each query's own item among all photos, the others as they were when they were last seen."""
    logits = scale * queries @ bank.T
    rows = torch.from_numpy(batch)
    logits[torch.arange(len(rows)), rows] = scale * (queries * items).sum(1)
    return F.cross_entropy(logits, rows)


def summaries_of(work: Path, folder: str, split: str, view: str, heads: dict[str, ProjectionHead]) -> Summaries:
    name = "sketch" if view.startswith("sketch") else "image"
    return Summaries(work, folder, split, view, heads[name].inputs["image"], name)


class Library:
    """The training photos that have a sketch, over several sets: their summaries by their numbers."""

    def __init__(self, work: Path, folders: list[str], heads: dict[str, ProjectionHead]):
        self.photos: list[tuple[int, int]] = []  # set, row
        self.views: list[dict[str, Summaries]] = []
        vectors, halved = [], []
        for place, folder in enumerate(folders):
            files = sorted(work.glob(cache_path(work, folder, "train", "*").with_suffix(".*").name))
            names = [name for name in dict.fromkeys(file.name.split(".")[2] for file in files) if name == "original" or name.startswith(("half", "sketch"))]
            views = {name: summaries_of(work, folder, "train", name, heads) for name in names}
            self.views.append(views)
            rows = np.flatnonzero(views["original"].there & views["sketch0"].there)
            self.photos += [(place, row) for row in rows]
            vectors += [shipped_vectors(heads["image"], views["original"].rows(rows[i : i + 512])) for i in range(0, len(rows), 512)]
            halved.append((views["half0"].there & views["half1"].there)[rows] if "half1" in views else np.zeros(len(rows), bool))
        self.before, self.halved = torch.cat(vectors), np.concatenate(halved)

    def rows(self, photos: np.ndarray, names: list[str]) -> Tensor:
        chosen = [(self.photos[photo], name) for photo, name in zip(photos, names)]
        return torch.stack([self.views[place][name].values[row] for (place, row), name in chosen]).float()

    def originals(self, photos: np.ndarray) -> Tensor:
        return self.rows(photos, ["original"] * len(photos))

    def halves(self, photos: np.ndarray, side: int) -> Tensor:
        return self.rows(photos, [f"half{side}"] * len(photos))

    def sketches(self, photos: np.ndarray, random: np.random.Generator) -> Tensor:
        """A random one of each photo's."""
        names = []
        for photo in photos:
            place, row = self.photos[photo]
            there = [name for name, view in self.views[place].items() if name.startswith("sketch") and view.there[row]]
            names.append(there[random.integers(len(there))])
        return self.rows(photos, names)


class Dev:
    """The dev figures of Flickr8k: text to image, halves, sketches."""

    COLUMNS = ["t2i R@1", "t2i R@10", "i2t R@1", "halves R@1", "half R@1", "sketch R@1", "sketch R@10"]

    def __init__(self, data: Path, work: Path, texts: TextVectors, heads: dict[str, ProjectionHead]):
        photos = read_photos(data, "dev", ("flickr8k",))
        self.texts, self.photo_of = texts.of(every_caption(photos)), torch.tensor([row for row, photo in enumerate(photos) for _ in photo.captions])
        self.views = {view: summaries_of(work, "flickr8k", "dev", view, heads) for view in ("original", "left", "right", "sketch")}

    @torch.no_grad()
    def figures(self, network: Pictures) -> dict[str, float]:
        vectors = {}
        for view, seen in self.views.items():
            vectors[view] = (network.sketches if view == "sketch" else network.images)(seen.values.float())
        result = recalls(vectors["original"], self.texts, self.photo_of)
        result |= {f"halves {k}": v for k, v in found(vectors["left"], vectors["right"]).items()}
        result |= {f"half {k}": v for k, v in found(vectors["left"], vectors["original"]).items()}
        result |= {f"sketch {k}": v for k, v in found(vectors["sketch"], vectors["original"]).items()}
        return {name: result[name] for name in self.COLUMNS}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--work", type=Path, required=True, help="folder with tokens")
    parser.add_argument("--checkpoint", type=Path, default=Path("sensorium-base"), help="whose space is trained on")
    parser.add_argument("--run", default="pictures", help="folder in WORK for the run")
    parser.add_argument("--sets", nargs="*", default=["flickr8k"], choices=dict.fromkeys(CAPTION_SETS + QUESTION_SETS))
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--every", type=float, default=4, help="minutes between validations")
    parser.add_argument("--batch", type=int, default=192, help="photos with sketches")
    parser.add_argument("--halves", type=int, default=256, help="photos with halves in a step")
    parser.add_argument("--order", type=float, default=60.0, help="weight of the loss `order`")
    parser.add_argument("--half", type=float, default=0.5, help="weight of the losses `halves` and `part`")
    parser.add_argument("--rate", type=float, default=6e-4)
    parser.add_argument("--slower", type=float, default=0.1, help="share of the rate for the projection of photos")
    parser.add_argument("--between", type=float, default=0.7, help="what is shown and kept: so far from the shipped projection of photos to the trained one")
    parser.add_argument("--share", type=float, default=1.0, help="length of a photo's part in common with sketches at first, of the rest's")
    parser.add_argument("--dropout", type=float, default=0.0, help="of what the input `sketch` pools")
    parser.add_argument("--decay", type=float, default=0.98)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    data, work = arguments.data, arguments.work
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    random = np.random.default_rng(arguments.seed)

    config, tensors = read(arguments.checkpoint)
    shipped_config, shipped = config["heads"]["space"], part(tensors, "space")
    before = space_head(shipped_config, shipped, "image")
    config = configuration(shipped_config)
    heads = regrouped_heads(work, arguments.sets[0], before)
    library = Library(work, arguments.sets, heads)
    dev = Dev(data, work, TextVectors(arguments.checkpoint, work), heads)
    captions = known_captions(TextVectors(arguments.checkpoint, work), data, arguments.sets)
    network = Pictures(heads["image"])
    if not (work / arguments.run / "state.pt").exists():
        everything = np.arange(len(library.photos))
        network.begin(library.originals(everything), library.sketches(everything, random), captions, arguments.share)
    groups = parameter_groups(network, arguments.rate, ("projection.",), arguments.slower)
    run = Run(work / arguments.run, network, groups, Dev.COLUMNS, arguments.minutes, arguments.rate, arguments.decay, warmup=30)
    print(f"{sum(p.numel() for p in network.parameters()) / 1e6:.2f} M parameters, {len(library.photos)} photos, {library.halved.sum()} with halves")

    def check() -> None:
        averaged = run.averaged().between(heads["image"].projections["image"], arguments.between)
        run.figures(**dev.figures(averaged))
        weights = averaged.weights(shipped, {name: head.inputs["image"] for name, head in heads.items()})
        save_component(run.folder, "space", "head", config, weights)
        run.save()

    check()
    checked = run.spent
    bank = library.before.clone()
    while not run.over:
        order = random.permutation(len(library.photos))
        for start in range(0, len(order) - arguments.batch + 1, arguments.batch):
            batch = order[start : start + arguments.batch]
            halved = random.permutation(np.flatnonzero(library.halved))[: arguments.halves]
            network.train()
            mirrored = bool(random.random() < 0.5)
            images = network.images(library.originals(batch), mirrored)
            sketches = network.sketches(library.sketches(batch, random), mirrored, arguments.dropout)
            bank[batch] = images.detach()
            losses = {"order": arguments.order * kept_order(images, library.before[batch], captions)}
            losses["sketch"] = contrast(sketches, images, network.scale(0)) + beyond(sketches, images, bank, batch, network.scale(0))
            if len(halved):
                first, second = (network.images(library.halves(halved, side), mirrored) for side in (0, 1))
                wholes = network.images(library.originals(halved), mirrored)
                losses["halves"] = arguments.half * contrast(first, second, network.scale(1))
                losses["part"] = arguments.half / 2 * (contrast(first, wholes, network.scale(2)) + contrast(second, wholes, network.scale(2)))
            run.learn(sum(losses.values()))
            if run.step % 50 == 0:
                print("  ".join(f"{name} {value.item():.3f}" for name, value in losses.items()), flush=True)
            if run.over:
                break
            if run.spent - checked > 60 * arguments.every:
                checked = run.spent
                check()
    check()


if __name__ == "__main__":
    main()
