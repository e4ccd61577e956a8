"""Questions made from captions."""

import unittest

import numpy as np

from ..sensorium.data import Photo
from ..sensorium.generation import Generator, asked_by_people, presence


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

    def test_people_are_imitated_with_what_captions_name_often(self):
        photos = [Photo("coco_captions", f"d{i}", ["a man riding a horse"]) for i in range(25)]
        photos += [Photo("coco_captions", f"k{i}", ["a woman cooking in the kitchen"]) for i in range(25)]
        made = asked_by_people(photos, 1, np.random.default_rng(0))
        self.assertEqual({(q.kind, q.source) for q in made}, {("yes/no", "captions")})
        texts = {q.text for q in made}
        self.assertLessEqual({"is this a horse?", "is this man riding?", "is this man cooking?", "could this be kitchen?"}, texts)
        for q in made:
            true = any(word in ("man", "riding", "horse") for word in q.text.replace("?", "").split()[-1:]) == q.name.startswith("d")
            self.assertEqual(q.answers, ("yes" if true else "no",), q.text)
        self.assertEqual(made, asked_by_people(photos, 1, np.random.default_rng(0)))


if __name__ == "__main__":
    unittest.main()
