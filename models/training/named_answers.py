"""After `training.match`: answers may be the names of things (CopyNet, Gu 2016).

The question head stands still. Beside its logits each name that was seen gets one, from the question and the name in the joint
space and from how likely the name is; both ways share one softmax. Learned from questions about COCO's photos and those made of
captions, with names exchanged for their siblings, and from what anybody asks ("what animal is this?") about photos of which the
likeliest name, any name, is the answer. Writes the component `vqa`.

    python -m training.named_answers --data DATA --work WORK --checkpoint sensorium-base
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from .caption import kinds
from .named_space import NamedSpace
from .sensorium.answering import WIDTHS, encode_image, fused_terms, photo_vectors
from .sensorium.checkpoint import part, read
from .sensorium.component import save_component
from .sensorium.data import read_photos
from .sensorium.exchange import Exchange
from .sensorium.fusion import ClassifierHead, NamedAnswers
from .sensorium.names import FLOOR, Names, Seen, likeliest
from .sensorium.naming import SURE
from .sensorium.questions import Question, read_generated, read_questions
from .sensorium.things import read_scores
from .sensorium.tokens import TokenCache
from .sensorium.wordnet import WordNet

SETS = ("flickr8k", "coco_captions")
SIMPLE = ("what is this?", "what is in the picture?", "what is in this photo?", "what is the main thing in the picture?", "what do you see?")
OF_NOUNS = (
    "what {} is this?", "what {} is in the picture?", "what kind of {} is this?", "which {} is shown?", "what type of {} is this?",
    "what {} do you see?", "what {} is it?", "what is the name of this {}?",
)


@dataclass
class Lesson:
    """A question about what was seen in a photo: names and how likely they are, and the answer, a label or a name."""

    row: int
    text: str
    names: list[int]
    likelihoods: np.ndarray
    answer: str
    kind: str  # real, exchanged or simple


class School:
    """Photos of a split with questions, and what the frozen head says of them."""

    def __init__(self, arguments: argparse.Namespace, split: str, space: NamedSpace, rules: Exchange, synsets: list[str], nouns: WordNet):
        self.space, self.rules, self.split = space, rules, split
        self.photos = read_photos(arguments.data, split, SETS)
        self.rows = {(photo.folder, photo.name): row for row, photo in enumerate(self.photos)}
        self.cache = TokenCache(arguments.data, arguments.work, split, self.photos)
        self.seen: Seen = space.names.seen(read_scores(arguments.data, arguments.work, split, self.photos))
        self.above: list[list[str]] = [[] for _ in space.names.all]
        for kind, name in enumerate(space.names.of_kinds):
            self.above[name] = self.above[name] or nouns.plain_above(synsets[kind])

    def kept(self, row: int) -> tuple[list[int], np.ndarray]:
        likelihoods = self.seen.likelihoods[row]
        able = likeliest(likelihoods) >= FLOOR
        return self.seen.names[row][able].tolist(), likelihoods[able]

    def asked(self, questions: list[Question], exchanged: float, random: np.random.Generator) -> list[Lesson]:
        """Questions as they are, or with the answer's name exchanged in what is seen."""
        lessons = []
        for question in questions:
            row = self.rows.get((question.folder, question.name))
            if row is None:
                continue
            names, likelihoods = self.kept(row)
            answer, kind = question.answers[0], "real"
            own = self.rules.forms.get(answer, (None,))[0]
            if own in names and likeliest(likelihoods)[names.index(own)] >= SURE and random.random() < exchanged:
                new = self.rules.sibling(own, {*names}, random)
                if new is not None:
                    names, answer, kind = [new if name == own else name for name in names], self.space.names.all[new], "exchanged"
            lessons.append(Lesson(row, question.text, names, likelihoods, answer, kind))
        return lessons

    def simple(self, count: int, random: np.random.Generator) -> list[Lesson]:
        """What anybody asks, of photos whose likeliest name of that kind is the answer; it may be any name."""
        lessons, everything = [], np.arange(len(self.space.names.all))
        while len(lessons) < count:
            row = int(random.integers(len(self.photos)))
            names, likelihoods = self.kept(row)
            if not names or likeliest(likelihoods).max() < SURE:
                continue
            others = random.choice(everything, len(names), replace=False).tolist()
            names = [other if random.random() < 0.8 else name for name, other in zip(names, others)]
            above = self.above[names[0]]
            if above and random.random() < 0.75:
                noun = above[int(random.integers(len(above)))]
                text = OF_NOUNS[int(random.integers(len(OF_NOUNS)))].format(noun)
            else:
                text = SIMPLE[int(random.integers(len(SIMPLE)))]
            lessons.append(Lesson(row, text, names, likelihoods, self.space.names.all[names[0]], "simple"))
        return lessons


