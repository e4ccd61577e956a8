"""Everyday sounds: what they are called, how clips are altered and split, and how finding them is counted."""

import unittest

import numpy as np
import torch

from ..sensorium.fusion import ProjectionHead
from ..sensorium.hearing import Shown, figures_of, naming, precision_at
from ..sensorium.data import Photo
from ..sensorium.scaling import Scaling
from ..sensorium.sound_phrases import PHRASES, THINGS, held_out_phrase, names, trained_phrases
from ..sensorium.sounds import Sound, altered, folds_of, loudness, mix_of, mixed


def clips() -> list[Sound]:
    """Two kinds, six recordings each, of which some have two clips; the last recording of a kind is dev."""
    return [
        Sound(f"1-{kind}{recording}-{clip}-0.ogg", "dev" if recording == 5 else "train", name)
        for kind, name in enumerate(("cat", "dog")) for recording in range(6) for clip in "AB"[: 1 + recording % 2]
    ]


class PhraseTests(unittest.TestCase):
    def test_every_kind_has_phrases_of_its_own_and_one_that_is_not_trained(self):
        self.assertEqual(len(PHRASES), 50)
        every = [phrase for phrases in PHRASES.values() for phrase in phrases]
        self.assertEqual(len(every), len(set(every)))
        for kind in PHRASES:
            self.assertGreaterEqual(len(trained_phrases(kind)), 7)
            self.assertNotIn(held_out_phrase(kind), trained_phrases(kind))

    def test_things_belong_to_kinds(self):
        self.assertLessEqual(set(THINGS), set(PHRASES))

    def test_captions_name_what_is_heard_and_not_what_sounds_like_it(self):
        self.assertTrue(names("dog", ["Two DOGS run .", "Animals on grass"]))
        self.assertFalse(names("dog", ["A hot dog with mustard", "a dogged man"]))
        self.assertTrue(names("sea waves", ["waves crash"]))
        self.assertFalse(names("sea waves", ["A woman waves at the camera"]))
        self.assertFalse(names("crackling fire", ["a red fire hydrant"]))
        self.assertFalse(names("breathing", ["a man breathing"]))


class AlteringTests(unittest.TestCase):
    def test_a_recording_is_in_one_fold_and_folds_are_alike_in_size(self):
        sounds = clips()
        folds = folds_of(sounds, 3)
        for recording in {sound.recording for sound in sounds}:
            self.assertEqual(len({fold for sound, fold in zip(sounds, folds) if sound.recording == recording}), 1)
        self.assertEqual(set(folds), {0, 1, 2})

    def test_what_is_mixed_in_comes_from_the_same_part_and_fold(self):
        sounds = clips()
        folds = folds_of(sounds, 3)
        for row in range(len(sounds)):
            self.assertEqual(mix_of(row, 0, sounds, folds).share, 0)
            for copy in (1, 3, 5):
                mix = mix_of(row, copy, sounds, folds)
                self.assertEqual((sounds[mix.other].split, folds[mix.other]), (sounds[row].split, folds[row]))
                self.assertEqual(mix, mix_of(row, copy, sounds, folds))

    def test_a_mix_is_as_loud_as_its_first_sound(self):
        random = np.random.default_rng(0)
        one, other = random.normal(0, 0.1, 1000), random.normal(0, 0.01, 700)
        both = mixed(one, other, 0.3)
        self.assertEqual(len(both), 1000)
        self.assertAlmostEqual(loudness(both), loudness(one), places=4)
        self.assertTrue(np.isfinite(mixed(np.zeros(10), np.zeros(5), 0.5)).all())

    def test_an_altered_clip_stays_between_half_and_a_little_more_than_its_length(self):
        clip = np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32)
        for seed in range(20):
            self.assertTrue(6_900 < len(altered(clip, np.random.default_rng(seed))) < 18_500)


class SpaceTests(unittest.TestCase):
    def test_a_head_trained_on_scaled_states_reads_states_as_they_are(self):
        torch.manual_seed(0)
        source = {"tower": "audio", "hidden_states": [0, 1], "pooling": "mean_deviation"}
        config = {"width": 8, "attention_heads": 2, "feed_forward": 8, "layer_norm_eps": 1e-5, "dimensions": 4, "inputs": {"audio": source}}
        head = ProjectionHead(config, {"audio": 6}).eval()
        states, mask = torch.randn(2, 2, 5, 6) * torch.logspace(-1, 1, 6) + 3, torch.ones(2, 5, dtype=torch.bool)
        scaling = Scaling.of(states.flatten(0, 2))
        with torch.no_grad():
            expected = head("audio", scaling(states), mask)
            weights = scaling.into(head.state_dict(), "inputs.audio.projection")
            head.load_state_dict(weights)
            torch.testing.assert_close(head("audio", states, mask), expected, atol=1e-4, rtol=1e-4)
            back = scaling.out_of(weights, "inputs.audio.projection")
            head.load_state_dict(back)
            torch.testing.assert_close(head("audio", scaling(states), mask), expected, atol=1e-4, rtol=1e-4)

    def test_precision_counts_the_highest(self):
        scores, right = torch.tensor([[0.9, 0.1, 0.8, 0.7]]), torch.tensor([[True, True, False, True]])
        self.assertAlmostEqual(precision_at(scores, right, 2).item(), 0.5)

    def test_kinds_count_for_photos_only_with_enough_of_them(self):
        kinds = ["cat", "dog"]
        photos = [Photo("set", f"{row}.jpg", ["a dog" if row < 25 else "a cat"]) for row in range(40)]
        vectors = torch.stack([torch.tensor([1.0, 0]) if row < 25 else torch.tensor([0, 1.0]) for row in range(40)])
        sounds = torch.tensor([[1.0, 0], [0, 1.0], [1.0, 0], *[[0.7, -0.7]] * 5])
        labels = np.array([1, 0, 1, 0, 0, 0, 0, 0])
        figures = figures_of(kinds, sounds, labels, torch.tensor([[-1.0, 0.1], [1.0, 0]]), Shown(vectors, naming(kinds, photos)))
        self.assertEqual(set(figures["each"]), {"dog"})
        self.assertEqual(figures["sound to photo"], 1.0)
        self.assertAlmostEqual(figures["sound to photo, chance"], 25 / 40)
        self.assertEqual((figures["phrases"], figures["clips"]), (2, 8))
        self.assertEqual(figures["text to sound"], 1.0)
        self.assertAlmostEqual(figures["text to sound, chance"], (1 + 1 - (6 * 5 * 4 * 3 * 2) / (8 * 7 * 6 * 5 * 4)) / 2)


if __name__ == "__main__":
    unittest.main()
