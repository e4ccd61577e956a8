"""Text for a `bert_branch` tower: hidden states of the shared layers, cached, and the branch's own layers."""

import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from tqdm import tqdm

from .checkpoint import configuration
from .network import BertLayer, TextTower
from .ragged import Ragged

MAX_PIECES = 64


def load_text_tower(work: Path) -> TextTower:
    """all-MiniLM-L6-v2 as it is shipped."""
    tower = TextTower(configuration([])["towers"]["text"])
    weights = load_file(work / "towers.safetensors")
    tower.load_state_dict({name.removeprefix("text."): t.float() for name, t in weights.items() if name.startswith("text.")})
    return tower.eval()


class TextBranch(nn.Module):
    """Layers of its own on hidden states of a shared tower, [b, t, 384] to [b, t, 384]; they start as the tower's last."""

    def __init__(self, tower: TextTower, from_layer: int, layers: int):
        super().__init__()
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList(BertLayer(configuration([])["towers"]["text"]) for _ in range(layers))})
        for own, shared in zip(self.encoder["layer"], tower.encoder["layer"][from_layer:], strict=True):
            own.load_state_dict(shared.state_dict())

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        for layer in self.encoder["layer"]:
            x = layer(x, mask)
        return x


class TextStates(Ragged):
    """Hidden states after the shared layers of many texts, float16, one text after the other: `WORK/<name>.states`."""

    def __init__(self, work: Path, name: str, device: str = "cpu"):
        offsets = np.array(json.loads((work / f"{name}.states.json").read_text()))
        super().__init__(np.memmap(work / f"{name}.states", np.float16, "c", shape=(int(offsets[-1]), 384)), offsets, device)


@torch.no_grad()
def write_states(work: Path, name: str, texts: list[str], layers: int, device: str = "cpu") -> None:
    """Runs the shared layers once over all texts, alike in length together."""
    if (work / f"{name}.states.json").exists():
        return
    tokenizer, tower = Tokenizer.from_file(str(work / "tokenizer.json")), load_text_tower(work).to(device)
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_PIECES)
    ids = [encoding.ids for encoding in tokenizer.encode_batch(texts)]
    offsets = np.concatenate([[0], np.cumsum([len(text) for text in ids])])
    values = np.memmap(work / f"{name}.states", np.float16, "w+", shape=(int(offsets[-1]), 384))
    order = sorted(range(len(ids)), key=lambda text: len(ids[text]))
    for start in tqdm(range(0, len(order), 64), desc=name, mininterval=20):
        batch = order[start : start + 64]
        padded = torch.zeros(len(batch), len(ids[batch[-1]]), dtype=torch.long)
        for row, text in enumerate(batch):
            padded[row, : len(ids[text])] = torch.tensor(ids[text])
        mask = torch.arange(padded.shape[1]) < torch.tensor([len(ids[text]) for text in batch])[:, None]
        padded, mask = padded.to(device), mask.to(device)
        x = tower.embeddings(padded)
        for layer in tower.encoder["layer"][:layers]:
            x = layer(x, mask)
        for row, text in enumerate(batch):
            values[offsets[text] : offsets[text + 1]] = x[row, : len(ids[text])].half().cpu().numpy()
    values.flush()
    (work / f"{name}.states.json").write_text(json.dumps(offsets.tolist()))