@torch.no_grad()
def frozen(school: School, head: ClassifierHead, lessons: list[Lesson]) -> tuple[Tensor, Tensor]:
    """The head's logits [lessons, labels], and the questions in the joint space [lessons, dimensions]."""
    towers, space = school.space.towers, school.space.head
    texts = sorted({lesson.text for lesson in lessons}, key=len)
    places = {text: place for place, text in enumerate(texts)}
    encoded = [towers.texts(texts[i : i + 64]) for i in range(0, len(texts), 64)]
    vectors = torch.cat([space("text", *batch) for batch in encoded])
    states = [(states[i], mask[i]) for states, mask in encoded for i in range(len(states))]
    logits = torch.zeros(len(lessons), len(head_labels(head)))
    order = sorted(range(len(lessons)), key=lambda place: (len(states[places[lessons[place].text]][0]), lessons[place].row))
    for start in tqdm(range(0, len(order), 64), desc=school.split, mininterval=10):
        some = order[start : start + 64]
        rows = sorted({lessons[place].row for place in some})
        tokens = school.cache.rows(rows, [0] * len(rows), np.arange(81)).float()
        photo = torch.tensor([rows.index(lessons[place].row) for place in some])
        picked = [states[places[lessons[place].text]] for place in some]
        longest = max(len(own) for own, _ in picked)
        question = torch.stack([F.pad(own, (0, 0, 0, longest - len(own))) for own, _ in picked])
        mask = torch.stack([F.pad(own, (0, longest - len(own))) for _, own in picked])
        pair = photo_vectors(space, tokens), vectors[[places[lessons[place].text] for place in some]]
        with torch.autocast("cpu", torch.bfloat16):
            terms, _ = fused_terms(head, encode_image(head.inputs["image"], tokens), photo, question, mask, vectors=pair)
            logits[some] = head.classifier(terms).float()
    return logits, vectors[[places[lesson.text] for lesson in lessons]]


def head_labels(head: ClassifierHead) -> range:
    return range(head.classifier.down.out_features)


class Desk:
    """Lessons as tensors. What the frozen head says of them is kept in a file."""

    def __init__(self, school: School, head: ClassifierHead, lessons: list[Lesson], labels: list[str], file: Path):
        self.lessons = lessons
        if file.exists():
            self.logits, self.questions = torch.load(file)
        else:
            self.logits, self.questions = frozen(school, head, lessons)
            torch.save((self.logits, self.questions), file)
        if len(self.logits) != len(lessons):
            raise SystemExit(f"{file} is about other questions: remove it.")
        most = max(len(lesson.names) for lesson in lessons)
        self.names = torch.zeros(len(lessons), most, dtype=torch.long)
        self.likelihoods = torch.zeros(len(lessons), most, 2)
        self.there = torch.zeros(len(lessons), most, dtype=torch.bool)
        for row, lesson in enumerate(lessons):
            count = len(lesson.names)
            self.names[row, :count] = torch.tensor(lesson.names)
            self.likelihoods[row, :count] = torch.from_numpy(lesson.likelihoods).float()
            self.there[row, :count] = True
        number = {label: place for place, label in enumerate(labels)}
        self.answers = torch.tensor([number.get(lesson.answer, -1) for lesson in lessons])
        self.weights = torch.ones(len(lessons))
        self.able = (self.answers >= 0)


def losses(network: NamedAnswers, desk: Desk, rows: Tensor, vectors: Tensor, label_of: Tensor) -> Tensor:
    logits = network.together(desk.logits[rows], desk.questions[rows], vectors, desk.names[rows], desk.likelihoods[rows], desk.there[rows], label_of)
    return F.cross_entropy(logits, desk.answers[rows], reduction="none") * desk.weights[rows]


