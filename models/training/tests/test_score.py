"""Our scores are coco-caption's, on a fixture made with pycocoevalcap (tests/make_scores.py)."""

import json
import unittest
from pathlib import Path

from ..sensorium.score import CiderD, bleu, scores, tokenize

FIXTURE = json.loads(Path(__file__).with_name("scores.json").read_text())


class ScoreTests(unittest.TestCase):
    def test_words_are_those_of_the_penn_treebank(self):
        for texts, tokenized in zip(FIXTURE["references"], FIXTURE["tokenized"]):
            self.assertEqual([" ".join(tokenize(text)) for text in texts], tokenized)

    def test_bleu_is_that_of_coco_caption(self):
        for ours, theirs in zip(bleu(FIXTURE["captions"], FIXTURE["references"]), FIXTURE["bleu"]):
            self.assertAlmostEqual(ours, theirs, places=9)

    def test_cider_is_that_of_coco_caption(self):
        cider = CiderD(FIXTURE["references"])
        for index, caption in enumerate(FIXTURE["captions"]):
            self.assertAlmostEqual(cider.score(index, caption), FIXTURE["cider_of_each"][index], places=9)
        self.assertAlmostEqual(scores(FIXTURE["captions"], FIXTURE["references"])["CIDEr-D"], FIXTURE["cider"], places=9)

    def test_an_empty_caption_scores_nothing(self):
        self.assertEqual(CiderD(FIXTURE["references"]).score(0, ""), 0)
        self.assertAlmostEqual(bleu([""] * 5, FIXTURE["references"])[3], 0)


if __name__ == "__main__":
    unittest.main()
