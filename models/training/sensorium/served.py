"""The emotion head of a checkpoint, from what a request holds to probabilities, in PyTorch and float32."""

import io
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from tokenizers import Tokenizer
from torch import Tensor

from .audio import AudioTower, read_clip
from .branch import TextBranch
from .checkpoint import part, read
from .face import FaceTower, preprocess
from .fusion import ClassifierHead
from .network import TextTower


class ServedEmotion:
    """`towers`, by the name of the head's input, take the bytes of a part to tokens [1, t, width] or [1, states, t, width]."""

    def __init__(self, folder: Path):
        config, tensors = read(folder)
        head = config["heads"]["emotion"]
        self.labels: list[str] = head["labels"]
        widths, self.towers = {}, {}
        for name, source in head["inputs"].items():
            tower_name = source["tower"]
            tower, weights = config["towers"][tower_name], part(tensors, tower_name)
            if tower["type"] == "whisper_encoder":
                widths[tower_name] = tower["hidden_size"]
                self.towers[name] = self.audio(tower, weights, source["hidden_states"])
            elif tower["type"] == "face_cnn":
                widths[tower_name] = tower["channels"]
                self.towers[name] = self.face(tower, weights)
            elif tower["type"] == "bert_branch":
                widths[tower_name] = config["towers"][tower["of"]]["hidden_size"]
                shared = TextTower(config["towers"][tower["of"]])
                shared.load_state_dict(part(tensors, tower["of"]))
                self.towers[name] = self.text(folder, config, tower, weights, shared)
            else:
                widths[tower_name] = tower["width"]
                self.towers[name] = self.features(tower)
        self.head = ClassifierHead(head, widths)
        self.head.load_state_dict(part(tensors, "emotion"))
        self.head.eval()

    @staticmethod
    def audio(config: dict, weights: dict[str, Tensor], states: list[int]):
        tower = AudioTower(config)
        tower.load_state_dict(weights)
        return lambda file: tower.eval().clip(read_clip(io.BytesIO(file)))[None, states]

    @staticmethod
    def face(config: dict, weights: dict[str, Tensor]):
        tower = FaceTower(config["layout"])
        tower.load_state_dict(weights)
        size = (config["image_size"],) * 2

        def tokens(file: bytes) -> Tensor:
            grey = Image.open(io.BytesIO(file)).convert("RGB").resize(size, Image.Resampling.BILINEAR).convert("L")
            return tower(preprocess(torch.from_numpy(np.array(grey))[None]))

        return tokens

    @staticmethod
    def text(folder: Path, config: dict, branch_config: dict, weights: dict[str, Tensor], shared: TextTower):
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.enable_truncation(config["towers"][branch_config["of"]]["max_tokens"])
        branch = TextBranch(shared, branch_config["from_layer"], branch_config["layers"])
        branch.load_state_dict(weights)

        def tokens(text: bytes) -> Tensor:
            ids = torch.tensor([tokenizer.encode(text.decode()).ids])
            mask, x = torch.ones(ids.shape, dtype=torch.bool), shared.embeddings(ids)
            for layer in shared.encoder["layer"][: branch_config["from_layer"]]:
                x = layer(x, mask)
            return branch(x, mask)

        return tokens

    @staticmethod
    def features(config: dict):
        mean, deviation = torch.tensor(config["mean"]), torch.tensor(config["deviation"])
        return lambda file: ((torch.from_numpy(np.load(io.BytesIO(file))) - mean) / deviation).reshape(1, -1, config["width"])

    @torch.no_grad()
    def probabilities(self, parts: dict[str, bytes]) -> np.ndarray:
        """Of any non-empty subset of parts."""
        tokens, masks = {}, {}
        for name in self.head.names:
            states = self.head.inputs[name].states
            width = self.head.inputs[name].projection.in_features
            tokens[name] = self.towers[name](parts[name]) if name in parts else torch.zeros(*((1, len(states), 1) if states else (1, 1)), width)
            masks[name] = torch.full((1, tokens[name].shape[-2]), name in parts)
        return self.head(tokens, masks)[0].softmax(1)[0].numpy()