@torch.no_grad()
def right(network: NamedAnswers | None, desk: Desk, vectors: Tensor, label_of: Tensor) -> float:
    rows = torch.arange(len(desk.lessons))
    logits = desk.logits if network is None else network.together(
        desk.logits, desk.questions, vectors, desk.names, desk.likelihoods, desk.there, label_of)
    return (logits.argmax(1) == desk.answers)[rows].float().mean().item()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--work", type=Path, required=True, help="folder with tokens, scores of things and questions.tsv")
    parser.add_argument("--checkpoint", type=Path, required=True, help="with the heads vqa, space and things")
    parser.add_argument("--wordnet", type=Path, default=Path("/usr/share/wordnet"), help="with data.noun; Debian's wordnet-base")
    parser.add_argument("--made", type=int, default=8000, help="questions made of captions")
    parser.add_argument("--simple", type=int, default=8000, help="questions that anybody asks")
    parser.add_argument("--people", type=float, default=4, help="what a question counts for whose name was not exchanged")
    parser.add_argument("--certainty", type=float, default=0.6, help="of the frozen head about photos that it has learned from, beside others")
    parser.add_argument("--reserve", type=float, default=3, help="taken off every name's logit afterwards, so that labels win where both fit")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(arguments.seed)
    random = np.random.default_rng(arguments.seed)

    space, nouns = NamedSpace(arguments.checkpoint), WordNet(arguments.wordnet)
    labels, synsets = kinds(arguments.checkpoint)
    rules = Exchange(Names(labels), nouns, synsets)
    config = space.config["heads"]["vqa"] | {"things": {"head": "things"}}
    head = ClassifierHead({name: value for name, value in config.items() if name != "things"}, WIDTHS).eval().requires_grad_(False)
    own = part(read(arguments.checkpoint)[1], "vqa")
    head.load_state_dict({name: tensor for name, tensor in own.items() if not name.startswith("things.")})
    answers = config["labels"] + [name for name in space.names.all if name not in config["labels"]]
    label_of = torch.tensor([answers.index(name) for name in space.names.all])

    school = School(arguments, "train", space, rules, synsets, nouns)
    made = [q for q in read_generated(arguments.work / "questions.tsv") if q.folder in SETS]
    made = [made[i] for i in random.permutation(len(made))[: arguments.made]]
    lessons = school.asked(read_questions(arguments.data, "train", ("coco_captions",)) + made, 0.5, random) + school.simple(arguments.simple, random)
    lessons = [lesson for lesson in lessons if lesson.answer in answers and (lesson.names or lesson.answer in config["labels"])]
    train = Desk(school, head, lessons, answers, arguments.work / "answers-train.pt")
    dev = School(arguments, "dev", space, rules, synsets, nouns)
    asked = read_questions(arguments.data, "dev", ("coco_captions",))
    desks = {
        name: Desk(dev, head, lessons, answers, arguments.work / f"answers-{name}.pt") for name, lessons in (
            ("real", dev.asked(asked, 0.0, random)), ("exchanged", [own for own in dev.asked(asked, 1.0, random) if own.kind == "exchanged"]),
            ("simple", dev.simple(600, random)),
        )
    }
    print(f"{len(lessons)} questions; without names: real {right(None, desks['real'], space.vectors, label_of):.4f}")

    # What no way leads to cannot be learned: an answer that is a name which is not seen, and no label.
    reachable = torch.tensor([
        lesson.answer in config["labels"] or lesson.answer in {space.names.all[name] for name in lesson.names} for lesson in lessons
    ]) & train.able
    rows_of = reachable.nonzero()[:, 0]
    train.logits *= arguments.certainty
    people = torch.tensor([lesson.kind == "real" for lesson in lessons])
    train.weights[people] *= arguments.people
    network = NamedAnswers(space.vectors.shape[1])
    optimizer = torch.optim.AdamW(network.parameters(), lr=arguments.rate, weight_decay=0.02)
    for step in range(arguments.steps):
        rows = rows_of[torch.randint(len(rows_of), (arguments.batch,))]
        for group in optimizer.param_groups:
            group["lr"] = arguments.rate * min(1, (step + 1) / 50) * (1 - 0.98 * step / arguments.steps)
        loss = losses(network, train, rows, space.vectors, label_of).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 250 == 249:
            figures = {name: right(network, desk, space.vectors, label_of) for name, desk in desks.items()}
            print(f"step {step + 1}: loss {loss.item():.3f}  " + "  ".join(f"{name} {value:.4f}" for name, value in figures.items()), flush=True)
    network.gate.bias.data -= arguments.reserve
    tensors = {name: tensor for name, tensor in own.items() if not name.startswith("things.")}
    save_component(arguments.work, "vqa", "head", config, tensors | {f"things.{name}": tensor for name, tensor in network.state_dict().items()})


if __name__ == "__main__":
    main()
