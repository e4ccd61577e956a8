"""Articles by the sound of what follows them."""

import unittest

from ..sensorium.article import agreeing, article


class ArticleTest(unittest.TestCase):
    def test_an_stands_before_the_sound_of_a_vowel(self):
        for word in ("elephant", "Owl", "umbrella", "unusual", "hourglass", "uninhabited house", "suv", "orange"):
            self.assertEqual(article(word), "an", word)

    def test_a_stands_before_the_sound_of_a_consonant(self):
        for word in ("lion", "unicycle", "uniform", "one", "used car", "European", "horse", "yak", "27", ""):
            self.assertEqual(article(word), "a", word)

    def test_articles_of_a_caption_agree_with_what_follows(self):
        self.assertEqual(agreeing("a umbrella and an dog on a red mat"), "an umbrella and a dog on a red mat")


if __name__ == "__main__":
    unittest.main()
