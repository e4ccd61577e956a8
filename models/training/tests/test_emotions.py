"""Same-label triples, and sequences of different lengths in one tensor."""

import unittest

import numpy as np

from ..sensorium.emotions import EKMAN, EMOTIONS
from ..sensorium.ragged import Ragged
from ..sensorium.triples import PARTS, draw_triples


class EmotionTests(unittest.TestCase):
    def test_triples_have_one_label_and_leave_out_what_has_none(self):
        random = np.random.default_rng(0)
        labels = {part: np.concatenate([np.arange(len(EMOTIONS)), random.integers(-1, len(EMOTIONS), 50)]) for part in PARTS}
        triples, drawn = draw_triples(labels, 5, 0)
        self.assertEqual(np.bincount(drawn).tolist(), [5] * len(EMOTIONS))
        for column, part in enumerate(PARTS):
            self.assertEqual(labels[part][triples[:, column]].tolist(), drawn.tolist())
        self.assertEqual(draw_triples(labels, 5, 0)[0].tolist(), triples.tolist())

    def test_every_fine_emotion_has_one_class(self):
        fine = [name for names in EKMAN.values() for name in names]
        self.assertEqual((len(fine), len(set(fine))), (28, 28))
        self.assertEqual(sorted(EKMAN), sorted(EMOTIONS))


class RaggedTests(unittest.TestCase):
    def setUp(self):
        self.rows = [np.arange(length, dtype=np.float16)[:, None] + 10 * row for row, length in enumerate((3, 1, 5))]
        self.ragged = Ragged(np.concatenate(self.rows), np.array([0, 3, 4, 9]))

    def test_whole_sequences_are_padded(self):
        x, mask = self.ragged.whole(np.array([2, 1]))
        self.assertEqual(mask.sum(1).tolist(), [5, 1])
        self.assertEqual(x[0, :, 0].tolist(), [20, 21, 22, 23, 24])
        self.assertEqual(x[1][mask[1]].tolist(), [[10]])

    def test_parts_stay_within_their_sequence_and_in_order(self):
        for seed in range(20):
            x = self.ragged.parts(np.array([0, 1, 2]), 4, np.random.default_rng(seed))[..., 0].numpy()
            for row, part in zip(self.rows, x):
                self.assertTrue(set(part) <= set(row[:, 0]))
                self.assertTrue((np.diff(part) >= 0).all())


if __name__ == "__main__":
    unittest.main()
