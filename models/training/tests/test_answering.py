"""Training answers questions as the head does that is served, and reads answers as people mean them."""

import unittest

import numpy as np
import torch

from ..sensorium.answering import Quiz, answer, encode_image, figures, vqa_config
from ..sensorium.fusion import ClassifierHead
from ..sensorium.questions import Question, answer_of, exchanged
from ..sensorium.warm import narrowed


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

    @torch.no_grad()
    def test_a_match_in_the_joint_space_is_one_more_term(self):
        torch.manual_seed(0)
        config = vqa_config(["a", "b", "c"])
        config["fusion"]["match"] = {"head": "space", "inputs": {"image": "image", "question": "text"}, "dimensions": 4}
        head = ClassifierHead(config, {"image": 16, "text": 8}).eval()
        head.fusion.match.mean.copy_(torch.tensor([0.5, 0.0, 0.0, 0.0]))
        image, question = torch.tensor([[0.5, 0.5, 0.5, 0.5]]), torch.tensor([[0.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]])
        self.assertEqual(head.fusion.match({"image": image, "question": question}).tolist(), [[0, 2, 0, 0], [0, 0, 0, 0]])
        tokens, states = torch.rand(1, 81, 16), torch.rand(2, 5, 8)
        seen, mask, photo = torch.ones(2, 81, dtype=torch.bool), torch.ones(2, 5, dtype=torch.bool), torch.tensor([0, 0])
        given, vectors = {"image": tokens[photo], "question": states}, {"image": image[photo], "question": question}
        for there in (seen, ~seen):  # without the image the term is zeros
            parts = torch.tensor([[float(there.any()), 1.0]] * 2)
            shared, _ = answer(head, encode_image(head.inputs["image"], tokens), photo, states, mask, parts, (image, question))
            wanted, _ = head(given, {"image": there, "question": mask}, vectors)
            torch.testing.assert_close(shared, wanted, atol=1e-5, rtol=1e-4)
        # It is the last of the classifier's columns.
        head.classifier.up.weight[:, -4:] = 0
        torch.testing.assert_close(head(given, {"image": seen, "question": mask}, vectors)[0], head(given, {"image": seen, "question": mask}, {name: -v for name, v in vectors.items()})[0])

    @torch.no_grad()
    def test_a_narrowed_head_keeps_the_units_that_do_most(self):
        wide, narrow = ({**vqa_config(["a", "b"]), "feed_forward": inner} for inner in (8, 5))
        head = ClassifierHead(wide, {"image": 16, "text": 8}).eval()
        layers = [*head.inputs["image"].layers, *head.fusion.cross["question_to_image"].layers]
        for layer in layers:
            layer.feed_forward.down.weight[:, [1, 4, 6]] = 0
        other = ClassifierHead(narrow, {"image": 16, "text": 8}).eval()
        other.load_state_dict(narrowed(head.state_dict(), 5))
        tokens = {"image": torch.rand(1, 81, 16), "question": torch.rand(1, 4, 8)}
        masks = {name: torch.ones(x.shape[:2], dtype=torch.bool) for name, x in tokens.items()}
        torch.testing.assert_close(other(tokens, masks)[0], head(tokens, masks)[0], atol=1e-5, rtol=1e-4)

    def test_what_a_text_alone_says_about_yes_and_no_does_not_count(self):
        def both(text: str, answers: str) -> list[Question]:
            return [question(text, {"y": "yes", "n": "no"}[a], kind="yes/no", name=str(i)) for i, a in enumerate(answers)]

        asked = both("is this a zoo?", "yyyn") + both("is this real?", "yy") + [question("what?", "cup")]
        weights = Quiz(asked, ["yes", "no", "cup"]).weights()
        self.assertEqual([weights.get(q, 1) for q in asked], [1 / 3, 1 / 3, 1 / 3, 1, 0, 0, 1])

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
