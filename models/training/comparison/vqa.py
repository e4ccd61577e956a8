"""Answers to dev questions: the same first answer, and how far probabilities differ."""

import argparse

import numpy as np
import torch
from tqdm import tqdm

from ..sensorium.client import Server, ask_all
from ..sensorium.data import Photo, read_files, uploadable
from ..sensorium.questions import read_questions
from .towers import Reference


@torch.no_grad()
def run(server: Server, arguments: argparse.Namespace) -> None:
    questions = read_questions(arguments.data, "dev")
    order = np.random.default_rng(0).permutation(len(questions))[: arguments.items]
    questions = [questions[index] for index in order]
    photos = [Photo(folder, name, []) for folder, name in dict.fromkeys((q.folder, q.name) for q in questions)]
    files = {(photos[row].folder, photos[row].name): file for row, file in read_files(arguments.data, "dev", photos)}
    reference = Reference(arguments.checkpoint)
    head, labels = reference.head("vqa"), reference.config["heads"]["vqa"]["labels"]
    match = reference.config["heads"]["vqa"]["fusion"].get("match")
    space = match and reference.head(match["head"])
    if head.things is not None:
        labels = labels + [name for name in reference.names.all if name not in labels]
        label_of = torch.tensor([labels.index(name) for name in reference.names.all])
    wanted = []
    for question in tqdm(questions, desc="PyTorch"):
        (tokens, seen), (states, mask) = reference.photo(files[question.folder, question.name]), reference.words(question.text)
        given, masks = {"image": tokens, "question": states}, {"image": seen, "question": mask}
        vectors = match and {name: space(there, given[name], masks[name]) for name, there in match["inputs"].items()}
        logits, _ = head(given, masks, vectors)
        if head.things is not None:
            seen = reference.seen(files[question.folder, question.name])
            there = torch.ones(seen.names.shape, dtype=torch.bool)
            names, likelihoods = torch.from_numpy(seen.names), torch.from_numpy(seen.likelihoods)
            logits = head.things.together(logits, vectors["question"], space.things, names, likelihoods, there, label_of)
        best = logits.softmax(1)[0].max(0)
        wanted.append((labels[best.indices], best.values.item()))

    def ask(question) -> tuple[str, float]:
        parts = {"image": uploadable(files[question.folder, question.name]), "question": question.text.encode()}
        answer = server.ask("/v1/vqa", parts, {"top": "1"})["answers"][0]
        return answer["answer"], answer["probability"]

    served = ask_all(ask, questions, arguments.connections)
    same = [ours[0] == theirs[0] for ours, theirs in zip(served, wanted)]
    differences = [abs(ours[1] - theirs[1]) for ours, theirs, equal in zip(served, wanted, same) if equal]
    for question, ours, theirs, equal in zip(questions, served, wanted, same):
        if not equal:
            print(f"  {question.name} {question.text!r}: server {ours[0]} {ours[1]:.4f}, PyTorch {theirs[0]} {theirs[1]:.4f}")
    print(f"answers: {sum(same)} of {len(same)} the same; probabilities of those differ by {max(differences):.6f} at most")
