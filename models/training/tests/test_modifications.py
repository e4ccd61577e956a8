"""Composed queries and concepts out of captions."""

import unittest

import torch

from ..concepts import phrases_of
from ..sensorium.data import Photo
from ..sensorium.modifications import attributes, pairs_of, places_of


def photo(name: str, *captions: str) -> Photo:
    return Photo("set", name, list(captions))


PHOTOS = [
    photo("a", "A brown dog is running in the grass .", "A brown dog runs through the grass ."),
    photo("b", "A brown dog is running on a beach .", "The brown dog running on the beach ."),
    photo("c", "Two brown dogs running through the grass .", "Two brown dogs run in the grass ."),
    photo("d", "A cat sleeping on a bed .", "A cat lies on the bed ."),
    photo("e", "A brown dog is running in the grass near the sand .", "A brown dog runs in the grass ."),
]


class ModificationTests(unittest.TestCase):
    def test_a_caption_says_subject_and_attributes(self):
        subject, found = attributes("Two young women in red shirts are sitting on a wooden bench .")
        self.assertEqual(subject, "woman")
        self.assertEqual(found["number"], ("two", "two women"))
        self.assertEqual(found["colour"], ("wearing red", "in red shirts"))
        self.assertEqual(found["place"], ("bench", "on a wooden bench"))
        self.assertEqual(found["action"][0], "sitting")

    def test_a_caption_without_a_known_subject_says_nothing(self):
        self.assertEqual(attributes("Snow everywhere ."), (None, {}))

    def test_words_say_what_is_different_and_nothing_else(self):
        pairs = pairs_of(PHOTOS, 10, 10, 0)
        said = {(pair.reference, pair.target, pair.kind): pair.text for pair in pairs}
        self.assertIn(said[0, 1, "place"], ("on a beach", "on the beach"))
        self.assertEqual(said[0, 2, "number"], "two dogs")
        self.assertEqual(said[2, 0, "number"], "a dog")

    def test_pairs_have_one_subject_and_never_themselves(self):
        for pair in pairs_of(PHOTOS, 10, 10, 0):
            self.assertNotIn(3, (pair.reference, pair.target))
            self.assertNotEqual(pair.reference, pair.target)

    def test_what_the_reference_already_mentions_is_no_change(self):
        self.assertNotIn((4, 1, "place"), {(pair.reference, pair.target, pair.kind) for pair in pairs_of(PHOTOS, 10, 10, 0)})

    def test_a_target_is_used_so_often_at_most(self):
        targets = [pair.target for pair in pairs_of(PHOTOS, 10, 2, 0)]
        self.assertLessEqual(max(targets.count(target) for target in targets), 2)

    def test_the_same_seed_gives_the_same_pairs(self):
        self.assertEqual(pairs_of(PHOTOS, 1, 5, 7), pairs_of(PHOTOS, 1, 5, 7))

    def test_the_reference_is_not_among_the_hits(self):
        pairs = [pair for pair in pairs_of(PHOTOS, 10, 10, 0) if (pair.reference, pair.target) == (0, 1)]
        photos = torch.eye(5)
        queries = torch.tensor([[1.0, 0.9, 0.95, 0, 0]]).repeat(len(pairs), 1)
        self.assertEqual(places_of(queries, photos, pairs).tolist(), [1] * len(pairs))

    def test_concepts_are_the_most_frequent_phrases(self):
        captions = [caption for photo in PHOTOS for caption in photo.captions]
        phrases = phrases_of(captions, 5)
        self.assertEqual(len(phrases), 5)
        self.assertIn("a dog running", phrases)
        self.assertEqual(len(phrases), len(set(phrases)))


if __name__ == "__main__":
    unittest.main()
