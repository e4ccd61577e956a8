"""Questions about the dev photos of COCO and DAQUAR: exact answers, beside what can be said without looking."""

import argparse
from collections import Counter, defaultdict

from ..sensorium.answering import figures
from ..sensorium.client import Server, ask_all
from ..sensorium.data import Photo, read_files, uploadable
from ..sensorium.questions import Question, answer_of, read_questions


class Guesses:
    """The most frequent answer among training questions: of a kind, or of the very same question."""

    def __init__(self, questions: list[Question]):
        kinds: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        texts: dict[str, Counter[str]] = defaultdict(Counter)
        for question in questions:
            kinds[question.source, question.kind].update(question.answers)
            texts[question.text.lower()].update(question.answers)
        self.kinds = {key: counts.most_common(1)[0][0] for key, counts in kinds.items()}
        self.texts = {key: counts.most_common(1)[0][0] for key, counts in texts.items()}

    def by_kind(self, question: Question) -> str:
        return self.kinds.get((question.source, question.kind), "")

    def by_question(self, question: Question) -> str:
        """Falls back to the kind for a question that was never asked."""
        return self.texts.get(question.text.lower(), self.by_kind(question))


def run(server: Server, arguments: argparse.Namespace) -> None:
    questions = read_questions(arguments.data, "dev")
    if arguments.items:
        sources = dict.fromkeys((q.source, q.kind == "yes/no") for q in questions)
        questions = [q for key in sources for q in [q for q in questions if (q.source, q.kind == "yes/no") == key][: arguments.items]]
    photos = [Photo(folder, name, []) for folder, name in dict.fromkeys((q.folder, q.name) for q in questions)]
    files = {(photos[row].folder, photos[row].name): file for row, file in read_files(arguments.data, "dev", photos)}

    def ask(question: Question) -> str:
        parts = {"image": uploadable(files[question.folder, question.name]), "question": question.text.encode()}
        return answer_of(server.ask("/v1/vqa", parts, {"top": "1"})["answer"])

    given = figures(questions, ask_all(ask, questions, arguments.connections))
    guesses = Guesses(read_questions(arguments.data, "train"))
    by_kind = figures(questions, [guesses.by_kind(q) for q in questions])
    by_question = figures(questions, [guesses.by_question(q) for q in questions])
    counts = Counter(name for q in questions for name in figures([q], [""]))
    for name, value in given.items():
        print(f"{name}: {value:.4f} (most frequent answer of its kind {by_kind[name]:.4f}, of the same question {by_question[name]:.4f}), {counts[name]} questions")
    print(f"{len(photos)} photos; DAQUAR: the whole answer of the person; \"one of\": one of a person's several answers counts")
