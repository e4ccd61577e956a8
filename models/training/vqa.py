"""Step 10. Trains the VQA head on cached tokens: a classifier over the answers, question tokens attend to image tokens.

The image adapter starts as the caption head's encoder (--warm). Photos are encoded once for all of their questions. The
schedule runs on the clock, and the run goes on from its last state. Writes the component `vqa`.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from .sensorium.answering import WIDTHS, Quiz, answer, answers_of, encode_image, figures, read_labels, vqa_config
from .sensorium.component import save_component
from .sensorium.fusion import ClassifierHead
from .sensorium.progress import save_head
from .sensorium.questions import read_generated, read_questions
from .sensorium.run import Run, parameter_groups
from .sensorium.texts import TextCache
from .sensorium.tokens import SHAPE, TokenCache
from .sensorium.warm import caption_image, start_from_captions

# From this share of the time on a step sees all image tokens.
FULL_FROM = 0.8
LEFT_OUT = 0.05  # of the rows lose their image, as many their question


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--work", type=Path, required=True, help="folder with tokens and texts")
    parser.add_argument("--run", default="vqa", help="folder in WORK for the run")
    parser.add_argument("--warm", type=Path, help="checkpoint whose caption encoder the image adapter starts from")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--every", type=float, default=5, help="minutes between validations")
    parser.add_argument("--batch", type=int, default=32, help="photos")
    parser.add_argument("--generated", type=int, default=2, help="generated questions of a photo in an epoch")
    parser.add_argument("--flickr", type=float, default=0.3, help="share of Flickr8k's photos in an epoch")
    parser.add_argument("--kept", type=int, default=36, help="image tokens that a step sees at first, of 81")
    parser.add_argument("--rate", type=float, default=6e-4)
    parser.add_argument("--dropout", type=float, default=0.2)
    parser.add_argument("--smoothing", type=float, default=0.05)
    parser.add_argument("--decay", type=float, default=0.995)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--folders", nargs="*", help="only these sets of photos")
    arguments = parser.parse_args()
    data, work = arguments.data, arguments.work
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    random = np.random.default_rng(arguments.seed)

    labels = read_labels(work)
    train = read_questions(data, "train") + read_generated(work / "questions.tsv")
    wanted = read_questions(data, "dev")
    if arguments.folders:
        train, wanted = ([question for question in part if question.folder in arguments.folders] for part in (train, wanted))
    quiz, dev = Quiz(train, labels), Quiz(wanted, labels)
    # Dev questions count whatever their answer.
    lost = [q for q in wanted if not any(a in dev.index for a in q.answers)]
    cache, dev_cache = TokenCache(data, work, "train", quiz.photos), TokenCache(data, work, "dev", dev.photos)
    texts, dev_texts = TextCache(work, "questions-train", "questions-generated"), TextCache(work, "questions-dev")

    config = vqa_config(labels)
    head = ClassifierHead(config, WIDTHS, arguments.dropout)
    if arguments.warm:
        start_from_captions(head.inputs["image"], caption_image(arguments.warm))
    groups = parameter_groups(head, arguments.rate, ("inputs.image.",), 0.3 if arguments.warm else 1.0)
    columns = ["COCO-QA", "yes/no", "DAQUAR", "DAQUAR one of"]
    run = Run(work / arguments.run, head, groups, columns, arguments.minutes, arguments.rate, arguments.decay)
    print(f"{sum(p.numel() for p in head.parameters()) / 1e6:.2f} M parameters, {len(quiz.photos)} photos, {len(train)} questions, {len(lost)} dev questions without label")

    def check() -> None:
        averaged = run.averaged()
        asked, fused, alone = answers_of(averaged, dev, lambda start, end: dev_cache.original(start, end).float(), dev_texts, labels)
        blind = figures(asked + lost, alone["question"] + [""] * len(lost))
        result = figures(asked + lost, fused + [""] * len(lost))
        run.figures(**{name: result[name] for name in columns if name in result})
        print("  " + "  ".join(f"{name} {result[name]:.3f} (blind {blind[name]:.3f})" for name in sorted(result)), flush=True)
        save_head(run.folder / f"head-{run.step:05}.safetensors", averaged.state_dict())
        save_component(work, "vqa", "head", config, averaged.state_dict())
        run.save()

    checked = run.spent
    while not run.over:
        for batch in quiz.epoch(arguments.batch, arguments.generated, arguments.flickr, cache.views, random):
            count = SHAPE[0] if run.share > FULL_FROM else arguments.kept
            kept = np.sort(random.permutation(SHAPE[0])[:count])
            head.train()
            image = encode_image(head.inputs["image"], cache.rows(batch.photos, batch.views, kept).float(), torch.from_numpy(kept))
            states, mask = texts.batch([question.text for question in batch.questions])
            left_out = torch.from_numpy(random.random(len(batch.questions)))
            parts = torch.stack([left_out >= LEFT_OUT, (left_out < LEFT_OUT) | (left_out >= 2 * LEFT_OUT)], 1).float()
            logits, alone = answer(head, image, torch.tensor(batch.photo_of), states, mask, parts)
            targets = quiz.targets(batch.questions)
            smooth = targets * (1 - arguments.smoothing) + arguments.smoothing / len(labels)
            losses = [F.cross_entropy(values, smooth) for values in (logits, *alone.values())]
            run.learn(losses[0] + losses[1] + losses[2])
            if run.over:
                break
            if run.spent - checked > 60 * arguments.every:
                checked = run.spent
                check()
    check()


if __name__ == "__main__":
    main()
