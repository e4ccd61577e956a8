"""The parts of the network that training and decoding compute in two ways agree."""

import unittest

import torch
import torch.nn.functional as F

from ..sensorium.captions import EOS, IGNORED, padded
from ..sensorium.checkpoint import configuration
from ..sensorium.decoding import beam_search, beam_search_together, decode
from ..sensorium.loss import SmoothedCrossEntropy
from ..sensorium.network import CaptionHead


def small_head() -> CaptionHead:
    torch.manual_seed(0)
    config = configuration(list(range(50)))
    head = CaptionHead(config["heads"]["caption"] | {"layers": 2, "image_layers": 1}, {"tokens": 9, "channels": 16}, 384)
    head.embedding.weight.data.normal_(std=0.2)
    return head.eval()


class NetworkTests(unittest.TestCase):
    def setUp(self):
        self.head = small_head()
        self.tokens = torch.rand(2, 9, 16)

    @torch.no_grad()
    def test_step_by_step_is_the_same_as_all_at_once(self):
        ids = torch.randint(2, 50, (6, 7))
        memory = self.head.memory(self.tokens)
        whole, _ = self.head.hidden(ids, memory, captions=3)
        past = None
        for place in range(7):
            one, past = self.head.hidden(ids[:, place : place + 1], memory, past, captions=3)
            torch.testing.assert_close(one[:, 0], whole[:, place], atol=1e-5, rtol=1e-4)

    @torch.no_grad()
    def test_captions_of_a_photo_do_not_see_other_photos(self):
        ids = torch.randint(2, 50, (2, 3, 7))
        both, _ = self.head.hidden(ids.flatten(0, 1), self.head.memory(self.tokens), captions=3)
        alone, _ = self.head.hidden(ids[1], self.head.memory(self.tokens[1:]), captions=3)
        torch.testing.assert_close(both[3:], alone, atol=1e-5, rtol=1e-4)

    def test_a_beam_of_one_is_greedy(self):
        greedy = decode(self.head, self.head.memory(self.tokens), max_tokens=12).tolist()
        for row, tokens in zip(greedy, self.tokens):
            best, _ = beam_search(self.head, tokens, beams=1, max_tokens=12)
            self.assertEqual(best, row[: row.index(EOS)] if EOS in row else row)

    @torch.no_grad()
    def test_the_beams_log_probability_is_that_of_its_caption(self):
        best, score = beam_search(self.head, self.tokens[0], beams=3, max_tokens=12)
        inputs, targets = padded([best])
        logits = self.head.logits(self.head.hidden(inputs, self.head.memory(self.tokens[:1]))[0])[0]
        logits[:, 0] = -torch.inf
        each = F.log_softmax(logits, 1).gather(1, targets.T)[:, 0]
        ended = each.sum().item()
        unfinished = each[:-1].sum().item()
        self.assertLess(min(abs(score - ended), abs(score - unfinished)), 1e-4)

    def test_beams_of_many_photos_are_those_of_each(self):
        tokens = torch.rand(5, 9, 16)
        together = beam_search_together(self.head, tokens, beams=3, max_tokens=12)
        self.assertEqual(together, [beam_search(self.head, row, beams=3, max_tokens=12)[0] for row in tokens])

    def test_the_loss_is_pytorchs(self):
        hidden, weight = torch.randn(6, 8, requires_grad=True), torch.randn(20, 8, requires_grad=True)
        bias, targets = torch.randn(20, requires_grad=True), torch.randint(0, 20, (6,))
        ours = SmoothedCrossEntropy.apply(hidden, weight, bias, targets, 0.1)
        theirs = F.cross_entropy(F.linear(hidden, weight, bias), targets, label_smoothing=0.1)
        torch.testing.assert_close(ours, theirs)
        inputs = (hidden, weight, bias)
        for a, b in zip(torch.autograd.grad(ours * 3, inputs), torch.autograd.grad(theirs * 3, inputs)):
            torch.testing.assert_close(a, b)

    def test_padding_is_ignored(self):
        inputs, targets = padded([[5, 6], [7]])
        self.assertEqual(inputs.tolist(), [[0, 5, 6], [0, 7, EOS]])
        self.assertEqual(targets.tolist(), [[5, 6, EOS], [7, EOS, IGNORED]])


if __name__ == "__main__":
    unittest.main()
