"""Step 8. Questions made from captions, and the answers that the network may give.

Writes `questions.tsv` (generated questions of training photos) and `answers.json` (the labels) into the work folder.
Of the generated questions, answers that are too frequent are thinned, as in COCO-QA (Ren 2015).
"""

import argparse
import json
from collections import Counter
from pathlib import Path

import numpy as np

from .sensorium.data import read_photos
from .sensorium.generation import PERSONS, Generator, presence, words_of
from .sensorium.questions import Question, answer_of, read_questions, write_generated


def vocabulary(questions: list[Question], least: int) -> list[str]:
    """Answers of training questions, the most frequent first."""
    counts = Counter(answer for question in questions for answer in question.answers)
    return [answer for answer, count in counts.most_common() if count >= least]


def frequent_actions(captions: list[str], most: int) -> set[str]:
    """Words in "-ing" that captions use most."""
    counts = Counter(word for caption in captions for word in words_of(caption) if word.endswith("ing") and len(word) > 5)
    return {word for word, _ in counts.most_common(most)}


def generate(photos, questions: list[Question], per_answer: int, random: np.random.Generator) -> list[Question]:
    coco = [question for question in questions if question.source == "COCO-QA"]
    objects = {q.answers[0] for q in coco if q.kind == "object"}
    places = {q.answers[0] for q in coco if q.kind == "location"} | set("field park beach water grass snow sand road pool air yard ocean".split())
    actions = frequent_actions([caption for photo in photos for caption in photo.captions], 60)
    generator = Generator(objects, places, actions)
    counts = Counter(word for photo in photos for caption in photo.captions for word in set(words_of(caption)))
    nouns = sorted(noun for noun in objects | PERSONS if counts[noun] >= 20)
    weights = np.array([counts[noun] ** 0.75 for noun in nouns])
    weights /= weights.sum()

    known = {(q.folder, q.name, q.text.lower()) for q in questions}
    made = []
    for photo in photos:
        found = [item for caption in photo.captions for item in generator.questions(caption)]
        found += presence(photo.captions, nouns, weights, random)
        for text, answer, kind in dict.fromkeys(found):
            if (photo.folder, photo.name, text) not in known:
                made.append(Question(photo.folder, photo.name, text, (answer_of(answer),), kind, "captions"))
    # One question, two answers: captions disagree, or there are two of a kind. Both stay out.
    answers: dict[tuple, set[str]] = {}
    for q in made:
        answers.setdefault((q.folder, q.name, q.text), set()).add(q.answers[0])
    made = [q for q in made if len(answers[q.folder, q.name, q.text]) == 1 or q.kind == "action"]
    # Thinned to `per_answer` of each kind and answer (yes/no stays).
    order, kept, taken = random.permutation(len(made)), [], Counter()
    for index in order:
        question = made[index]
        taken[question.kind, question.answers[0]] += 1
        if question.kind == "yes/no" or taken[question.kind, question.answers[0]] <= per_answer:
            kept.append(index)
    return [made[index] for index in sorted(kept)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--per-answer", type=int, default=400, help="generated questions of a kind with the same answer, at most")
    parser.add_argument("--least", type=int, default=2, help="times that an answer must occur to become a label")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    questions = read_questions(arguments.data, "train")
    photos = read_photos(arguments.data, "train")
    generated = generate(photos, questions, arguments.per_answer, np.random.default_rng(arguments.seed))
    labels = vocabulary(questions, arguments.least)
    frequent = Counter(q.answers[0] for q in generated)
    labels += [answer for answer, count in frequent.most_common() if count >= 40 and answer not in labels]
    write_generated(arguments.work / "questions.tsv", [q for q in generated if q.answers[0] in set(labels)])
    (arguments.work / "answers.json").write_text(json.dumps(labels))
    print(f"{len(questions)} questions of people and COCO-QA, {len(generated)} generated: {dict(Counter(q.kind for q in generated))}")
    print(f"{len(labels)} answers; they hold all of {sum(set(q.answers) <= set(labels) for q in questions) / len(questions):.3f} of the questions")


if __name__ == "__main__":
    main()
