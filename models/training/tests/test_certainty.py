"""Curves of confidence, and the figures that say how far they hold."""

import unittest

import numpy as np

from training.sensorium.certainty import Judged, auroc, calibration_error, cross_fitted, fitted_curve, halves, interval, said_by


def drawn(count: int, seed: int = 0) -> list[Judged]:
    """Answers that are right with probability 1 / (1 + exp(-odds)), whatever else is measured of them."""
    random = np.random.default_rng(seed)
    odds = random.normal(0.5, 1.5, count)
    right = random.random(count) < 1 / (1 + np.exp(-odds))
    return [Judged(f"photo {row // 2}", 0.5, {"odds": odds[row], "noise": random.normal(), "constant": 3.0}, bool(right[row])) for row in range(count)]


class Certainty(unittest.TestCase):
    def test_answers_of_one_group_stay_together(self):
        first, second = halves(drawn(101))
        self.assertEqual(len(first) + len(second), 101)
        self.assertFalse({answer.group for answer in first} & {answer.group for answer in second})

    def test_a_curve_finds_what_the_odds_were_drawn_by(self):
        curve = fitted_curve(drawn(20000), ["odds", "noise", "constant"])
        self.assertEqual(list(curve["measures"]), ["odds", "noise"])
        self.assertAlmostEqual(curve["measures"]["odds"]["weight"], 1, delta=0.1)
        self.assertAlmostEqual(curve["measures"]["noise"]["weight"], 0, delta=0.1)
        self.assertAlmostEqual(curve["offset"], curve["measures"]["odds"]["usual"], delta=0.1)

    def test_what_is_fitted_holds_on_the_other_half(self):
        answers = drawn(4000)
        said, right = cross_fitted(answers, ["odds", "noise"]), np.array([answer.is_right for answer in answers])
        self.assertLess(calibration_error(said, right), 0.04)
        low, high = interval(said, right, draws=100)
        self.assertTrue(0 < low < high < 0.08)

    def test_the_calibration_error_is_the_mean_distance_over_bins(self):
        said, right = np.array([0.95, 0.95, 0.15, 0.15]), np.array([True, False, False, False])
        self.assertAlmostEqual(calibration_error(said, right), 0.5 * 0.45 + 0.5 * 0.15)

    def test_right_answers_are_compared_with_wrong_ones(self):
        self.assertEqual(auroc(np.array([0.9, 0.8, 0.2, 0.2]), np.array([True, False, True, False])), (1 + 1 + 0 + 0.5) / 4)

    def test_a_curve_is_said_as_the_server_says_it(self):
        curve = {"offset": 0.0, "measures": {"odds": {"weight": 2.0, "usual": 1.0}}}
        answers = [Judged("", 0, {"odds": 2.5}, True)]
        self.assertAlmostEqual(said_by(curve, answers)[0], 0.952574, places=6)


if __name__ == "__main__":
    unittest.main()
