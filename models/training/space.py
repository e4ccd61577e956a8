"""Step 11. Trains the joint space of photos and texts on cached tokens, with CLIP's loss and all captions.

The image adapter starts as the caption head's encoder (--warm). A batch holds photos of Flickr8k alone or of COCO alone:
negatives from the same set are harder. The schedule runs on the clock, and the run goes on from its last state. Writes
the component `space`.
"""

import argparse
from pathlib import Path

import numpy as np
import torch

from .sensorium.answering import WIDTHS
from .sensorium.component import save_component
from .sensorium.data import Photo, read_photos
from .sensorium.fusion import ProjectionHead
from .sensorium.matching import IMAGE_AND_TEXT, Space, project_image, recalls_of, space_config
from .sensorium.progress import save_head
from .sensorium.run import Run, parameter_groups
from .sensorium.texts import TextCache
from .sensorium.tokens import SHAPE, TokenCache
from .sensorium.warm import caption_image, start_from_captions

FULL_FROM = 0.8


def batches(photos: list[Photo], size: int, coco: float, random: np.random.Generator) -> list[np.ndarray]:
    """Photo numbers, of one family of sets each; COCO's photos take part with a share of `coco`."""
    flickr = [index for index, photo in enumerate(photos) if photo.folder == "flickr8k"]
    others = [index for index, photo in enumerate(photos) if photo.folder != "flickr8k"]
    result = []
    for group, share in ((flickr, 1.0), (others, coco)):
        order = random.permutation(group)[: round(share * len(group))]
        result += [order[start : start + size] for start in range(0, len(order) - size + 1, size)]
    return [result[index] for index in random.permutation(len(result))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--work", type=Path, required=True, help="folder with tokens and texts")
    parser.add_argument("--run", default="space", help="folder in WORK for the run")
    parser.add_argument("--warm", type=Path, help="checkpoint whose caption encoder the image adapter starts from")
    parser.add_argument("--minutes", type=float, default=25)
    parser.add_argument("--every", type=float, default=5, help="minutes between validations")
    parser.add_argument("--batch", type=int, default=192, help="photos")
    parser.add_argument("--captions", type=int, default=2, help="captions of a photo in a step")
    parser.add_argument("--coco", type=float, default=0.5, help="share of COCO's photos in an epoch; it falls to zero with the time")
    parser.add_argument("--kept", type=int, default=27, help="image tokens that a step sees at first, of 81")
    parser.add_argument("--rate", type=float, default=6e-4)
    parser.add_argument("--dropout", type=float, default=0.2)
    parser.add_argument("--decay", type=float, default=0.98)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    data, work = arguments.data, arguments.work
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    random = np.random.default_rng(arguments.seed)

    photos, dev = read_photos(data, "train"), read_photos(data, "dev", ("flickr8k",))
    cache, dev_cache = TokenCache(data, work, "train", photos), TokenCache(data, work, "dev", dev)
    texts, dev_texts = TextCache(work, "captions-train"), TextCache(work, "captions-dev")
    config = space_config(IMAGE_AND_TEXT)
    head = ProjectionHead(config, WIDTHS, arguments.dropout)
    if arguments.warm:
        start_from_captions(head.inputs["image"], caption_image(arguments.warm))
    space = Space(head)
    groups = parameter_groups(space, arguments.rate, ("head.inputs.image.",), 0.3 if arguments.warm else 1.0)
    columns = ["t2i R@1", "t2i R@10", "i2t R@1", "i2t R@10"]
    run = Run(work / arguments.run, space, groups, columns, arguments.minutes, arguments.rate, arguments.decay, warmup=30)
    print(f"{sum(p.numel() for p in head.parameters()) / 1e6:.2f} M parameters, {len(photos)} photos")

    def check() -> None:
        averaged = run.averaged().head
        result = recalls_of(averaged, dev, lambda start, end: dev_cache.original(start, end).float(), dev_texts)
        run.figures(**{name: result[name] for name in columns})
        save_head(run.folder / f"head-{run.step:05}.safetensors", averaged.state_dict())
        save_component(work, "space", "head", config, averaged.state_dict())
        run.save()

    checked = run.spent
    while not run.over:
        for batch in batches(photos, arguments.batch, arguments.coco * (1 - run.share), random):
            count = SHAPE[0] if run.share > FULL_FROM else arguments.kept
            kept = np.sort(random.permutation(SHAPE[0])[:count])
            space.train()
            images = project_image(head, cache.random(batch, random, kept).float(), torch.from_numpy(kept))
            chosen = [random.permutation(len(photos[i].captions))[: arguments.captions] for i in batch]
            vectors = []
            for slot in range(arguments.captions):
                captions = [photos[i].captions[places[slot % len(places)]] for i, places in zip(batch, chosen)]
                vectors.append(head("text", *texts.batch(captions)))
            run.learn(space.loss(images, vectors))
            if run.over:
                break
            if run.spent - checked > 60 * arguments.every:
                checked = run.spent
                check()
    check()


if __name__ == "__main__":
    main()
