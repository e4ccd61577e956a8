"""Training answers questions as the head does that is served, and reads answers as people mean them."""

import unittest

import numpy as np
import torch

from ..sensorium.answering import Quiz, answer, encode_image, figures, vqa_config
from ..sensorium.fusion import ClassifierHead
from ..sensorium.questions import Question, answer_of, exchanged


def question(text: str, *answers: str, source: str = "COCO-QA", name: str = "a", kind: str = "object") -> Question:
    return Question("coco_captions", name, text, answers, kind, source)


class AnsweringTests(unittest.TestCase):
    @torch.no_grad()
    def test_questions_that_share_a_photo_get_the_heads_own_answers(self):
        torch.manual_seed(0)
        head = ClassifierHead(vqa_config(["a", "b", "c"]), {"image": 16, "text": 8}).eval()
        tokens, states = torch.rand(2, 81, 16), torch.rand(5, 7, 8)
        mask, photo = torch.arange(7)[None] < torch.tensor([[7], [3], [5], [1], [6]]), torch.tensor([0, 0, 1, 1, 1])
        shared, alone = answer(head, encode_image(head.inputs["image"], tokens), photo, states, mask)
        seen = torch.ones(5, 81, dtype=torch.bool)
        wanted, own = head({"image": tokens[photo], "question": states}, {"image": seen, "question": mask})
        torch.testing.assert_close(shared, wanted, atol=1e-5, rtol=1e-4)
        for part, logits in own.items():
            torch.testing.assert_close(alone[part], logits, atol=1e-5, rtol=1e-4)
        # A part that training leaves out is as one that a request does not have.
        blind, _ = answer(head, encode_image(head.inputs["image"], tokens), photo, states, mask, torch.tensor([[0.0, 1.0]] * 5))
        wanted, _ = head({"image": tokens[photo], "question": states}, {"image": ~seen, "question": mask})
        torch.testing.assert_close(blind, wanted, atol=1e-5, rtol=1e-4)

    def test_numbers_and_spellings_of_an_answer_are_one(self):
        self.assertEqual([answer_of(text) for text in ("2", "Two", " grey ", "flower  pot", "21")], ["two", "two", "gray", "flower pot", "21"])

    def test_sides_are_exchanged_with_the_photo(self):
        self.assertEqual(exchanged("what is left of the lamp on the right side?"), "what is right of the lamp on the left side?")
        self.assertEqual(exchanged("is there a leftover?"), "is there a leftover?")

    def test_several_answers_share_the_target(self):
        quiz = Quiz([question("what?", "cup", "book", "unknown")], ["book", "cup", "dog"])
        self.assertEqual(quiz.targets(quiz.questions[0]).tolist(), [[0.5, 0.5, 0.0]])

    def test_mirror_images_are_not_asked_about_sides(self):
        quiz = Quiz([question("what is on the left?", "cup"), question("what is on the table?", "cup")], ["cup"])
        random = np.random.default_rng(0)
        for _ in range(20):
            for batch in quiz.epoch(4, 2, 1.0, lambda photo: 2, random):
                texts = [q.text for q in batch.questions]
                self.assertEqual(texts, ["what is on the table?"] if batch.views[0] else ["what is on the left?", "what is on the table?"])

    def test_strict_accuracy_wants_the_whole_answer(self):
        asked = [question("what?", "cup", "book", source="DAQUAR"), question("what?", "cup", source="DAQUAR")]
        result = figures(asked, ["cup", "cup"])
        self.assertEqual((result["DAQUAR"], result["DAQUAR one of"]), (0.5, 1.0))


if __name__ == "__main__":
    unittest.main()
