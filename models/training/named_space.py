"""After `training.space`, `training.hearing` and what else makes the component `space`: the vectors of photos learn names.

The vector of each name that the head `things` knows, as the space has "a lion", less the mean of all. Nothing is trained: how much
names weigh is chosen on Flickr8k's dev photos, by their captions (`--data`).

    python -m training.named_space --checkpoint sensorium-base --work WORK [--data DATA]
"""

import argparse
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from .sensorium.article import article
from .sensorium.checkpoint import part, read
from .sensorium.component import save_component
from .sensorium.data import read_photos
from .sensorium.fusion import ProjectionHead
from .sensorium.matching import project_image, recalls
from .sensorium.names import FLOOR, MOST, Names, likeliest
from .sensorium.own import CheckpointTowers
from .sensorium.things import read_scores
from .sensorium.tokens import TokenCache

WEIGHT, PRIOR = 0.3, 0.3
WEIGHTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.6)


class NamedSpace:
    """A checkpoint's space, and the vectors of names in it."""

    def __init__(self, checkpoint: Path):
        self.config, tensors = read(checkpoint)
        self.tensors = part(tensors, "space")
        self.head = ProjectionHead(self.config["heads"]["space"], {name: self.config["towers"][name].get("channels", 384) for name in self.config["towers"]}).eval()
        self.head.load_state_dict(self.tensors)
        self.towers = CheckpointTowers(checkpoint)
        self.names = Names(self.config["heads"]["things"]["labels"])
        vectors = self.texts([f"{article(name)} {name}" for name in self.names.all])
        self.vectors = F.normalize(vectors - vectors.mean(0), dim=1).half().float()

    @torch.no_grad()
    def texts(self, texts: list[str]) -> Tensor:
        return torch.cat([self.head("text", *self.towers.texts(texts[i : i + 64])) for i in range(0, len(texts), 64)])

    def with_names(self, images: Tensor, likelihoods: Tensor, weight: float) -> Tensor:
        """Vectors of photos [b, d] that know what was seen in them, [b, names, 2]."""
        shares = torch.from_numpy(likeliest(likelihoods.numpy()))
        best = shares.masked_fill(shares < FLOOR, 0).topk(MOST, 1)
        shares = torch.zeros_like(shares).scatter(1, best.indices, best.values)
        return F.normalize(images + weight * shares @ self.vectors / (shares.sum(1, keepdim=True) + PRIOR), dim=1)


@torch.no_grad()
def compare(space: NamedSpace, data: Path, work: Path) -> None:
    photos = read_photos(data, "dev", ("flickr8k",))
    cache = TokenCache(data, work, "dev", photos)
    images = torch.cat([project_image(space.head, cache.original(i, i + 100).float()) for i in range(0, len(photos), 100)])
    likelihoods = torch.from_numpy(space.names.likelihoods(read_scores(data, work, "dev", photos)))
    captions = [(row, text) for row, photo in enumerate(photos) for text in photo.captions]
    texts, own = space.texts([text for _, text in captions]), torch.tensor([row for row, _ in captions])
    for weight in WEIGHTS:
        found = recalls(space.with_names(images, likelihoods, weight), texts, own)
        print(f"weight {weight}: " + "  ".join(f"{name} {value:.4f}" for name, value in found.items() if "R@" in name), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="the component goes into its `components`")
    parser.add_argument("--data", type=Path, help="compare weights on dev, with the tokens and scores in --work")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    space = NamedSpace(arguments.checkpoint)
    if arguments.data:
        compare(space, arguments.data, arguments.work)
    config = space.config["heads"]["space"] | {"things": {"head": "things", "input": "image", "weight": WEIGHT, "prior": PRIOR}}
    save_component(arguments.work, "space", "head", config, space.tensors | {"things": space.vectors})


if __name__ == "__main__":
    main()
