"""Voice and facial action units of a clip, fused late: the sum of what both say by themselves, as independent witnesses.

    log p(emotion | voice, units) = a log p(emotion | voice) + b log p(emotion | units) + constant

The two scales are fitted on clips of actors that the answers were not trained on: of its own clips the voice is too sure.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .emotion import INPUTS, configuration
from .emotions import RAVDESS_EMOTIONS
from .fusion import Classifier, ClassifierHead
from .probe import HIDDEN, WIDTH, Reading, fit_answer

UNITS, COUNT = 35, len(RAVDESS_EMOTIONS)


def late_configuration(members: int) -> dict:
    return configuration(["audio"], {"type": "late", "late": "weighted"}, RAVDESS_EMOTIONS) | {
        "width": WIDTH, "attention_heads": WIDTH // 64, "hidden": 2 * COUNT + members * HIDDEN,
        "inputs": {"audio": INPUTS["audio"], "features": {"tower": "action_units"}},
    }


# Far larger than any unit, see `units_input`.
CONSTANT = 8.0


def units_input() -> dict[str, Tensor]:
    """Of the module `Input`: the action units as they are, [units, their negatives, constants].

    The norm behind the projection divides by how strong all units are together, which is what tells a calm face from a
    laughing one. Beside constants that are much larger it divides by the same number for every face, to a thousandth.
    """
    rest = WIDTH - 2 * UNITS
    projection = torch.zeros(WIDTH, UNITS)
    projection[:UNITS], projection[UNITS : 2 * UNITS] = torch.eye(UNITS), -torch.eye(UNITS)
    constants = torch.cat([torch.full((rest // 2,), CONSTANT), torch.full((rest // 2,), -CONSTANT)])
    return {
        "projection.weight": projection, "projection.bias": torch.cat([torch.zeros(2 * UNITS), constants]),
        "norm.weight": torch.full((WIDTH,), CONSTANT * (rest / WIDTH) ** 0.5), "norm.bias": torch.zeros(WIDTH),
    }


def units_weights(answer: Classifier) -> dict[str, Tensor]:
    """An answer to action units as the head's `alone.features`, which reads what `units_input` makes of them."""
    weights = answer.state_dict()
    return weights | {"up.weight": F.pad(weights["up.weight"], (0, WIDTH - UNITS))}


def fit_scales(voice: Tensor, units: Tensor, labels: Tensor) -> Tensor:
    """`input_scales` for which the two answers together are surest of the right labels."""
    # softplus(0.5413) = 1
    scales = torch.full((2,), 0.5413, requires_grad=True)
    optimizer = torch.optim.LBFGS([scales], max_iter=50, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        a, b = F.softplus(scales)
        value = F.cross_entropy(a * voice.log_softmax(1) + b * units.log_softmax(1), labels)
        value.backward()
        return value

    optimizer.step(loss)
    return scales.detach()


class Witnesses:
    """Fits everything of `ravdess-av` but its tower."""

    def __init__(self, units: np.ndarray, labels: np.ndarray, actors: np.ndarray, members: int, steps: int, units_steps: int, inner: int, seed: int):
        self.units, self.labels, self.actors = units, labels, actors
        self.members, self.steps, self.units_steps, self.inner, self.seed = members, steps, units_steps, inner, seed
        self.config = late_configuration(members)

    def both(self, reading: Reading, chosen: np.ndarray) -> tuple[Classifier, Classifier, np.ndarray, np.ndarray]:
        """Answers of the voice and of the units, and the statistics of the latter."""
        mean, deviation = self.units[chosen].mean(0), self.units[chosen].std(0) + 0.05
        labels, sizes = self.labels[chosen], (COUNT, self.members)
        voice = fit_answer(reading.whole[chosen], [copy[chosen] for copy in reading.copies], labels, *sizes, self.steps, self.seed)
        x = torch.from_numpy((self.units[chosen] - mean) / deviation).float()
        units = fit_answer(x, [], labels, *sizes, self.units_steps, self.seed, penalty=0.01, noise=0.3, dropout=0.3)
        return voice, units, mean, deviation

    def fit(self, reading: Reading, chosen: np.ndarray) -> tuple[ClassifierHead, np.ndarray, np.ndarray]:
        scales = fit_scales(*self.unseen(reading, chosen))
        print("  scales", [round(value, 2) for value in F.softplus(scales).tolist()], flush=True)
        voice, units, mean, deviation = self.both(reading, chosen)
        weights = {f"inputs.audio.{name}": tensor for name, tensor in reading.weights().items()}
        weights |= {f"alone.audio.{name}": tensor for name, tensor in voice.state_dict().items()}
        weights |= {f"inputs.features.{name}": tensor for name, tensor in units_input().items()}
        weights |= {f"alone.features.{name}": tensor for name, tensor in units_weights(units).items()}
        head = ClassifierHead(self.config, {"audio": 384, "action_units": UNITS})
        head.load_state_dict(weights | {"input_scales": scales})
        return head.eval(), mean, deviation

    @torch.no_grad()
    def answers(self, reading: Reading, parts: tuple, clips: np.ndarray) -> tuple[Tensor, Tensor]:
        voice, units, mean, deviation = parts
        return voice(reading.whole[clips]), units(torch.from_numpy((self.units[clips] - mean) / deviation).float())

    def unseen(self, reading: Reading, chosen: np.ndarray) -> tuple[Tensor, Tensor, Tensor]:
        """What answers that were trained on some of the chosen actors say of the others, and the labels."""
        said, order = [], []
        for held in np.array_split(np.unique(self.actors[chosen]), self.inner):
            out = np.isin(self.actors[chosen], held)
            with torch.enable_grad():
                parts = self.both(reading, chosen[~out])
            said.append(self.answers(reading, parts, chosen[out]))
            order.append(chosen[out])
        voice, units = (torch.cat(part) for part in zip(*said))
        return voice, units, torch.from_numpy(self.labels[np.concatenate(order)])
