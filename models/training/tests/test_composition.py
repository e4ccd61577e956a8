"""A photo and words as one vector, and what training the image side of a space needs."""

import unittest

import torch
import torch.nn.functional as F

from ..pictures import whole
from ..evaluation.views import frames, neighbours
from ..sensorium.composition import GatedResidual, leaning, mean_of
from ..sensorium.crossview import found, kept_order
from ..sensorium.fusion import ProjectionHead
from ..sensorium.reduced import Positions, principal_axes, settled

HEAD = {
    "width": 12, "attention_heads": 2, "feed_forward": 12, "layer_norm_eps": 1e-5, "dimensions": 6,
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


class ReducedTests(unittest.TestCase):
    def test_a_head_on_fewer_axes_is_one_for_whole_tokens(self):
        torch.manual_seed(0)
        tokens, axes = torch.randn(3, 4, 20), principal_axes(torch.randn(200, 20), 9)
        head = HEAD | {"inputs": {"sketch": HEAD["inputs"]["image"]}}
        small, large = ProjectionHead(head, {"image": 9}).eval(), ProjectionHead(head, {"image": 20}).eval()
        large.load_state_dict(whole(small, {}, axes))
        mask = torch.ones(3, 4, dtype=torch.bool)
        torch.testing.assert_close(large("sketch", tokens, mask), small("sketch", tokens @ axes, mask))

    def test_settled_tokens_and_positions_are_the_input(self):
        torch.manual_seed(0)
        head, tokens = ProjectionHead(HEAD, {"image": 20}).eval(), torch.randn(3, 4, 20)
        mask = torch.ones(3, 4, dtype=torch.bool)
        wanted, seen = head("image", tokens, mask), settled(head.inputs["image"])(tokens)
        head.inputs["image"] = Positions(head.inputs["image"].positions.detach())
        torch.testing.assert_close(head("image", seen, mask), wanted)


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
