"""Step 16. Trains the input `sketch` alone, against the vectors that photos have after `training.pictures`.

Photos keep their vectors, so texts and halves do not change. A sketch is to find its photo among all training photos. Goes on
the clock; writes the component `space` into WORK/components.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from .pictures import Dev, Library, Pictures, configuration, regrouped_heads
from .sensorium.checkpoint import part, read
from .sensorium.component import save_component
from .sensorium.crossview import contrast
from .sensorium.run import Run, parameter_groups
from .sensorium.spaces import space_head
from .sensorium.text_vectors import TextVectors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--work", type=Path, required=True, help="folder with tokens and the run of pictures")
    parser.add_argument("--checkpoint", type=Path, default=Path("sensorium-base"), help="whose space was trained on")
    parser.add_argument("--begin", default="pictures", help="run of `training.pictures` in WORK")
    parser.add_argument("--run", default="sketches", help="folder in WORK for the run")
    parser.add_argument("--between", type=float, default=0.7, help="so far from the shipped projection of photos to the trained one")
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--every", type=float, default=1, help="minutes between validations")
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--dropout", type=float, default=0.1, help="of what the input pools, less its mean")
    parser.add_argument("--decay", type=float, default=0.99)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    data, work = arguments.data, arguments.work
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    random = np.random.default_rng(arguments.seed)

    config, tensors = read(arguments.checkpoint)
    shipped_config, shipped = config["heads"]["space"], part(tensors, "space")
    config = configuration(shipped_config)
    heads = regrouped_heads(work, "flickr8k", space_head(shipped_config, shipped, "image"))
    library = Library(work, ["flickr8k"], heads)
    dev = Dev(data, work, TextVectors(arguments.checkpoint, work), heads)
    network = Pictures(heads["image"])
    network.load_state_dict(torch.load(work / arguments.begin / "state.pt", weights_only=False)["average"])
    network.between(heads["image"].projections["image"], arguments.between)
    for module in (network.placed, network.projection):
        module.requires_grad_(False)
    everything = np.arange(len(library.photos))
    with torch.no_grad():
        photos = [network.images(library.originals(everything), mirrored) for mirrored in (False, True)]
        mean = network.sketch_placed(library.sketches(everything, random)).mean(0)
    groups = parameter_groups(network, arguments.rate)
    run = Run(work / arguments.run, network, groups, Dev.COLUMNS, arguments.minutes, arguments.rate, arguments.decay, warmup=30)

    def check() -> None:
        averaged = run.averaged()
        run.figures(**dev.figures(averaged))
        weights = averaged.weights(shipped, {name: head.inputs["image"] for name, head in heads.items()})
        save_component(work, "space", "head", config, weights)
        run.save()

    check()
    checked = run.spent
    while not run.over:
        order = random.permutation(len(library.photos))
        for start in range(0, len(order) - arguments.batch + 1, arguments.batch):
            batch = order[start : start + arguments.batch]
            mirrored = bool(random.random() < 0.5)
            pooled = network.sketch_placed(library.sketches(batch, random), mirrored)
            pooled = mean + F.dropout(pooled - mean, arguments.dropout)
            sketches = F.normalize(network.sketch_projection(pooled), dim=1)
            among_all = F.cross_entropy(network.scale(0) * sketches @ photos[mirrored].T, torch.from_numpy(batch))
            run.learn(among_all + contrast(sketches, photos[mirrored][batch], network.scale(0)))
            if run.over:
                break
            if run.spent - checked > 60 * arguments.every:
                checked = run.spent
                check()
    check()


if __name__ == "__main__":
    main()
