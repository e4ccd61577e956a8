"""Step 18. Learns what a photo and words that change it mean together, on vectors of the space alone.

Pairs come from captions (sensorium/modifications.py). The target is to be found among all training photos but the one that
is changed. Prints the dev figures of the gated residual, of the mean of the two vectors, of the image and of the words alone;
the residual goes into the component `space` if it is better than the mean.
"""

import argparse
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .sensorium.component import load_component, save_component
from .sensorium.composition import GatedResidual, leaning, mean_of
from .sensorium.data import CAPTION_SETS, photo_names, read_photos
from .sensorium.modifications import KINDS, Pair, pairs_of, places_of
from .sensorium.progress import Average
from .sensorium.spaces import photo_vectors, space_head
from .sensorium.text_vectors import TextVectors

HIDDEN = 128
DEV = {"each": 1, "most": 6, "seed": 0}


def report(name: str, queries: Tensor, photos: Tensor, pairs: list[Pair]) -> float:
    places = places_of(queries, photos, pairs)
    share = lambda chosen: (places[chosen] < 10).float().mean().item()  # noqa: E731
    kinds = np.array([pair.kind for pair in pairs])
    each = ", ".join(f"{kind} {share(torch.from_numpy(kinds == kind)):.3f}" for kind in KINDS)
    print(f"{name}: R@1 {(places < 1).float().mean():.4f}, R@10 {share(slice(None)):.4f} ({each})", flush=True)
    return share(slice(None))


def fit(photos: Tensor, texts: Tensor, pairs: list[Pair], arguments: argparse.Namespace, check: Callable[[GatedResidual], None]) -> GatedResidual:
    generator = torch.Generator().manual_seed(arguments.seed)
    network = GatedResidual({"hidden": HIDDEN}, photos.shape[1])
    reference, target = (torch.tensor([getattr(pair, name) for pair in pairs]) for name in ("reference", "target"))
    scale = torch.nn.Parameter(torch.tensor(20.0).log())
    optimizer = torch.optim.AdamW([*network.parameters(), scale], lr=arguments.rate, weight_decay=0.05)
    average, averaged = Average(network, 0.98), deepcopy(network)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, arguments.rate, total_steps=arguments.steps)
    noise = lambda x: F.normalize(x + arguments.noise / x.shape[1] ** 0.5 * torch.randn(x.shape, generator=generator), dim=1)  # noqa: E731
    for step in range(1, arguments.steps + 1):
        rows = torch.randint(len(pairs), (arguments.batch,), generator=generator)
        composed = network(noise(photos[reference[rows]]), noise(texts[rows]))
        logits = scale.clamp(max=4.6).exp() * composed @ photos.T
        logits[torch.arange(len(rows)), reference[rows]] = -torch.inf
        loss = F.cross_entropy(logits, target[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        average.update(network)
        if step % arguments.every == 0 or step == arguments.steps:
            averaged.load_state_dict(average.weights)
            print(f"step {step}, loss {loss.item():.3f}", end=": ")
            check(averaged)
    return averaged.eval()


@torch.no_grad()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--work", type=Path, required=True, help="folder with tokens and components")
    parser.add_argument("--checkpoint", type=Path, default=Path("sensorium-base"), help="whose text input the space has")
    parser.add_argument("--sets", nargs="*", default=["flickr8k"], choices=CAPTION_SETS)
    parser.add_argument("--each", type=int, default=3, help="pairs of a training photo for each kind")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--noise", type=float, default=0.5, help="length of what is added to both vectors in training")
    parser.add_argument("--every", type=int, default=250)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    data, work = arguments.data, arguments.work
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    config, weights = load_component(work, "space")
    head = space_head(config, weights, "image")
    texts = TextVectors(arguments.checkpoint, work)

    dev = read_photos(data, "dev", ("flickr8k",))
    dev_pairs = pairs_of(dev, **DEV)
    dev_vectors, _ = photo_vectors(head, "image", work, "flickr8k", "dev")
    dev_texts = texts.of([pair.text for pair in dev_pairs])
    dev_images = dev_vectors[[pair.reference for pair in dev_pairs]]

    photos, vectors = [], []
    for folder in arguments.sets:
        of_set, there = photo_vectors(head, "image", work, folder, "train")
        rows = {name: row for row, name in enumerate(photo_names(data, folder, "train"))}
        chosen = [photo for photo in read_photos(data, "train", (folder,)) if there[rows[photo.name]]]
        photos += chosen
        vectors.append(of_set[[rows[photo.name] for photo in chosen]])
    pairs = pairs_of(photos, arguments.each, 100, arguments.seed)
    print(f"{len(pairs)} pairs of {len(photos)} training photos, {len(dev_pairs)} of {len(dev)} dev photos; chance of R@10 {10 / (len(dev) - 1):.4f}")
    train_texts = texts.of([pair.text for pair in pairs])

    report("image alone", dev_images, dev_vectors, dev_pairs)
    report("words alone", dev_texts, dev_vectors, dev_pairs)
    mean = report("mean", mean_of(dev_images, dev_texts), dev_vectors, dev_pairs)
    for weight in (0.6, 0.7, 0.8, 0.9):
        report(f"mean, weight {weight}", leaning(dev_images, dev_texts, mean_of(dev_images, dev_texts), weight), dev_vectors, dev_pairs)

    def check(network: GatedResidual) -> None:
        report("gated residual", network(dev_images, dev_texts), dev_vectors, dev_pairs)

    with torch.enable_grad():
        network = fit(torch.cat(vectors), train_texts, pairs, arguments, check)
    learned = report("gated residual", network(dev_images, dev_texts), dev_vectors, dev_pairs)
    print(f"{learned / mean:.2f} times the mean")
    config.pop("composition", None)
    weights = {name: tensor for name, tensor in weights.items() if not name.startswith("composition.")}
    if learned > mean:
        config["composition"] = {"type": "gated_residual", "image": "image", "text": "text", "hidden": HIDDEN}
        weights |= {f"composition.{name}": tensor for name, tensor in network.state_dict().items()}
    save_component(work, "space", "head", config, weights)


if __name__ == "__main__":
    main()
