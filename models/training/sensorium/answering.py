"""The VQA head in training: photos are encoded once for all of their questions."""

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .data import Photo
from .fusion import ClassifierHead, Input, masked_mean
from .questions import Question
from .texts import TextBank, TextCache

WIDTHS = {"image": 1280, "text": 384}


def vqa_config(labels: list[str], layers: int = 2, image_layers: int = 1) -> dict:
    return {
        "type": "classifier", "task": "vqa", "labels": labels, "width": 384, "attention_heads": 6, "feed_forward": 384,
        "hidden": 192, "layer_norm_eps": 1e-5,
        "inputs": {"image": {"tower": "image", "positions": 81, "layers": image_layers}, "question": {"tower": "text"}},
        "fusion": {"type": "cross_attention", "pairs": [["question", "image"]], "combine": "concat", "layers": layers},
        "required": ["image", "question"],
    }


def encode_image(adapter: Input, tokens: Tensor, kept: Tensor | None = None) -> Tensor:
    """The adapter on the tokens of a tower at the places `kept` [k]: [photos, k, width]."""
    positions = adapter.positions if kept is None else adapter.positions[kept]
    x = adapter.dropout(adapter.norm(adapter.projection(tokens)) + positions)
    mask = torch.ones(x.shape[:2], dtype=torch.bool, device=x.device)
    for layer in adapter.layers:
        x = layer(x, mask)
    return x


def answer(
    head: ClassifierHead, image: Tensor, photo: Tensor, question: Tensor, mask: Tensor, parts: Tensor | None = None
) -> tuple[Tensor, dict[str, Tensor]]:
    """Logits [questions, labels] and each part's own, as `ClassifierHead` computes them.

    `image`: encoded photos [photos, k, width]; `photo` [questions]: which of them a question is about; `question`, `mask`:
    states of the text tower. `parts` [questions, 2]: 1 where the image, the question is there (training leaves some out).
    """
    x = head.inputs["question"](question, mask)
    own_image, own_question = image.mean(1), masked_mean(x, mask)
    cross = head.fusion.cross["question_to_image"]
    h = x
    for layer in cross.layers:
        keys, values = layer.attention.keys_values(image)
        queries = layer.attention.split(layer.attention.query(layer.attention_norm(h)))
        mixed = F.scaled_dot_product_attention(queries, keys[photo], values[photo])
        h = h + layer.dropout(layer.attention.output(mixed.transpose(1, 2).flatten(2)))
        h = h + layer.dropout(layer.feed_forward(layer.feed_forward_norm(h)))
    pair = masked_mean(cross.norm(h), mask)
    terms = [own_image[photo], own_question, pair]
    if parts is not None:
        there = [parts[:, 0], parts[:, 1], parts[:, 0] * parts[:, 1]]
        terms = [term * keep[:, None] for term, keep in zip(terms, there)]
    # What a part says alone is learned beside the fusion and does not steer it.
    alone = {"image": head.alone["image"](own_image.detach())[photo], "question": head.alone["question"](own_question.detach())}
    return head.classifier(torch.cat(terms, 1)), alone


@dataclass
class Batch:
    photos: list[int]
    views: list[int]
    questions: list[Question]
    photo_of: list[int]


class Quiz:
    """Photos with their questions, and the batches of an epoch."""

    def __init__(self, questions: Sequence[Question], labels: list[str]):
        self.index = {label: number for number, label in enumerate(labels)}
        by_photo: dict[tuple[str, str], list[Question]] = defaultdict(list)
        for question in questions:
            if any(answer in self.index for answer in question.answers):
                by_photo[question.folder, question.name].append(question)
        self.photos = [Photo(folder, name, []) for folder, name in by_photo]
        self.questions = list(by_photo.values())

    def targets(self, questions: Sequence[Question]) -> Tensor:
        """[questions, labels]: equal shares of the answers that are labels."""
        targets = torch.zeros(len(questions), len(self.index))
        for row, question in enumerate(questions):
            known = [self.index[answer] for answer in question.answers if answer in self.index]
            targets[row, known] = 1 / len(known)
        return targets

    def epoch(self, batch: int, generated: int, flickr: float, views, random: np.random.Generator) -> list[Batch]:
        """Batches of photos with all real and at most `generated` generated questions; Flickr8k's photos, which have
        generated ones only, take part with a share of `flickr`. Mirror images are not asked about left and right."""
        chosen = []
        for photo, questions in enumerate(self.questions):
            is_flickr = questions[0].folder == "flickr8k"
            if is_flickr and random.random() >= flickr:
                continue
            view = int(random.integers(views(photo)))
            made = [q for q in questions if q.source == "captions"]
            made = [made[i] for i in random.permutation(len(made))[: 4 if is_flickr else generated]]
            asked = [q for q in questions if q.source != "captions"] + made
            if view:
                asked = [q for q in asked if not {"left", "right"} & set(q.text.lower().replace("?", "").split())]
            if asked:
                chosen.append((photo, view, asked))
        order = random.permutation(len(chosen))
        batches = []
        for start in range(0, len(order), batch):
            part = [chosen[i] for i in order[start : start + batch]]
            batches.append(Batch(
                [photo for photo, _, _ in part], [view for _, view, _ in part],
                [q for _, _, asked in part for q in asked], [i for i, (_, _, asked) in enumerate(part) for _ in asked],
            ))
        return batches


@torch.no_grad()
def answers_of(head: ClassifierHead, quiz: Quiz, tokens_of: Callable[[int, int], Tensor], texts: TextCache | TextBank, labels: list[str]):
    """Questions, fused answers, and the answers of each part alone, over all photos.
    `tokens_of(start, end)`: tokens of some of the quiz's photos."""
    asked, fused, alone = [], [], {"image": [], "question": []}
    for start in range(0, len(quiz.photos), 64):
        end = min(start + 64, len(quiz.photos))
        questions = [q for rows in quiz.questions[start:end] for q in rows]
        photo = torch.tensor([i for i, rows in enumerate(quiz.questions[start:end]) for _ in rows])
        image = encode_image(head.inputs["image"], tokens_of(start, end))
        logits, own = answer(head, image, photo.to(image.device), *texts.batch([q.text for q in questions]))
        asked += questions
        fused += [labels[i] for i in logits.argmax(1).tolist()]
        for part, values in own.items():
            alone[part] += [labels[i] for i in values.argmax(1).tolist()]
    return asked, fused, alone


def figures(questions: Sequence[Question], answers: Sequence[str]) -> dict[str, float]:
    """Accuracy by data set. DAQUAR: strict, the answer is the whole answer of the person (so a question with several
    answers is lost), and "one of", it is one of them."""
    groups: dict[str, list[bool]] = defaultdict(list)
    for question, given in zip(questions, answers):
        exact, among = (given,) == question.answers, given in question.answers
        if question.source == "COCO-QA":
            groups["COCO-QA"].append(exact)
            groups[f"COCO-QA {question.kind}"].append(exact)
        elif question.source == "VQA v2" and question.kind == "yes/no":
            groups["yes/no"].append(exact)
        elif question.source == "DAQUAR":
            groups["DAQUAR"].append(exact)
            groups["DAQUAR one of"].append(among)
    return {name: sum(rows) / len(rows) for name, rows in groups.items()}


def read_labels(work: Path) -> list[str]:
    return json.loads((work / "answers.json").read_text())
