"""Heads over any subset of inputs: what is not there does not count, and neither does what else is in the batch."""

import unittest

import torch

from ..sensorium.fusion import TYPES, ClassifierHead, ProjectionHead

WIDTHS = {"grid": 10, "frames": 12, "pieces": 8}
NAMES = ["image", "audio", "text"]


def configuration(fusion: dict) -> dict:
    return {
        "type": "classifier", "labels": ["a", "b", "c", "d"], "width": 16, "attention_heads": 2, "feed_forward": 24,
        "hidden": 20, "layer_norm_eps": 1e-5, "fusion": fusion,
        "inputs": {
            "image": {"tower": "grid", "positions": 4},
            "audio": {"tower": "frames", "hidden_states": [1, 2], "layers": 1, "pooling": "mean_deviation"},
            "text": {"tower": "pieces", "pooling": "mean"},
        },
    }


def fusions() -> list[dict]:
    kinds = []
    for kind in TYPES:
        for late in ("mean", "weighted", "vote") if kind == "late" else ("weighted",):
            for combine in ("concat", "sum", "max") if kind in ("cross_attention", "hybrid") else ("concat",):
                kinds.append({"type": kind, "late": late, "pairs": "all", "triple": True, "combine": combine, "layers": 1})
    return kinds


def head(fusion: dict) -> ClassifierHead:
    torch.manual_seed(0)
    return ClassifierHead(configuration(fusion), WIDTHS).eval()


def rows(count: int, longest: int = 5) -> tuple[dict, dict]:
    """Random tokens; audio and text of row r have some tokens fewer."""
    generator = torch.Generator().manual_seed(1)
    tokens = {
        "image": torch.randn(count, 4, 10, generator=generator), "audio": torch.randn(count, 2, longest, 12, generator=generator),
        "text": torch.randn(count, longest, 8, generator=generator),
    }
    masks = {"image": torch.ones(count, 4, dtype=torch.bool)}
    for shift, name in enumerate(("audio", "text")):
        lengths = torch.tensor([longest - (row + shift) % 3 for row in range(count)])
        masks[name] = torch.arange(longest) < lengths[:, None]
    return tokens, masks


class FusionTests(unittest.TestCase):
    def setUp(self):
        self.enterContext(torch.no_grad())

    def test_a_row_does_not_depend_on_its_batch(self):
        tokens, masks = rows(4)
        masks["audio"][1] = False
        masks["image"][2] = False
        for fusion in fusions():
            network = head(fusion)
            all_rows, _ = network(tokens, masks)
            for row in range(4):
                one = slice(row, row + 1)
                # By itself a row is not padded to the longest of its batch.
                longest = {name: max(1, int(masks[name][row].sum())) for name in NAMES}
                short = {name: tokens[name][one, ..., : longest[name], :] for name in NAMES}
                alone, _ = network(short, {name: masks[name][one, : longest[name]] for name in NAMES})
                torch.testing.assert_close(alone[0], all_rows[row], atol=1e-5, rtol=1e-4, msg=str(fusion))

    def test_tokens_that_are_masked_change_nothing(self):
        tokens, masks = rows(3)
        masks["text"][0] = False
        changed = {
            "image": tokens["image"], "audio": tokens["audio"] + 100 * ~masks["audio"][:, None, :, None],
            "text": tokens["text"] + 100 * ~masks["text"][:, :, None],
        }
        for fusion in fusions():
            network = head(fusion)
            torch.testing.assert_close(network(changed, masks)[0], network(tokens, masks)[0], msg=str(fusion))

    def test_every_subset_has_a_finite_answer_of_its_own(self):
        for fusion in fusions():
            network = head(fusion)
            answers = []
            for subset in range(1, 8):
                tokens, masks = rows(1)
                masks = {name: mask & bool(subset >> place & 1) for place, (name, mask) in enumerate(masks.items())}
                logits, alone = network(tokens, masks)
                self.assertTrue(torch.isfinite(logits).all(), fusion)
                self.assertEqual(set(alone), set(NAMES))
                answers.append(tuple(round(value, 5) for value in logits.log_softmax(1)[0].tolist()))
            self.assertEqual(len(set(answers)), 7, fusion)

    def test_late_fusion_of_one_input_says_what_that_input_says(self):
        tokens, masks = rows(2)
        masks = {name: mask & (name == "audio") for name, mask in masks.items()}
        for late in ("mean", "weighted"):
            logits, alone = head({"type": "late", "late": late})(tokens, masks)
            torch.testing.assert_close(logits.softmax(1), alone["audio"].softmax(1), atol=1e-4, rtol=1e-3)

    def test_a_vote_follows_the_majority_and_ties_go_to_the_mean(self):
        network = head({"type": "late", "late": "vote"})
        there = torch.tensor([[True, True, True], [True, True, False]])
        sure, unsure, other = (torch.tensor([values]).log() for values in ([0.9, 0.05, 0.03, 0.02], [0.3, 0.4, 0.2, 0.1], [0.1, 0.5, 0.2, 0.2]))
        alone = {"image": torch.cat([sure, sure]), "audio": torch.cat([unsure, unsure]), "text": torch.cat([other, other])}
        self.assertEqual(network.pool_late(alone, there).argmax(1).tolist(), [1, 0])

    def test_only_the_chosen_directions_have_weights(self):
        network = head({"type": "cross_attention", "pairs": [["image", "text"]], "triple": False, "combine": "concat"})
        self.assertEqual(list(network.fusion.cross), ["image_to_text"])

    def test_projections_have_length_one(self):
        torch.manual_seed(0)
        space = ProjectionHead(configuration({}) | {"dimensions": 6}, WIDTHS).eval()
        tokens, masks = rows(3)
        for name in NAMES:
            torch.testing.assert_close(space(name, tokens[name], masks[name]).norm(dim=1), torch.ones(3))


if __name__ == "__main__":
    unittest.main()
