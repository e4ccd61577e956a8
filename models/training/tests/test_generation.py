"""Questions made from captions."""

import unittest

import numpy as np

from ..sensorium.generation import Generator, presence


class GenerationTests(unittest.TestCase):
    def setUp(self):
        self.generator = Generator({"dog", "frisbee", "dogs", "horses", "bed"}, {"park", "kitchen"}, {"catching", "running"})

    def made(self, caption: str) -> set[tuple[str, str, str]]:
        return set(self.generator.questions(caption))

    def test_a_caption_gives_object_color_action_and_place(self):
        made = self.made("A brown dog is catching a red frisbee in the park.")
        self.assertEqual(made, {
            ("what is catching the red frisbee in the park?", "dog", "object"),
            ("what is the dog catching?", "frisbee", "object"),
            ("what is the dog doing?", "catching", "action"),
            ("where is the dog catching?", "park", "location"),
            ("what is the color of the dog?", "brown", "color"),
            ("what is the color of the frisbee?", "red", "color"),
        })

    def test_numbers_are_asked_for_with_how_many(self):
        self.assertIn(("how many white horses are running through the snow?", "two", "number"), self.made("Two white horses running through the snow"))
        self.assertIn(("how many dogs are there?", "three", "number"), self.made("A man walks with three dogs"))

    def test_persons_are_asked_for_with_who(self):
        self.assertIn(("who is sitting on the bed?", "woman", "person"), self.made("A young woman sitting on a bed while a dog sleeps"))

    def test_two_colors_of_one_thing_give_no_question(self):
        self.assertFalse(any(kind == "color" for _, _, kind in self.made("A black and white dog stands near a bed")))

    def test_a_subject_of_two_nouns_gives_no_object(self):
        self.assertFalse(any(kind == "object" for _, _, kind in self.made("A man and a dog sitting on a bed")))

    def test_no_is_said_only_of_what_no_caption_names(self):
        random = np.random.default_rng(0)
        nouns, weights = ["bed", "dog", "dogs", "horses"], np.full(4, 0.25)
        for _ in range(50):
            for text, answer, kind in presence(["A dog on a bed"], nouns, weights, random):
                self.assertEqual(kind, "yes/no")
                self.assertEqual(answer, "no" if "horses" in text else "yes", text)


if __name__ == "__main__":
    unittest.main()
