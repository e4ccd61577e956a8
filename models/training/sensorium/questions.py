"""Questions about photos and their answers, and the rules by which two answers are the same."""

import re
from dataclasses import dataclass
from pathlib import Path

from .data import QUESTION_SETS

NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "
    "nineteen twenty"
).split()


@dataclass(frozen=True)
class Question:
    """A question about the photo `name` of `folder`; `source` is "COCO-QA", "VQA v2", "DAQUAR" or "captions"."""

    folder: str
    name: str
    text: str
    answers: tuple[str, ...]
    kind: str
    source: str


def answer_of(text: str) -> str:
    """An answer as a label: lower case, numbers in words ("2" and "two" are one), American colours."""
    text = " ".join(text.lower().split())
    if text.isdigit() and int(text) < len(NUMBERS):
        return NUMBERS[int(text)]
    return "gray" if text == "grey" else text


def exchanged(text: str) -> str:
    """The question as it is asked about the mirrored photo."""
    return re.sub(r"\b(left|right)\b", lambda match: {"left": "right", "right": "left"}[match[0]], text)


def read_questions(data: Path, split: str, folders: tuple[str, ...] = QUESTION_SETS) -> list[Question]:
    """Questions of a split in the order of the tables. DAQUAR's several answers come apart."""
    questions = []
    for folder in folders:
        for line in (data / folder / "questions.tsv").read_text().splitlines():
            name, row_split, text, answers, kind, *source = line.split("\t")
            if row_split == split:
                parts = answers.split(",") if folder == "vqa/daquar" else [answers]
                unique = tuple(dict.fromkeys(answer_of(part) for part in parts if part.strip()))
                questions.append(Question(folder, name, " ".join(text.split()), unique, kind, source[0] if source else "DAQUAR"))
    return questions


def write_generated(path: Path, questions: list[Question]) -> None:
    path.write_text("".join(f"{q.folder}\t{q.name}\t{q.text}\t{q.answers[0]}\t{q.kind}\n" for q in questions))


def read_generated(path: Path) -> list[Question]:
    rows = (line.split("\t") for line in path.read_text().splitlines())
    return [Question(folder, name, text, (answer,), kind, "captions") for folder, name, text, answer, kind in rows]
