"""A photo and words as one vector, and what training the image side of a space needs."""

import unittest
from copy import deepcopy

import torch
import torch.nn.functional as F

from ..evaluation.views import frames, neighbours
from ..pictures import Pictures, configuration, shipped_vectors
from ..sensorium.composition import GatedResidual, leaning, mean_of
from ..sensorium.correlation import common
from ..sensorium.crossview import found, kept_order
from ..sensorium.fusion import ProjectionHead
from ..sensorium.reduced import summary
from ..sensorium.regrouping import regrouped, turned, waves_of_runs
from ..sensorium.spaces import space_head

HEAD = {
    "width": 384, "attention_heads": 6, "feed_forward": 12, "layer_norm_eps": 1e-5, "dimensions": 6,
    "inputs": {"image": {"tower": "image", "positions": 4, "pooling": "mean_deviation"}},
}


def rows(count: int, width: int, seed: int = 0) -> torch.Tensor:
    return F.normalize(torch.randn(count, width, generator=torch.Generator().manual_seed(seed)), dim=1)


class CompositionTests(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(0)
        self.enterContext(torch.no_grad())

    def test_without_a_residual_and_with_an_open_gate_it_is_the_image(self):
        network = GatedResidual({"hidden": 8}, 6)
        network.mix.copy_(torch.tensor([1.0, 0.0]))
        network.gate.down.weight.zero_()
        network.gate.down.bias.fill_(30)
        image, text = rows(3, 6), rows(3, 6, 1)
        torch.testing.assert_close(network(image, text), image)

    def test_it_has_length_one_and_the_tensors_of_its_name(self):
        head = ProjectionHead(HEAD | {"composition": {"type": "gated_residual", "image": "image", "text": "text", "hidden": 8}, "concepts": ["a dog"]}, {"image": 5})
        names = {name for name in head.state_dict() if name.startswith(("composition.", "concepts"))}
        ends = {f"composition.{part}.{layer}.{kind}" for part in ("gate", "residual") for layer in ("up", "down") for kind in ("weight", "bias")}
        self.assertEqual(names, ends | {"composition.mix", "concepts"})
        torch.testing.assert_close(head.composition(rows(3, 6), rows(3, 6, 1)).norm(dim=1), torch.ones(3))

    def test_the_weight_goes_from_the_image_over_the_composition_to_the_words(self):
        image, text = rows(2, 6), rows(2, 6, 1)
        composed = mean_of(image, text)
        for weight, wanted in ((0, image), (0.5, composed), (1, text)):
            torch.testing.assert_close(leaning(image, text, composed, weight), wanted)


class PicturesTests(unittest.TestCase):
    """What training sees of a photo, 17 numbers of each channel, must be what the server makes of all tokens."""

    def setUp(self):
        torch.manual_seed(0)
        self.enterContext(torch.no_grad())
        self.shipped = {name: value for name, value in HEAD.items() if name != "inputs"} | {"inputs": {"image": {"tower": "image", "positions": 81}}}
        self.before = ProjectionHead(self.shipped, {"image": 1280}).eval()
        self.tokens, self.mask = torch.rand(3, 81, 1280), torch.ones(3, 81, dtype=torch.bool)
        self.heads = {name: regrouped(deepcopy(self.before), turned(torch.randn(500, 384))) for name in ("image", "sketch")}
        self.adapters = {name: head.inputs["image"] for name, head in self.heads.items()}

    def trained(self) -> Pictures:
        network = Pictures(self.heads["image"])
        for parameter in network.parameters():
            parameter.normal_()
        return network

    def test_the_weights_of_the_space_say_what_training_saw(self):
        network = self.trained()
        whole = space_head(configuration(self.shipped), network.weights(self.before.state_dict(), self.adapters), "image", "sketch")
        for name, seen in (("image", network.images), ("sketch", network.sketches)):
            torch.testing.assert_close(whole(name, self.tokens, self.mask), seen(summary(self.adapters[name], self.tokens)), atol=1e-3, rtol=1e-2)

    def test_without_training_photos_have_the_shipped_vectors(self):
        shipped = self.before("image", self.tokens, self.mask)
        summaries = summary(self.adapters["image"], self.tokens)
        torch.testing.assert_close(self.heads["image"]("image", self.tokens, self.mask), shipped, atol=1e-4, rtol=1e-3)
        torch.testing.assert_close(Pictures(self.heads["image"]).images(summaries), shipped, atol=1e-4, rtol=1e-3)
        torch.testing.assert_close(shipped_vectors(self.heads["image"], summaries), shipped, atol=1e-4, rtol=1e-3)

    def test_a_mirrored_summary_is_that_of_mirrored_tokens(self):
        summaries, mirrored = (summary(self.adapters["image"], x) for x in (self.tokens, self.tokens.unflatten(1, (9, 9)).flip(2).flatten(1, 2)))
        network = self.trained()
        torch.testing.assert_close(network.images(summaries, mirrored=True), network.images(mirrored), atol=1e-4, rtol=1e-3)

    def test_turned_channels_keep_length_and_mean(self):
        matrix = turned(torch.randn(500, 384) * torch.linspace(3, 0.1, 384))
        torch.testing.assert_close(matrix @ matrix.T, torch.eye(384), atol=1e-4, rtol=0)
        torch.testing.assert_close(matrix.sum(1), torch.ones(384), atol=1e-4, rtol=0)

    def test_each_channel_of_a_run_has_another_slow_wave(self):
        chosen = waves_of_runs(384).argmax(0).unflatten(0, (48, 8))
        self.assertEqual(len(set(chosen[0].tolist())), 8)
        self.assertTrue((chosen == chosen[0]).all())

    def test_what_two_views_share_is_found(self):
        shared, noise = torch.randn(400, 6), torch.randn(2, 400, 20)
        a = shared @ torch.randn(6, 20) + noise[0]
        b = shared @ torch.randn(6, 20) + noise[1]
        to_a, to_b = common(a[:300], b[:300], 6)
        rows = [F.normalize((x[300:] - x.mean(0)) @ to, dim=1) for x, to in ((a, to_a), (b, to_b))]
        self.assertGreater(found(*rows)["R@1"], 0.3)


class CrossViewTests(unittest.TestCase):
    def test_a_row_belongs_to_its_row(self):
        items = torch.eye(12)
        self.assertEqual(found(items, items), {"R@1": 1.0, "R@10": 1.0})
        self.assertAlmostEqual(found(items.roll(1, 0), items)["R@1"], 0.0)

    def test_order_is_kept_by_a_factor_and_by_what_texts_do_not_see(self):
        texts = torch.cat([rows(50, 4), torch.zeros(50, 2)], 1)
        before = torch.cat([rows(30, 4, 2), torch.zeros(30, 2)], 1)
        unseen = torch.cat([torch.zeros(30, 4), torch.randn(30, 2)], 1)
        self.assertLess(kept_order(0.3 * before + unseen, before, texts), 1e-6)
        self.assertGreater(kept_order(before.roll(1, 0), before, texts), 0.3)

    def test_neighbours_are_frames_whose_numbers_are_adjacent(self):
        self.assertEqual(neighbours(["image14.webp", "image15.webp", "image20.webp"]), [[1], [0], []])
        self.assertIn("R@1 1.0000", frames(torch.eye(3)[[0, 0, 1]] + 0.01, [[1], [0], []]))


if __name__ == "__main__":
    unittest.main()
