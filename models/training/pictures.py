"""Step 14. Trains the image side of the space: photos, their halves and their sketches find each other.

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
import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .sensorium.checkpoint import part, read
from .sensorium.component import save_component
from .sensorium.crossview import contrast, found, kept_order
from .sensorium.data import CAPTION_SETS, QUESTION_SETS, read_photos
from .sensorium.fusion import ProjectionHead
from .sensorium.matching import recalls
from .sensorium.progress import save_head
from .sensorium.reduced import Positions, Reduced, principal_axes, settled
from .sensorium.run import Run, parameter_groups
from .sensorium.spaces import PLAIN, space_head, vectors_of
from .sensorium.text_vectors import TextVectors, every_caption
from .sensorium.tokens import SHAPE, View, cache_path

SIDE = 9  # tokens of a row
WIDTH = 384
AXES = 448  # of sketches' tokens
SAMPLE = 600  # sketches that choose them
CAPTIONS = 4000  # whose vectors say what matters to texts


def waves(width: int, generator: torch.Generator) -> Tensor:
    """[81, width]: of each channel a slow wave over the places, of mean 0 and deviation 1.

    A deviation pools x + positions: var(x + p) = var(x) + 2 cov(x, p) + var(p), so it tells where in the photo x is large.
    """
    place = (torch.arange(SIDE) + 0.5) / SIDE
    result = []
    for _ in range(width):
        u, v = divmod(int(torch.randint(1, 16, (), generator=generator)), 4)
        wave = (torch.cos(math.pi * u * place)[:, None] * torch.cos(math.pi * v * place)[None]).flatten()
        result.append((wave - wave.mean()) / wave.std())
    return torch.stack(result, 1)


def configuration(shipped: dict, sketch_layers: int) -> dict:
    """The shipped space, its image input with more pooling and the input `sketch` beside it."""
    image = shipped["inputs"]["image"] | {"pooling": "mean_deviation"}
    sketch = {"tower": "image", "positions": SHAPE[0], "layers": sketch_layers, "pooling": "mean_deviation"}
    others = {name: value for name, value in shipped["inputs"].items() if name not in ("image", "sketch")}
    views = {"head": "view", "inputs": {"photo": "image", "sketch": "sketch"}}
    return shipped | {"inputs": {"image": image, **others, "sketch": sketch}, "views": views}


class Pictures(nn.Module):
    """The two inputs and the temperatures of their losses, which are not served."""

    def __init__(self, head: ProjectionHead):
        super().__init__()
        self.head = head
        self.scales = nn.Parameter(torch.full((3,), 20.0).log())

    def scale(self, index: int) -> Tensor:
        return self.scales[index].clamp(max=4.6).exp()


@torch.no_grad()
def begin(head: ProjectionHead, before: ProjectionHead, seed: int) -> None:
    """`image` as it was, its deviations without any weight and its projection settled; both with waves as positions."""
    generator = torch.Generator().manual_seed(seed)
    image, projection = before.inputs["image"], head.projections["image"]
    width = image.projection.out_features
    head.inputs["image"] = Positions(image.positions + waves(width, generator) * image.norm.weight.abs())
    projection.weight.zero_()
    projection.weight[:, :width] = before.projections["image"].weight
    projection.bias.copy_(before.projections["image"].bias)
    head.inputs["sketch"].positions.copy_(waves(width, generator))


class Caches:
    """Reduced tokens of the views: of photos what the shipped projection makes of them, of sketches their `axes`."""

    def __init__(self, data: Path, work: Path, folder: str, before: ProjectionHead):
        self.work = work
        if not (work / "axes.pt").exists():
            seen = View(work, folder, "train", "sketch0")
            rows = np.flatnonzero(seen.there)
            torch.save(principal_axes(seen.rows(rows[:: max(1, len(rows) // SAMPLE)]).flatten(0, 1), AXES), work / "axes.pt")
        self.axes = torch.load(work / "axes.pt")
        self.settled = settled(before.inputs["image"])

    def view(self, folder: str, split: str, name: str) -> Reduced:
        if name.startswith("sketch"):
            return Reduced(self.work, folder, split, name, lambda tokens: tokens @ self.axes, self.axes.shape[1], "sketch")
        return Reduced(self.work, folder, split, name, self.settled, WIDTH, "image")


def known_captions(texts: TextVectors, data: Path, sets: list[str]) -> Tensor:
    """Vectors of a caption of each training photo."""
    folders = tuple(folder for folder in sets if folder in CAPTION_SETS)
    return texts.of([photo.captions[0] for photo in read_photos(data, "train", folders)][:CAPTIONS])


@torch.no_grad()
def settled_vectors(before: ProjectionHead, tokens: Tensor) -> Tensor:
    """Of photos whose tokens its image input has seen but for positions: [b, 81, 384] to [b, dimensions]."""
    return F.normalize(before.projections["image"]((tokens + before.inputs["image"].positions).mean(1)), dim=1)


def whole(head: ProjectionHead, shipped: dict[str, Tensor], axes: Tensor) -> dict[str, Tensor]:
    """The weights of the space: the shipped ones, and in their places what has learned, for whole tokens."""
    weights = {name: tensor for name, tensor in shipped.items() if not name.startswith("composition.") and name != "concepts"}
    weights |= {name: tensor.detach().clone() for name, tensor in head.state_dict().items()}
    weights["inputs.sketch.projection.weight"] = weights["inputs.sketch.projection.weight"] @ axes.T
    return weights


def given(head: ProjectionHead, name: str, tokens: Tensor) -> Tensor:
    return head(name, tokens, torch.ones(tokens.shape[:2], dtype=torch.bool))


def mirror(tokens: Tensor) -> Tensor:
    """Tokens [b, 81, k] with left and right exchanged: nearly those of the mirror image."""
    return tokens.unflatten(1, (SIDE, SIDE)).flip(2).flatten(1, 2)


def beyond(queries: Tensor, items: Tensor, bank: Tensor, batch: np.ndarray, scale: Tensor) -> Tensor:
    """Cross-entropy of each query's own item among all photos, the others as they were when they were last seen."""
    logits = scale * queries @ bank.T
    rows = torch.from_numpy(batch)
    logits[torch.arange(len(rows)), rows] = scale * (queries * items).sum(1)
    return F.cross_entropy(logits, rows)


