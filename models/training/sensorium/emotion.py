"""The emotion head's configuration, and heads with some of its inputs, which lend it their weights."""

from torch import Tensor

from .emotions import EMOTIONS
from .fusion import ClassifierHead

WIDTHS = {"face": 256, "audio": 384, "emotion_text": 384}
INPUTS = {
    "image": {"tower": "face", "pooling": "mean"},
    "audio": {"tower": "audio", "hidden_states": [1, 2, 3], "pooling": "mean_deviation"},
    "text": {"tower": "emotion_text", "pooling": "mean"},
}
CROSS_ATTENTION = {"type": "cross_attention", "pairs": "all", "triple": True, "combine": "concat", "layers": 1}
# The text tower's first layers are shared, the last ones are trained for emotions.
TEXT_BRANCH = {"type": "bert_branch", "of": "text", "from_layer": 3, "layers": 3}


def configuration(inputs: list[str], fusion: dict, labels: list[str] = EMOTIONS) -> dict:
    return {
        "type": "classifier", "labels": labels, "width": 192, "attention_heads": 6, "feed_forward": 384, "hidden": 192,
        "layer_norm_eps": 1e-5, "inputs": {name: INPUTS[name] for name in inputs}, "fusion": fusion, "task": "emotion",
    }


def single_configuration(name: str, labels: list[str] = EMOTIONS) -> dict:
    return configuration([name], {"type": "late", "late": "mean"}, labels)


def single(name: str, dropout: float) -> ClassifierHead:
    """A head with one input: `inputs.<name>` and `alone.<name>` of the whole head."""
    return ClassifierHead(single_configuration(name), WIDTHS, dropout)


def of_input(weights: dict[str, Tensor], name: str) -> dict[str, Tensor]:
    """The part of a head's weights that belongs to one input."""
    return {key: tensor for key, tensor in weights.items() if key.startswith((f"inputs.{name}.", f"alone.{name}."))}
