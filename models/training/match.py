"""After `training.joint` and `training.space`: the VQA head hears how photo and question lie in the joint space.

A term more for its classifier, which learns anew on the fusion's terms; everything before it stands still, so the terms are
computed once. To make room the feed-forwards become narrower. Yes/no questions count as `Quiz.weights` says, and further ones
are made from captions: what is there, what somebody does, whether a whole caption fits. Classifiers with other seeds learn
from the same start, and their mean is written as the component `vqa`.

Needs the tokens of the checkpoint's own tower, DAQUAR's mirror images among them. Terms that a run has computed are read again.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import Tensor
from tqdm import tqdm

from .sensorium.answering import MATCH, WIDTHS, Quiz, encode_image, figures, fused_terms, photo_vectors, question_vectors, vqa_config
from .sensorium.checkpoint import part, read
from .sensorium.component import save_component
from .sensorium.data import Photo, read_photos
from .sensorium.fusion import Classifier, ClassifierHead, ProjectionHead
from .sensorium.generation import asked_by_people, matching
from .sensorium.progress import Log
from .sensorium.questions import QUESTION_SETS, Question, exchanged, read_generated, read_questions
from .sensorium.texts import TextCache
from .sensorium.tokens import TokenCache
from .sensorium.warm import narrowed
from .texts import encode, text_tower

COLUMNS = ["COCO-QA", "yes/no", "DAQUAR", "DAQUAR one of"]


def further(data: Path, each: int, random: np.random.Generator) -> list[Question]:
    """More yes/no questions from the captions of COCO's photos."""
    photos = [photo for photo in read_photos(data, "train") if photo.folder in QUESTION_SETS]
    return [*asked_by_people(photos, each, random), *matching(photos, 1, random)]


class Asked:
    """Questions about photos and the terms that the head's classifier has of them, [questions, terms] in float16.

    `view` "mirror": of mirror images, people's questions with their sides exchanged.
    """

    def __init__(
        self, questions: list[Question], data: Path, work: Path, split: str, view: str, texts: TextCache, head: ClassifierHead,
        space: ProjectionHead, file: Path, fast: bool,
    ):
        by_photo: dict[tuple[str, str], list[int]] = {}
        for number, question in enumerate(questions):
            by_photo.setdefault((question.folder, question.name), []).append(number)
        self.questions, rows = questions, list(by_photo.values())
        if file.exists():
            self.terms = torch.load(file)
            if len(self.terms) != len(questions):
                raise SystemExit(f"{file} is about other questions: give this run another name with --run.")
            return
        cache = TokenCache(data, work, split, [Photo(*key, []) for key in by_photo], (view,))
        if view != "original" and any(cache.views(photo) < 2 for photo in range(len(rows))):
            raise SystemExit("No mirror images: run `python -m training.extract --mirrors vqa/daquar` first.")
        said = [exchanged(q.text) if view == "mirror" else q.text for q in questions]
        vectors = question_vectors(space, said, texts)
        self.terms = torch.zeros(len(questions), head.classifier.up.in_features, dtype=torch.float16)
        for start in tqdm(range(0, len(rows), 32), desc=f"{split} {view}", mininterval=10):
            some = rows[start : start + 32]
            numbers, photo = [n for row in some for n in row], torch.tensor([i for i, row in enumerate(some) for _ in row])
            last = [cache.views(i) - 1 for i in range(start, start + len(some))]
            tokens = cache.rows(range(start, start + len(some)), last, np.arange(81)).float()
            pair = photo_vectors(space, tokens), torch.stack([vectors[said[n]] for n in numbers])
            with torch.autocast("cpu", torch.bfloat16, enabled=fast):
                image = encode_image(head.inputs["image"], tokens)
                terms, _ = fused_terms(head, image, photo, *texts.batch([said[n] for n in numbers]), vectors=pair)
            self.terms[numbers] = terms.half()
        file.parent.mkdir(parents=True, exist_ok=True)
        torch.save(self.terms, file)


