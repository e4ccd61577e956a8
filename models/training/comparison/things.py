"""Things in dev photos: the same first name as PyTorch's from the checkpoint, and as that of the network as it was published."""

import argparse
from pathlib import Path

import torch
from tqdm import tqdm

from ..sensorium.checkpoint import part, read
from ..sensorium.client import Server, ask_all
from ..sensorium.data import decode, preprocess, read_files, read_photos, uploadable
from ..sensorium.fusion import LinearHead
from ..sensorium.network import ImageBranch, ImageTower
from ..towers import pretrained


class Things:
    """The head `things` of a checkpoint in float32: pixels [1, 3, 260, 260] to logits [1, labels]."""

    def __init__(self, folder: Path):
        config, tensors = read(folder)
        head = config["heads"]["things"]
        (source,) = head["inputs"].values()
        tower = config["towers"][source["tower"]]
        self.labels, self.from_block = head["labels"], tower["from_block"]
        self.trunk, self.branch = ImageTower().eval(), ImageBranch(self.from_block).eval()
        self.head = LinearHead(head, {source["tower"]: config["towers"][tower["of"]]["channels"]}).eval()
        for module, name in ((self.trunk, tower["of"]), (self.branch, source["tower"]), (self.head, "things")):
            module.load_state_dict(part(tensors, name))

    def __call__(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.head(self.branch(self.trunk.through(pixels, self.from_block)))


@torch.no_grad()
def run(server: Server, arguments: argparse.Namespace) -> None:
    photos = read_photos(arguments.data, "dev", ("flickr8k",))[: arguments.things]
    files = dict(read_files(arguments.data, "dev", photos))
    things, published = Things(arguments.checkpoint), pretrained()
    wanted: list[tuple[str, float]] = []
    as_published: list[str] = []
    for index in tqdm(range(len(files)), desc="PyTorch"):
        pixels = torch.from_numpy(preprocess(decode(files[index])))[None]
        best = things(pixels)[0].softmax(0).max(0)
        wanted.append((things.labels[best.indices], best.values.item()))
        as_published.append(things.labels[published(pixels)[0].argmax()])

    def ask(index: int) -> tuple[str, float]:
        answer = server.ask("/v1/classify/things", {"image": uploadable(files[index])}, {"top": "1"})
        return answer["label"], answer["scores"][answer["label"]]

    served = ask_all(ask, range(len(files)), arguments.connections)
    same = [ours[0] == theirs[0] for ours, theirs in zip(served, wanted)]
    differences = [abs(ours[1] - theirs[1]) for ours, theirs, equal in zip(served, wanted, same) if equal]
    for index, equal in enumerate(same):
        if not equal:
            (ours, share), (theirs, expected) = served[index], wanted[index]
            print(f"  {photos[index].name}: server {ours} {share:.4f}, PyTorch {theirs} {expected:.4f}")
    print(f"things: {sum(same)} of {len(same)} the same; probabilities of those differ by {max(differences):.6f} at most")
    alike = sum(ours[0] == theirs for ours, theirs in zip(served, as_published))
    print(f"things: {alike} of {len(served)} the same as those of the published weights, before they were rounded to float16")
