"""How sure the server is of its answers, and how often it is right: captions, answers, emotion, things and sounds of dev, free photos, nothing.

A caption is right where it agrees with the five people's at least half as well as people agree with each other (`RIGHT`, CIDEr-D); one of a free
photo, where it names the main thing.
A thing is right where one of five people says it, or a noun above it: what nobody mentions counts as wrong though it may be there.
"""

import argparse
import io
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image

from ..sensorium.certainty import MEASURES, Judged, auroc, calibration_error, cross_fitted, halves, interval
from ..sensorium.client import Server, ask_all
from ..sensorium.data import Photo, read_files, read_photos, uploadable
from ..sensorium.emotions import EMOTIONS
from ..sensorium.exchange import OTHER_WORDS
from ..sensorium.questions import answer_of, read_questions
from ..sensorium.score import CiderD
from ..sensorium.sounds import read_files as read_sound_files
from ..sensorium.sounds import read_sounds
from ..sensorium.triples import DEV_TRIPLES, PARTS, SUBSETS, draw_triples
from .emotion import DevParts
from .free import FreePhoto, names_one, read_free

# Of people's own captions, against the other four: 0.80.
RIGHT = 0.4
# To none of which a picture of nothing has an answer.
QUESTIONS_OF_NOTHING = ("what animal is this?", "what vehicle is this?", "what is the man doing?", "what food is this?", "what is on the table?")
# With fewer measured answers, both halves are measured by each other's curve.
ENOUGH = 500
CAPTION_SETS = ("flickr8k", "coco_captions")
EXPLAINED = {"explain": "true"}


def judged(answer: dict, group: str, is_right: bool) -> Judged:
    return Judged(group, answer["confidence"], answer["confidence_from"], is_right)


def human_agreement(cider: CiderD, photos: Sequence[Photo]) -> float:
    """The share of people's first captions that are right by the rule, against the other four."""
    return float(np.mean([cider.score_against(cider.vectors(photo.captions[1:]), photo.captions[0]) >= RIGHT for photo in photos]))