class Library:
    """The training photos that have a sketch, over several sets: their reduced tokens by their numbers."""

    def __init__(self, caches: Caches, folders: list[str], before: ProjectionHead):
        self.photos: list[tuple[int, int]] = []  # set, row
        self.views: list[dict[str, Reduced]] = []
        vectors, halved = [], []
        for place, folder in enumerate(folders):
            files = sorted(caches.work.glob(cache_path(caches.work, folder, "train", "*").with_suffix(".*").name))
            names = [name for name in dict.fromkeys(file.name.split(".")[2] for file in files) if name == "original" or name.startswith(("half", "sketch"))]
            views = {name: caches.view(folder, "train", name) for name in names}
            self.views.append(views)
            rows = np.flatnonzero(views["original"].there & views["sketch0"].there)
            self.photos += [(place, row) for row in rows]
            vectors += [settled_vectors(before, views["original"].rows(rows[i : i + 64])) for i in range(0, len(rows), 64)]
            halved.append((views["half0"].there & views["half1"].there)[rows] if "half1" in views else np.zeros(len(rows), bool))
        self.before, self.halved = torch.cat(vectors), np.concatenate(halved)

    def rows(self, photos: np.ndarray, names: list[str]) -> Tensor:
        chosen = [(self.photos[photo], name) for photo, name in zip(photos, names)]
        return torch.from_numpy(np.stack([self.views[place][name].tokens[row] for (place, row), name in chosen]).astype(np.float32))

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

    def __init__(self, data: Path, caches: Caches, texts: TextVectors):
        photos = read_photos(data, "dev", ("flickr8k",))
        self.texts, self.photo_of = texts.of(every_caption(photos)), torch.tensor([row for row, photo in enumerate(photos) for _ in photo.captions])
        inputs = {"original": "image", "left": "image", "right": "image", "sketch": "sketch"}
        self.tokens = {view: (name, caches.view("flickr8k", "dev", view)) for view, name in inputs.items()}

    def figures(self, head: ProjectionHead) -> dict[str, float]:
        vectors = {}
        for view, (name, reduced) in self.tokens.items():
            parts = [vectors_of(head, name, reduced.rows(np.arange(i, min(i + 100, len(reduced.there))))) for i in range(0, len(reduced.there), 100)]
            vectors[view] = torch.cat(parts)
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
    parser.add_argument("--halves", type=int, default=96, help="photos with halves in a step")
    parser.add_argument("--sketch-layers", type=int, default=0)
    parser.add_argument("--order", type=float, default=20.0, help="weight of the loss `order`")
    parser.add_argument("--half", type=float, default=0.5, help="weight of the losses `halves` and `part`")
    parser.add_argument("--rate", type=float, default=6e-4)
    parser.add_argument("--slower", type=float, default=0.3, help="share of the rate for the input `image`")
    parser.add_argument("--dropout", type=float, default=0.2, help="of the input `sketch`")
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
    config = configuration(shipped_config, arguments.sketch_layers)
    caches = Caches(data, work, arguments.sets[0], before)
    own = {"inputs": {name: config["inputs"][name] for name in ("image", "sketch")}}
    head = ProjectionHead({k: v for k, v in config.items() if k in PLAIN} | own, {"image": AXES}, arguments.dropout)
    begin(head, before, arguments.seed)
    network = Pictures(head)
    dev = Dev(data, caches, TextVectors(arguments.checkpoint, work))
    library = Library(caches, arguments.sets, before)
    captions = known_captions(TextVectors(arguments.checkpoint, work), data, arguments.sets)
    groups = parameter_groups(network, arguments.rate, ("head.projections.image.",), arguments.slower)
    run = Run(work / arguments.run, network, groups, Dev.COLUMNS, arguments.minutes, arguments.rate, arguments.decay, warmup=30)
    print(f"{sum(p.numel() for p in head.parameters()) / 1e6:.2f} M parameters, {len(library.photos)} photos, {library.halved.sum()} with halves")

    def check() -> None:
        averaged = run.averaged().head
        run.figures(**dev.figures(averaged))
        weights = whole(averaged, shipped, caches.axes)
        save_head(run.folder / "head.safetensors", weights)
        save_component(run.folder, "space", "head", config, weights)
        run.save()

    check()
    checked = run.spent
    bank = library.before.clone()
    while not run.over:
        order = random.permutation(len(library.photos))
        for start in range(0, len(order) - arguments.batch + 1, arguments.batch):
            batch = order[start : start + arguments.batch]
            halved = batch[library.halved[batch]][: arguments.halves]
            network.train()
            mirrored = bool(random.random() < 0.5)
            vectors = lambda name, tokens: given(head, name, mirror(tokens) if mirrored else tokens)  # noqa: E731
            images, sketches = vectors("image", library.originals(batch)), vectors("sketch", library.sketches(batch, random))
            bank[batch] = images.detach()
            losses = {"order": arguments.order * kept_order(images, library.before[batch], captions)}
            losses["sketch"] = contrast(sketches, images, network.scale(0)) + beyond(sketches, images, bank, batch, network.scale(0))
            if arguments.half and len(halved) > 16:
                places = torch.from_numpy(np.flatnonzero(library.halved[batch])[: arguments.halves])
                first, second = (vectors("image", library.halves(halved, side)) for side in (0, 1))
                losses["halves"] = arguments.half * contrast(first, second, network.scale(1))
                losses["part"] = arguments.half / 2 * contrast(torch.cat([first, second])[::2], torch.cat([images[places], images[places]])[::2], network.scale(2))
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
