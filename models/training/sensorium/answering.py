"""The VQA head in training: photos are encoded once for all of their questions."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .data import Photo
from .fusion import ClassifierHead, Input, ProjectionHead, masked_mean
from .questions import Question
from .texts import TextBank, TextCache

WIDTHS = {"image": 1280, "text": 384}

# The fusion's term of the joint space.
MATCH = {"head": "space", "inputs": {"image": "image", "question": "text"}, "dimensions": 256}


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


@torch.no_grad()
def photo_vectors(space: ProjectionHead, tokens: Tensor) -> Tensor:
    """Tokens of whole photos to vectors of the joint space, [photos, dimensions]."""
    return space(MATCH["inputs"]["image"], tokens, torch.ones(tokens.shape[:2], dtype=torch.bool, device=tokens.device))


@torch.no_grad()
def question_vectors(space: ProjectionHead, questions: Sequence[str], texts: TextCache) -> dict[str, Tensor]:
    """Every question as a vector of the joint space; those of one length go together."""
    order = sorted(dict.fromkeys(questions), key=texts.length)
    vectors = [space(MATCH["inputs"]["question"], *texts.batch(order[i : i + 256])) for i in range(0, len(order), 256)]
    return dict(zip(order, torch.cat(vectors)))


def fused_terms(
    head: ClassifierHead, image: Tensor, photo: Tensor, question: Tensor, mask: Tensor, parts: Tensor | None = None,
    vectors: tuple[Tensor, Tensor] | None = None,
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """What the classifier is given, [questions, terms], and the means of photos and questions. Arguments as for `answer`."""
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
    if head.fusion.match is not None:
        terms.append(head.fusion.match({"image": vectors[0][photo], "question": vectors[1]}))
    if parts is not None:
        both = parts[:, 0] * parts[:, 1]
        there = [parts[:, 0], parts[:, 1], both, both]
        terms = [term * keep[:, None] for term, keep in zip(terms, there)]
    return torch.cat(terms, 1), (own_image, own_question)


def answer(
    head: ClassifierHead, image: Tensor, photo: Tensor, question: Tensor, mask: Tensor, parts: Tensor | None = None,
    vectors: tuple[Tensor, Tensor] | None = None,
) -> tuple[Tensor, dict[str, Tensor]]:
    """Logits [questions, labels] and each part's own, as `ClassifierHead` computes them.

    `image`: encoded photos [photos, k, width]; `photo` [questions]: which of them a question is about; `question`, `mask`:
    states of the text tower. `parts` [questions, 2]: 1 where the image, the question is there (training leaves some out).
    `vectors`, for a head with a match: the photos and the questions in the joint space, [photos, d] and [questions, d].
    """
    terms, (own_image, own_question) = fused_terms(head, image, photo, question, mask, parts, vectors)
    # What a part says alone is learned beside the fusion and does not steer it.
    alone = {"image": head.alone["image"](own_image.detach())[photo], "question": head.alone["question"](own_question.detach())}
    return head.classifier(terms), alone


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

    def weights(self) -> dict[Question, float]:
        """What a question counts for. Of a yes/no question the people who ask again and again got both answers alike, so
        what a text alone was answered in one part of the photos says the opposite of the rest: "yes" and "no" of the same
        text weigh the same here, and a text with one of them teaches nothing about it."""
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        asked = [q for questions in self.questions for q in questions if q.kind == "yes/no"]
        for q in asked:
            counts[q.text.lower()][q.answers[0]] += 1
        return {q: min(found["yes"], found["no"]) / found[q.answers[0]] for q in asked if (found := counts[q.text.lower()])}

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