class Asked:
    """What a server answers to the dev sets, with how sure it is."""

    def __init__(self, server: Server, arguments: argparse.Namespace):
        self.server, self.data, self.connections, self.items = server, arguments.data, arguments.connections, arguments.items
        self.free = read_free(arguments)
        self.options = dict(option.split("=", 1) for option in arguments.option or ["beams=3"])

    def ask_all(self, ask: Callable, questions: Sequence) -> list:
        return ask_all(ask, questions[: self.items], self.connections)

    def photos(self) -> tuple[list[Photo], list[bytes]]:
        photos = read_photos(self.data, "dev", CAPTION_SETS)
        files = dict(read_files(self.data, "dev", photos))
        return photos, [uploadable(files[row]) for row in range(len(photos))]

    def captions(self) -> list[Judged]:
        photos, files = self.photos()
        cider = CiderD([photo.captions for photo in photos])
        print(f"of people's own captions {human_agreement(cider, photos):.3f} are right by the rule (CIDEr-D {RIGHT})", flush=True)

        def ask(row: int) -> Judged:
            answer = self.server.caption(files[row], self.options | EXPLAINED)
            score = cider.score_against(cider.vectors(photos[row].captions), answer["caption"])
            return judged(answer, photos[row].name, score >= RIGHT)

        return self.ask_all(ask, range(len(photos)))

    def things(self) -> list[Judged]:
        photos, files = self.photos()

        def ask(row: int) -> Judged:
            answer = self.server.ask("/v1/classify/things", {"image": files[row]}, {"top": "1"} | EXPLAINED)
            words = [answer["name"], *answer["above"], *(word for word, name in OTHER_WORDS.items() if name == answer["name"])]
            return judged(answer, photos[row].name, any(names_one(caption, words) for caption in photos[row].captions))

        return self.ask_all(ask, range(len(photos)))

    def questions(self) -> list[Judged]:
        questions = read_questions(self.data, "dev")
        photos = [Photo(folder, name, []) for folder, name in dict.fromkeys((q.folder, q.name) for q in questions)]
        files = {(photos[row].folder, photos[row].name): uploadable(file) for row, file in read_files(self.data, "dev", photos)}

        def ask(question) -> Judged:
            parts = {"image": files[question.folder, question.name], "question": question.text.encode()}
            answer = self.server.ask("/v1/vqa", parts, {"top": "1"} | EXPLAINED)
            return judged(answer, f"{question.folder}/{question.name}", answer_of(answer["answer"]) in question.answers)

        return self.ask_all(ask, questions)

    def emotions(self) -> dict[str, list[Judged]]:
        """By parts; those of several parts are triples of one label across sets, in which a clip may come several times."""
        dev = DevParts(self.data)

        def ask(places: dict[str, int], label: int, group: str) -> Judged:
            options = {"face": "whole"} if "image" in places else {}
            answer = self.server.ask("/v1/emotion", dev.request(places), options | EXPLAINED)
            return judged(answer, group, answer["emotion"] == EMOTIONS[label])

        answers = {}
        for part in PARTS:
            places = np.flatnonzero(dev.labels[part] >= 0)
            places = np.random.default_rng(0).permutation(places).tolist()
            answers[part] = self.ask_all(lambda place: ask({part: place}, dev.labels[part][place], str(place)), places)
        triples, labels = draw_triples(dev.labels, DEV_TRIPLES, 0)
        rows = np.random.default_rng(0).permutation(len(triples))[:300].tolist()
        answers["any"] = [
            answer for subset in SUBSETS if len(subset) > 1
            for answer in self.ask_all(lambda row: ask({part: triples[row, PARTS.index(part)] for part in subset}, labels[row], str(row)), rows)
        ]
        return answers

    def sounds(self) -> list[Judged]:
        sounds, files = [sound for sound in read_sounds(self.data) if sound.split == "dev"], read_sound_files(self.data, "dev")

        def ask(sound) -> Judged:
            answer = self.server.ask("/v1/classify/sound", {"audio": files[sound.name]}, {"top": "1"} | EXPLAINED)
            return judged(answer, sound.name, answer["label"] == sound.kind)

        return self.ask_all(ask, sounds)

    def free_captions(self) -> list[Judged]:
        def ask(photo: FreePhoto) -> Judged:
            answer = self.server.caption(photo.file, self.options | EXPLAINED)
            return judged(answer, photo.name, names_one(answer["caption"], photo.accepted))

        return self.ask_all(ask, self.free)

    def free_answers(self) -> list[Judged]:
        def ask(photo: FreePhoto) -> Judged:
            answer = self.server.ask("/v1/vqa", {"image": photo.file, "question": photo.question.encode()}, {"top": "1"} | EXPLAINED)
            return judged(answer, photo.name, names_one(str(answer["answer"]), photo.accepted))

        return self.ask_all(ask, [photo for photo in self.free if photo.question])

    def free_things(self) -> list[Judged]:
        def ask(photo: FreePhoto) -> Judged:
            answer = self.server.ask("/v1/classify/things", {"image": photo.file}, {"top": "1"} | EXPLAINED)
            return judged(answer, photo.name, names_one(" ".join([answer["name"], *answer["above"][:1]]), photo.accepted))

        return self.ask_all(ask, self.free)

    def nothing(self, seed: int) -> tuple[list[Judged], list[Judged]]:
        """Captions of pictures that show nothing, and answers about them; none of them is right."""
        pictures = pictures_of_nothing(seed)

        def caption(row: int) -> Judged:
            return judged(self.server.caption(pictures[row], self.options | EXPLAINED), f"nothing {row}", False)

        def answer(row: int) -> Judged:
            parts = {"image": pictures[row], "question": QUESTIONS_OF_NOTHING[row % len(QUESTIONS_OF_NOTHING)].encode()}
            return judged(self.server.ask("/v1/vqa", parts, {"top": "1"} | EXPLAINED), f"nothing {row}", False)

        return self.ask_all(caption, range(len(pictures))), self.ask_all(answer, range(len(pictures)))


