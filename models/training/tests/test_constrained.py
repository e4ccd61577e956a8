"""Beam search that asks for a name, what a caption claims, and photos that are left out."""

import unittest

import torch

from ..evaluation.free import claims
from ..sensorium.constrained import WHOLE, constrained_beam_search, next_of, state_of
from ..sensorium.decoding import beam_search
from .test_network import small_head


class ConstrainedTests(unittest.TestCase):
    def setUp(self):
        self.head = small_head()
        self.tokens = torch.rand(3, 9, 16)

    def test_states_of_a_caption(self):
        asked = [[7, 8, 9], [4]]
        self.assertEqual([state_of(said, asked) for said in ([], [5, 7], [7, 8], [7, 5], [3, 7, 8, 9], [4, 5])], [0, 1, 2, 0, WHOLE, WHOLE])
        self.assertEqual(next_of([5, 7], asked), {7, 4, 8})

    def test_a_caption_has_one_of_the_names_whole(self):
        asked = [[[41, 17, 23, 9], [44, 12, 30]], [[5]], [[41, 17, 23, 9]]]
        for said, names in zip(constrained_beam_search(self.head, self.tokens, asked, max_tokens=12), asked):
            self.assertTrue(any(said[i : i + len(name)] == name for name in names for i in range(len(said))), said)

    def test_asked_for_nothing_it_is_beam_search(self):
        found = constrained_beam_search(self.head, self.tokens, [[], [[5]], []], max_tokens=12)
        for place in (0, 2):
            self.assertEqual(found[place], beam_search(self.head, self.tokens[place], max_tokens=12)[0])


class ClaimTests(unittest.TestCase):
    def test_a_noun_that_is_not_known_is_a_false_thing(self):
        self.assertEqual(claims("two brown dogs are running on a clock tower with a stick", ["dog", "tower"]), ["clock", "stick"])
        self.assertEqual(claims("a group of men riding in front of a fire truck", ["fire truck", "man"]), [])


if __name__ == "__main__":
    unittest.main()
