"""The probe's parts as tensors of a head: they say what the probe says."""

import unittest
from types import SimpleNamespace

import numpy as np
import torch
import torch.nn.functional as F

from ..sensorium.emotion import INPUTS
from ..sensorium.fusion import ClassifierHead, Input, pooled
from ..sensorium.probe import WIDTH, Reading, fit_answer, linear_answer
from ..sensorium.units import COUNT, UNITS, fit_scales, late_configuration, units_input, units_weights


def states(count: int = 12) -> SimpleNamespace:
    generator = torch.Generator().manual_seed(0)
    scale = torch.linspace(0.5, 20, 384)
    whole = [torch.randn(20 + clip, 384, generator=generator) * scale + scale for clip in range(count)]
    return SimpleNamespace(whole=whole, copies=torch.stack([torch.stack([x[:20] for x in whole])]))


class ProbeTests(unittest.TestCase):
    def test_the_input_reads_what_the_probe_reads(self):
        given = states()
        reading = Reading(given, np.arange(12))
        module = Input({"width": WIDTH, "layer_norm_eps": 1e-5}, INPUTS["audio"], 384, 0).eval()
        module.load_state_dict(reading.weights())
        x = given.whole[3][None]
        mask = torch.ones(1, x.shape[1], dtype=torch.bool)
        found = pooled(module(x[:, None].expand(-1, 3, -1, -1), mask), mask, "mean_deviation")
        # The probe multiplies in bfloat16.
        self.assertLess((found[0] - reading.whole[3]).abs().mean(), 0.01)

    def test_an_answer_without_hidden_members_is_the_linear_one(self):
        reading, labels = Reading(states(), np.arange(12)), np.arange(12) % 3
        chosen = np.arange(9)
        answer = fit_answer(reading.whole[chosen], [], labels[chosen], 3, members=0, steps=0, seed=1, penalty=0.03)
        x = reading.whole[chosen]
        x = (x - x.mean(0)) / x.std(0)
        weight, bias = linear_answer(x, torch.from_numpy(labels[chosen]), 3, 0.03)
        self.assertLess((answer(reading.whole[chosen]) - F.linear(x, weight, bias)).abs().max(), 1e-3)

    def test_a_head_says_of_action_units_what_their_answer_says(self):
        generator = torch.Generator().manual_seed(0)
        x = torch.randn(40, UNITS, generator=generator)
        x[:20] *= 0.1  # calm faces beside strong ones
        answer = fit_answer(x, [], np.arange(40) % COUNT, COUNT, members=1, steps=3, seed=1)
        config = late_configuration(1)
        head = ClassifierHead(config | {"inputs": {"features": config["inputs"]["features"]}}, {"action_units": UNITS}).eval()
        weights = {f"inputs.features.{name}": tensor for name, tensor in units_input().items()}
        weights |= {f"alone.features.{name}": tensor for name, tensor in units_weights(answer).items()}
        head.load_state_dict(weights, strict=False)
        said = head({"features": x[:, None]}, {"features": torch.ones(40, 1, dtype=torch.bool)})[1]["features"]
        expected = answer(x)
        self.assertLess((said - expected).abs().max(), 0.01 * expected.abs().max())

    def test_a_witness_that_knows_nothing_counts_less(self):
        generator = torch.Generator().manual_seed(0)
        labels = torch.arange(400) % 4
        knowing = F.one_hot(labels, 4) * 1.5 + torch.randn(400, 4, generator=generator)
        a, b = F.softplus(fit_scales(knowing, torch.randn(400, 4, generator=generator), labels))
        self.assertGreater(a, 5 * b)


if __name__ == "__main__":
    unittest.main()