def pictures_of_nothing(seed: int) -> list[bytes]:
    """48 pictures, PNG files: one colour, noise of four kinds, gradients, mosaics and stripes."""
    random, (y, x) = np.random.default_rng(seed), np.mgrid[0:240, 0:320]
    files = []
    for _ in range(6):
        first, second = random.integers(0, 256, (2, 3)).astype(float)
        small = random.integers(0, 256, (*random.integers(3, 30, 2), 3), np.uint8)
        angle = random.uniform(0, np.pi)
        across = x * np.cos(angle) + y * np.sin(angle)
        rise, stripes = (across - across.min()) / np.ptp(across), across // random.integers(4, 40) % 2
        pictures = [
            np.zeros((240, 320, 3)) + first, np.zeros((240, 320, 3)) + first + random.normal(0, random.uniform(3, 40), (240, 320, 3)),
            random.integers(0, 256, (240, 320, 3)), np.repeat(random.integers(0, 256, (240, 320, 1)), 3, 2),
            first + (second - first) * rise[..., None], first + (second - first) * stripes[..., None],
            *(np.array(Image.fromarray(small).resize((320, 240), filter)) for filter in (Image.Resampling.NEAREST, Image.Resampling.BICUBIC)),
        ]  # fmt: skip
        for picture in pictures:
            file = io.BytesIO()
            Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(file, "png")
            files.append(file.getvalue())
    return files


def line(name: str, answers: Sequence[Judged], said: np.ndarray | None = None, note: str = "") -> str:
    said = np.array([answer.confidence for answer in answers]) if said is None else said
    right = np.array([answer.is_right for answer in answers])
    text = f"{name}: right {right.mean():.3f}, mean confidence {said.mean():.3f}, calibration error {calibration_error(said, right):.3f}"
    if len(answers) < ENOUGH:
        low, high = interval(said, right)
        text += f" ({low:.3f} to {high:.3f})"
    return f"{text}, AUROC {auroc(said, right):.3f}, {len(answers)} answers{note}"


def measured(name: str, answers: Sequence[Judged], measures: Sequence[str], nothing: Sequence[Judged] = ()) -> str:
    """On the half that the curves were not fitted to, as the server says it; and both halves by each other's curve."""
    other = halves(answers)[1]
    crossed = line(name, answers, cross_fitted(answers, measures, nothing), ", each half by the other's curve")
    return "\n".join([line(name, other), crossed] if len(other) >= ENOUGH else [crossed])


def curve_table(answers: Sequence[Judged]) -> str:
    """Of each tenth of the confidence: how many answers, how sure and how often right."""
    said, right = np.array([a.confidence for a in answers]), np.array([a.is_right for a in answers])
    bins = np.minimum((said * 10).astype(int), 9)
    cells = [f"{said[bins == b].mean():.2f} → {right[bins == b].mean():.2f} ({(bins == b).sum()})" for b in range(10) if (bins == b).any()]
    return "  said → right (answers): " + ", ".join(cells)


def run(server: Server, arguments: argparse.Namespace) -> None:
    asked = Asked(server, arguments)
    captions, nothing = asked.captions(), asked.nothing(seed=1)
    print(measured("captions, dev", captions, MEASURES["caption"], nothing[0]))
    print(curve_table(halves(captions)[1]), flush=True)
    answers = asked.questions()
    print(measured("answers, dev", answers, MEASURES["vqa"], nothing[1]))
    print(curve_table(halves(answers)[1]), flush=True)
    for parts, judged_emotions in asked.emotions().items():
        print(measured(f"emotion, {parts}", judged_emotions, MEASURES["other"]), flush=True)
    print(measured("things, dev", asked.things(), MEASURES["other"]), flush=True)
    print(measured("sounds, dev", asked.sounds(), MEASURES["other"]), flush=True)
    print(line("captions, free photos", asked.free_captions()), flush=True)
    print(line("answers, free photos", asked.free_answers()), flush=True)
    print(line("things, free photos", asked.free_things()), flush=True)
    for name, answers in zip(("captions", "answers"), asked.nothing(seed=2)):
        said = np.array([answer.confidence for answer in answers])
        print(f"{name}, pictures of nothing: confidence {said.mean():.3f}, nine in ten below {np.quantile(said, 0.9):.3f}, {len(said)} pictures")