def fit(start: Classifier, terms: Tensor, targets: Tensor, weight: Tensor, arguments: argparse.Namespace, seed: int) -> dict[str, Tensor]:
    """The classifier's weights after `epochs`; the rate falls to 2 %."""
    torch.manual_seed(seed)
    classifier = Classifier(start.up.in_features, start.up.out_features, start.down.out_features, arguments.dropout)
    classifier.load_state_dict(start.state_dict())
    optimizer = torch.optim.AdamW(classifier.parameters(), lr=arguments.rate, weight_decay=arguments.decay)
    steps = arguments.epochs * (len(targets) // arguments.batch)
    step, smoothing = 0, arguments.smoothing
    for _ in range(arguments.epochs):
        order = torch.randperm(len(targets))
        for first in range(0, len(order) - arguments.batch + 1, arguments.batch):
            rows = order[first : first + arguments.batch]
            for group in optimizer.param_groups:
                group["lr"] = arguments.rate * min(1, (step + 1) / 30) * (0.02 + 0.98 * (1 - step / steps))
            smooth = targets[rows] * (1 - smoothing) + smoothing / targets.shape[1]
            loss = (F.cross_entropy(classifier(terms[rows].float()), smooth, reduction="none") * weight[rows]).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
    return classifier.state_dict()


@torch.no_grad()
def score(state: dict[str, Tensor], terms: Tensor, questions: list[Question], labels: list[str]) -> dict[str, float]:
    hidden = F.gelu(F.linear(terms.float(), state["up.weight"], state["up.bias"]))
    answers = F.linear(hidden, state["down.weight"], state["down.bias"]).argmax(1)
    return figures(questions, [labels[i] for i in answers.tolist()])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--work", type=Path, required=True, help="folder with tokens of the checkpoint's tower, texts and questions")
    parser.add_argument("--base", type=Path, required=True, help="checkpoint with the heads `vqa` and `space`")
    parser.add_argument("--run", default="match", help="folder in WORK for the terms and the log")
    parser.add_argument("--feed-forward", type=int, default=352, help="inner width of the feed-forwards")
    parser.add_argument("--each", type=int, default=3, help="nouns of a captioned photo that yes/no questions are made of, as many that are not there")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--batch", type=int, default=512, help="questions")
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--decay", type=float, default=0.05)
    parser.add_argument("--dropout", type=float, default=0.45)
    parser.add_argument("--smoothing", type=float, default=0.05)
    parser.add_argument(
        "--weights", type=float, nargs=5, default=[1, 1.5, 8, 0.5, 0.4], metavar=("COCO-QA", "DAQUAR", "VQA", "MADE", "FURTHER"),
        help="what questions count for: of the three sets, of questions.tsv, and the further ones for yes/no",
    )
    parser.add_argument("--blind", action="store_true", help="tell, too, what can be answered without looking")
    parser.add_argument("--bfloat16", action="store_true", help="compute the terms of training in bfloat16")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    data, work, run = arguments.data, arguments.work, arguments.work / arguments.run
    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)

    base, tensors = read(arguments.base)
    labels = base["heads"]["vqa"]["labels"]
    real, wanted = read_questions(data, "train"), read_questions(data, "dev")
    generated = [q for q in read_generated(work / "questions.tsv") if q.folder in QUESTION_SETS]
    more = further(data, arguments.each, np.random.default_rng(0))
    quiz = Quiz(list(dict.fromkeys(real + generated + more)), labels)
    weights = quiz.weights()
    train = [q for questions in quiz.questions for q in questions if weights.get(q, 1) > 0]
    sides = [q for q in train if q.folder == "vqa/daquar"]

    tokenizer = Tokenizer.from_file(str(work / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    known = TextCache(work, "questions-train", "questions-generated").places
    encode(work, "questions-match", sorted({t for q in train for t in (q.text, exchanged(q.text))} - set(known)), text_tower(work), tokenizer, "cpu")
    texts = TextCache(work, "questions-train", "questions-generated", "questions-match")

    config = vqa_config(labels) | {"feed_forward": arguments.feed_forward}
    config["fusion"]["match"] = MATCH
    head = ClassifierHead(config, WIDTHS).eval().requires_grad_(False)
    space = ProjectionHead(base["heads"][MATCH["head"]], {tower: WIDTHS.get(tower, 384) for tower in base["towers"]}).eval()
    space.load_state_dict(part(tensors, MATCH["head"]))
    old = narrowed(part(tensors, "vqa"), arguments.feed_forward)
    up = torch.zeros_like(head.classifier.up.weight)
    up[:, : old["classifier.up.weight"].shape[1]] = old["classifier.up.weight"]
    mean = torch.stack([photo_vectors(space, tokens).mean(0) for tokens in some_tokens(data, work, train)]).mean(0).half().float()
    head.load_state_dict(head.state_dict() | old | {"classifier.up.weight": up, "fusion.match.mean": mean})

    asked = Asked(train, data, work, "train", "original", texts, head, space, run / "train.pt", arguments.bfloat16)
    mirrored = Asked(sides, data, work, "train", "mirror", texts, head, space, run / "mirror.pt", arguments.bfloat16)
    dev = Asked(wanted, data, work, "dev", "original", TextCache(work, "questions-dev"), head, space, run / "dev.pt", False)
    asked.questions, asked.terms = asked.questions + mirrored.questions, torch.cat([asked.terms, mirrored.terms])
    print(f"{len(asked.questions)} questions, {len(sides)} of them about mirror images, {len(more)} made for yes/no")

    log = Log(run, ["seed", *COLUMNS])
    sources = dict(zip(("COCO-QA", "DAQUAR", "VQA v2", "made", "further"), arguments.weights))
    made = set(generated)

    def worth(q: Question) -> float:
        source = q.source if q.source != "captions" else "made" if q in made else "further"
        # A question of DAQUAR is asked twice, of the photo and of its mirror image.
        return weights.get(q, 1) * sources[source] * (0.5 if source == "DAQUAR" else 1)

    weight = torch.tensor([worth(q) for q in asked.questions])
    targets = quiz.targets(asked.questions)
    states = []
    for seed in range(arguments.seeds):
        states.append(fit(head.classifier, asked.terms, targets, weight, arguments, seed))
        result = score(states[-1], dev.terms, wanted, labels)
        log.add(seed=seed, **{name: result[name] for name in COLUMNS})
    mean_state = {name: (sum(state[name] for state in states) / len(states)).half().float() for name in states[0]}
    result = score(mean_state, dev.terms, wanted, labels)
    print("mean: " + "  ".join(f"{name} {value:.4f}" for name, value in sorted(result.items())), flush=True)
    head.classifier.load_state_dict(mean_state)
    save_component(work, "vqa", "head", config | {"alone": False}, {name: t for name, t in head.state_dict().items() if not name.startswith("alone.")})

    if arguments.blind:
        # The question's own mean alone, through a classifier that has heard nothing else.
        own = slice(config["width"], 2 * config["width"])
        torch.manual_seed(0)
        blind = fit(Classifier(config["width"], config["hidden"], len(labels), 0), asked.terms[:, own], targets, weight, arguments, 0)
        result = score(blind, dev.terms[:, own], wanted, labels)
        print("blind: " + "  ".join(f"{name} {value:.4f}" for name, value in sorted(result.items())))


def some_tokens(data: Path, work: Path, questions: list[Question]):
    """Tokens of the photos that are asked about, 64 at a time."""
    photos = [Photo(*key, []) for key in dict.fromkeys((q.folder, q.name) for q in questions)]
    cache = TokenCache(data, work, "train", photos)
    for start in range(0, len(photos) - 63, 64):
        yield cache.original(start, start + 64).float()


if __name__ == "__main__":
    main()
