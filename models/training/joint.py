"""On a GPU, in place of steps 3 to 5, 10 and 11: the image tower is fine-tuned with its three heads at once.

Stages, on the clock (shares of --minutes):
1. joint:  the tower's later blocks and the heads caption, vqa and space; photos augmented anew at every step
2. heads:  the tower stands still, as averaged and rounded to float16; the heads settle on it
3. reward: the caption head alone, by step 5's loss
4. mixtures of the caption heads of stages 2 and 3, ranked by beam search

Everything is chosen on dev. Tower and heads go as pieces (sensorium/pieces.py) into --output whenever one is the best yet.
"""

import argparse
import math
import time
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor, nn

from .caption import new_head
from .scst import END, step_loss
from .sensorium.answering import WIDTHS, Batch, Quiz, answer, answers_of, encode_image, figures, read_labels, vqa_config
from .sensorium.captions import CaptionCodec, padded
from .sensorium.data import Photo, clean, read_photos
from .sensorium.decoding import beam_search_together, decode
from .sensorium.fusion import ClassifierHead, ProjectionHead
from .sensorium.gallery import augmented, load_pixels, scaled
from .sensorium.loss import SmoothedCrossEntropy
from .sensorium.matching import IMAGE_AND_TEXT, Space, project_image, recalls_of, space_config
from .sensorium.network import CaptionHead, ImageTower
from .sensorium.pieces import save_pieces
from .sensorium.progress import Average
from .sensorium.questions import Question, exchanged, read_generated, read_questions
from .sensorium.run import parameter_groups
from .sensorium.score import CiderD, scores
from .sensorium.texts import TextBank
from .texts import text_tower

# The first blocks, on maps of 130 to 33 pixels: edges and textures, and most of the computing. They stay as they are.
FROZEN_BLOCKS = 7
LONGEST = 17
CAPTIONS = 5
TOLD = 224  # photos of a step whose captions are learned; the space learns from all, for it overfits later
KEPT = 48  # image tokens that captions see in stage 1, of 81
LEFT_OUT = 0.05  # of the questions lose their image in training, as many the question
SHARES = {"joint": 0.40, "heads": 0.24, "reward": 0.30}  # of the minutes; the rest is for loading and mixtures
PARTS = ("caption", "space", "vqa")


class Material:
    """Photos, captions and questions of both splits, in the device's memory."""

    def __init__(self, arguments: argparse.Namespace, further: Sequence[Question] = ()):
        data, weights, self.device = arguments.data, arguments.weights, arguments.device
        self.codec, self.labels = CaptionCodec.in_work(weights), read_labels(weights)
        captioned, dev = read_photos(data, "train"), read_photos(data, "dev", ("flickr8k",))
        asked, dev_asked = [*read_questions(data, "train"), *read_generated(weights / "questions.tsv"), *further], read_questions(data, "dev")
        if arguments.smoke:
            captioned, dev = captioned[:10] + captioned[-10:], dev[:4]
            kept = {(photo.folder, photo.name) for photo in captioned}
            asked = [q for q in asked if (q.folder, q.name) in kept] + [q for q in asked if q.folder == "vqa/daquar"][:20]
            dev_asked = dev_asked[:8] + dev_asked[-4:]
        self.captioned, self.dev = captioned, dev
        self.quiz, self.dev_quiz = Quiz(asked, self.labels), Quiz(dev_asked, self.labels)
        # Dev questions count whatever their answer.
        self.lost = [q for q in dev_asked if not any(a in self.dev_quiz.index for a in q.answers)]
        self.flickr = sum(photo.folder == "flickr8k" for photo in captioned)

        photos = self.unique(captioned + self.quiz.photos)
        dev_photos = self.unique(dev + self.dev_quiz.photos)
        pixels = load_pixels(data, "train", list(photos.values()), arguments.workers)
        dev_pixels = load_pixels(data, "dev", list(dev_photos.values()), arguments.workers)
        self.pixels, self.dev_pixels = pixels.to(self.device), dev_pixels.to(self.device)
        self.caption_rows, self.quiz_rows = self.rows(photos, captioned), self.rows(photos, self.quiz.photos)
        self.dev_rows, self.dev_quiz_rows = self.rows(dev_photos, dev), self.rows(dev_photos, self.dev_quiz.photos)

        tower = text_tower(weights).to(self.device)
        tokenizer = Tokenizer.from_file(str(weights / "tokenizer.json"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        texts = [q.text for q in asked + dev_asked]
        self.questions = TextBank(texts + [exchanged(text) for text in texts], tower, tokenizer, self.device, 40)
        self.texts = TextBank([text for photo in captioned + dev for text in photo.captions], tower, tokenizer, self.device)
        texts = [[photo.captions[i % len(photo.captions)] for i in range(CAPTIONS)] for photo in captioned]
        self.text_rows = torch.tensor([[self.texts.rows[text] for text in five] for five in texts], device=self.device)
        self.inputs, self.targets = self.caption_tokens()

    def unique(self, photos: list[Photo]) -> dict[tuple[str, str], Photo]:
        return {(photo.folder, photo.name): photo for photo in photos}

    def rows(self, among: dict[tuple[str, str], Photo], photos: list[Photo]) -> Tensor:
        places = {key: row for row, key in enumerate(among)}
        return torch.tensor([places[photo.folder, photo.name] for photo in photos], device=self.device)

    def caption_tokens(self) -> tuple[Tensor, Tensor]:
        """Inputs and targets of five captions of each photo, [photos, 5, length]; a photo without any has no targets."""
        five = []
        for photo in self.captioned:
            usable = [tokens for text in photo.captions if (tokens := self.codec.encode(text, LONGEST))]
            five += [usable[i % len(usable)] if usable else [] for i in range(CAPTIONS)]
        inputs, targets = padded(five)
        targets[torch.tensor([not tokens for tokens in five])] = -100
        return (tensor.unflatten(0, (-1, CAPTIONS)).to(self.device) for tensor in (inputs, targets))


class Network(nn.Module):
    """The tower and its heads in training."""

    def __init__(self, weights: Path, material: Material, dropout: float):
        super().__init__()
        self.tower = ImageTower()
        towers = load_file(weights / "towers.safetensors")
        self.tower.load_state_dict({name.removeprefix("image."): t.float() for name, t in towers.items() if name.startswith("image.")})
        self.caption = new_head(weights, material.codec, dropout)
        self.space = Space(ProjectionHead(space_config(IMAGE_AND_TEXT), WIDTHS, dropout))
        self.vqa = ClassifierHead(vqa_config(material.labels), WIDTHS, dropout)

    def tokens(self, pixels: Tensor, learn: bool) -> Tensor:
        x = pixels.contiguous(memory_format=torch.channels_last)
        with torch.no_grad():
            x = F.relu6(self.tower.stem(x))
            for block in self.tower.blocks[:FROZEN_BLOCKS]:
                x = block(x)
        with torch.set_grad_enabled(learn):
            for block in self.tower.blocks[FROZEN_BLOCKS:]:
                x = block(x)
            return F.relu6(self.tower.head(x)).flatten(2).transpose(1, 2).contiguous()


class Joint:
    """Stages 1 and 2."""

    def __init__(self, arguments: argparse.Namespace, material: Material):
        self.arguments, self.material, self.device = arguments, material, arguments.device
        self.random = np.random.default_rng(arguments.seed)
        self.generator = torch.Generator(self.device).manual_seed(arguments.seed)
        self.network = Network(arguments.weights, material, arguments.dropout).to(self.device)
        self.network.tower.to(memory_format=torch.channels_last)
        rates = {"tower": 0.06, "caption": 1.0, "space": 0.7, "vqa": 0.7}
        groups = []
        for name, rate in rates.items():
            for group in parameter_groups(getattr(self.network, name), arguments.rate):
                groups.append(group | {"share": rate})
        self.optimizer = torch.optim.AdamW(groups, lr=arguments.rate, betas=(0.9, 0.98), fused=self.device == "cuda")
        self.average = Average(self.network, arguments.decay)
        self.best, self.step, self.batches = {}, 0, []
        self.heads: dict[str, dict[str, Tensor]] = {}

    # One step

    def caption_photos(self, share: float) -> np.ndarray:
        """Photos of Flickr8k alone or of COCO alone: negatives of the space are then harder."""
        material, size = self.material, self.arguments.batch
        if self.random.random() < 0.65 + 0.25 * share:
            return self.random.permutation(material.flickr)[:size]
        return material.flickr + self.random.permutation(len(material.captioned) - material.flickr)[:size]

    def question_batch(self) -> Batch:
        if not self.batches:
            self.batches = self.material.quiz.epoch(self.arguments.questioned, 3, 0.35, lambda photo: 2, self.random)
        return self.batches.pop()

    def views(self, rows: Tensor, mirrored: Tensor, area: float) -> Tensor:
        return augmented(self.material.pixels[rows], mirrored, area, self.generator)

    def losses(self, share: float, learn: bool) -> dict[str, Tensor]:
        material, device = self.material, self.device
        photos, batch = torch.from_numpy(self.caption_photos(share)).to(device), self.question_batch()
        mirrored = torch.rand(len(photos), generator=self.generator, device=device) < 0.5
        sides = torch.tensor(batch.views, device=device) > 0
        area = 0.55 if learn else 0.7
        pixels = torch.cat([
            self.views(material.caption_rows[photos], mirrored, area),
            self.views(material.quiz_rows[torch.tensor(batch.photos, device=device)], sides, max(area, 0.7)),
        ])
        with torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
            tokens = self.network.tokens(pixels, learn)
            seen, asked = tokens[: len(photos)], tokens[len(photos) :]
            return {
                "caption": self.caption_loss(seen[:TOLD], photos[:TOLD], learn),
                "space": self.space_loss(seen, photos),
                "vqa": self.vqa_loss(asked, batch),
            }

    def caption_loss(self, tokens: Tensor, photos: Tensor, learn: bool) -> Tensor:
        head, kept = self.network.caption, None
        if learn:
            kept = torch.from_numpy(np.sort(self.random.permutation(81)[:KEPT])).to(self.device)
            tokens = tokens[:, kept]
        inputs, targets = self.material.inputs[photos].flatten(0, 1), self.material.targets[photos].flatten(0, 1)
        hidden, _ = head.hidden(inputs, head.memory(tokens, kept), captions=CAPTIONS)
        counted = targets >= 0
        states = hidden[counted].bfloat16()
        return SmoothedCrossEntropy.apply(states, head.embedding.weight, head.output_bias, targets[counted], self.arguments.smoothing)

    def space_loss(self, tokens: Tensor, photos: Tensor) -> Tensor:
        space = self.network.space
        images = project_image(space.head, tokens).float()
        rows = self.material.text_rows[photos][:, torch.from_numpy(self.random.permutation(CAPTIONS)[:3]).to(self.device)]
        states, mask = self.material.texts.of_rows(rows.T.flatten())
        texts = space.head("text", states, mask).float().unflatten(0, (3, -1))
        with torch.autocast(self.device, enabled=False):
            return space.loss(images, list(texts))

    def vqa_loss(self, tokens: Tensor, batch: Batch) -> Tensor:
        head, labels = self.network.vqa, self.material.labels
        image = encode_image(head.inputs["image"], tokens)
        states, mask = self.material.questions.batch([question.text for question in batch.questions])
        left_out = torch.rand(len(batch.questions), generator=self.generator, device=self.device)
        parts = torch.stack([left_out >= LEFT_OUT, (left_out < LEFT_OUT) | (left_out >= 2 * LEFT_OUT)], 1).float()
        logits, alone = answer(head, image, torch.tensor(batch.photo_of, device=self.device), states, mask, parts)
        targets = self.material.quiz.targets(batch.questions).to(self.device)
        smooth = targets * 0.95 + 0.05 / len(labels)
        return sum(F.cross_entropy(values.float(), smooth) for values in (logits, *alone.values()))

    def learn(self, share: float, rate: float, learn: bool) -> dict[str, float]:
        self.network.train()
        losses = self.losses(share, learn)
        for group in self.optimizer.param_groups:
            group["lr"] = self.arguments.rate * group["share"] * rate
        self.optimizer.zero_grad(set_to_none=True)
        sum(losses.values()).backward()
        for part in ("tower", *PARTS):
            nn.utils.clip_grad_norm_(getattr(self.network, part).parameters(), 1.0)
        self.optimizer.step()
        self.average.update(self.network)
        self.step += 1
        return losses

    # Stages

    def stage(self, name: str, seconds: float, learn: bool, rates) -> None:
        start, checked, seen = time.monotonic(), time.monotonic(), {}
        while (spent := time.monotonic() - start) < seconds and not (self.arguments.smoke and self.step % 3 == 2):
            losses = self.learn(spent / seconds, rates(spent / seconds), learn)
            if self.step % 20 == 0:
                seen = {part: f"{loss.item():.3f}" for part, loss in losses.items()}
            if time.monotonic() - checked > self.arguments.check:
                self.check(f"{name} {spent:.0f} s, step {self.step}, {seen}", keep=not learn)
                checked = time.monotonic()
        self.step += 1
        self.check(f"{name} ends, step {self.step}, {seen}", keep=not learn)

    def freeze(self) -> None:
        """From here on the tower is what is served: averaged, in float16."""
        state = {name: tensor for name, tensor in self.average.weights.items() if name.startswith("tower.")}
        for name, tensor in state.items():
            state[name] = tensor.half().float()
            self.average.weights[name].copy_(state[name])
        self.network.load_state_dict(state, strict=False)
        self.network.tower.requires_grad_(False)
        save_pieces(self.arguments.output, "image", self.network.tower.state_dict())

    @torch.no_grad()
    def dev_tokens(self, network: Network, rows: Tensor) -> Tensor:
        parts = [network.tokens(scaled(self.material.dev_pixels[rows[i : i + 100]]), learn=False) for i in range(0, len(rows), 100)]
        return torch.cat(parts)

    @torch.no_grad()
    def check(self, title: str, keep: bool) -> None:
        """Figures of the averaged network on dev; with `keep`, heads that are the best yet are written."""
        start, material = time.monotonic(), self.material
        network = deepcopy(self.network)
        network.load_state_dict(self.average.weights)
        network.eval()
        seen, asked = self.dev_tokens(network, material.dev_rows), self.dev_tokens(network, material.dev_quiz_rows)
        result = caption_figures(network.caption, seen, material)
        result |= recalls_of(network.space.head, material.dev, lambda a, b: seen[a:b], material.texts)
        questions, fused, alone = answers_of(network.vqa, material.dev_quiz, lambda a, b: asked[a:b], material.questions, material.labels)
        blind = figures(questions + material.lost, alone["question"] + [""] * len(material.lost))
        answers = figures(questions + material.lost, fused + [""] * len(material.lost))
        result |= answers | {f"blind {name}": value for name, value in blind.items() if " " not in name}
        say(f"{title}: " + "  ".join(f"{name} {value:.4f}" for name, value in result.items()) + f"  (checked in {time.monotonic() - start:.1f} s)")
        if keep:
            targets = {"COCO-QA": 0.44, "yes/no": 0.62, "DAQUAR": 0.28}
            values = {
                "caption": result["CIDEr-D"], "space": result["t2i R@1"] + result["t2i R@10"],
                "vqa": sum(min(answers.get(name, 0) - target, 0.02) for name, target in targets.items()) + sum(answers.get(name, 0) for name in targets) / 10,
            }
            modules = {"caption": network.caption, "space": network.space.head, "vqa": network.vqa}
            for part in PARTS:
                if values[part] > self.best.get(part, -math.inf):
                    self.best[part], self.heads[part] = values[part], {name: t.clone() for name, t in modules[part].state_dict().items()}
                    save_pieces(self.arguments.output, part, self.heads[part])


def say(text: str) -> None:
    print(f"[{time.monotonic() - BEGUN:6.1f} s] {text}", flush=True)


def caption_figures(head: CaptionHead, tokens: Tensor, material: Material, beams: int = 1) -> dict[str, float]:
    head.eval()
    texts = []
    for start in range(0, len(tokens), 250):
        part = tokens[start : start + 250]
        rows = decode(head, head.memory(part)).tolist() if beams == 1 else beam_search_together(head, part, beams)
        texts += [material.codec.decode(row) for row in rows]
    result = scores(texts, [photo.captions for photo in material.dev])
    return {name: result[name] for name in ("CIDEr-D", "BLEU-4")}


def reward(joint: Joint, seconds: float) -> dict[str, Tensor]:
    """Stage 3: the caption head's averaged weights that score best, greedily, on dev."""
    arguments, material, network = joint.arguments, joint.material, joint.network
    head = network.caption
    head.load_state_dict(joint.heads["caption"])
    head.eval()  # no dropout: what is sampled is what is rewarded
    photos = [photo for photo in material.captioned[: material.flickr]]
    captions = [[clean(text) for text in photo.captions] for photo in photos]
    cider = CiderD([[text + END for text in five] for five in captions], words=str.split)
    sampler, average = deepcopy(head).bfloat16(), Average(head, 0.99)
    optimizer = torch.optim.AdamW(head.parameters(), lr=arguments.reward_rate, weight_decay=0.0, fused=joint.device == "cuda")
    tokens_of_dev = joint.dev_tokens(network, material.dev_rows)
    best, best_weights = -math.inf, joint.heads["caption"]
    start, checked, step, rewards = time.monotonic(), time.monotonic(), 0, []

    def check() -> None:
        nonlocal best, best_weights
        averaged = deepcopy(head)
        averaged.load_state_dict(average.weights)
        result = caption_figures(averaged, tokens_of_dev, material)
        say(f"reward step {step}: mean reward {sum(rewards[-100:]) / max(len(rewards[-100:]), 1):.4f}, greedy {result}")
        if result["CIDEr-D"] > best:
            best, best_weights = result["CIDEr-D"], {name: t.clone() for name, t in averaged.state_dict().items()}
            save_pieces(arguments.output, "reward", best_weights)

    while (spent := time.monotonic() - start) < seconds and not (arguments.smoke and step >= 2):
        chosen = joint.random.permutation(len(photos))[: arguments.reward_batch]
        rows = torch.from_numpy(chosen).to(joint.device)
        for group in optimizer.param_groups:
            group["lr"] = arguments.reward_rate * min((step + 1) / 50, 1 - 0.95 * spent / seconds)
        mirrored = torch.rand(len(rows), generator=joint.generator, device=joint.device) < 0.5
        sampler.load_state_dict(head.state_dict())
        with torch.autocast(joint.device, torch.bfloat16, enabled=joint.device == "cuda"):
            tokens = network.tokens(joint.views(material.caption_rows[rows], mirrored, 0.75), learn=False)
            loss, gained = step_loss(head, sampler, tokens, [captions[photo] for photo in chosen], cider, material.codec)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(head.parameters(), 1.0)
        optimizer.step()
        average.update(head)
        rewards.append(gained)
        step += 1
        if time.monotonic() - checked > arguments.check:
            check()
            checked = time.monotonic()
    check()
    return best_weights


@torch.no_grad()
def mixtures(joint: Joint, before: dict[str, Tensor], after: dict[str, Tensor]) -> None:
    """Stage 4: weighted means of both heads, by beam search of 3; the best is written as `caption`."""
    tokens = joint.dev_tokens(joint.network, joint.material.dev_rows)
    best, head = -math.inf, deepcopy(joint.network.caption)
    for share in (0.0, 0.3, 0.5, 0.7, 1.0):
        weights = {name: before[name] * (1 - share) + after[name] * share for name in before}
        head.load_state_dict({name: tensor.half().float() for name, tensor in weights.items()})
        result = caption_figures(head, tokens, joint.material, beams=3)
        say(f"mixture with {share:.1f} of the rewarded head, beam 3: {result}")
        if result["CIDEr-D"] > best:
            best = result["CIDEr-D"]
            save_pieces(joint.arguments.output, "caption", weights)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--weights", type=Path, required=True, help="folder with the results of steps 1, 2 and 8")
    parser.add_argument("--output", type=Path, required=True, help="folder for the pieces")
    parser.add_argument("--minutes", type=float, default=18, help="for everything, loading included")
    parser.add_argument("--check", type=float, default=60, help="seconds between validations")
    parser.add_argument("--batch", type=int, default=384, help="photos with captions in a step")
    parser.add_argument("--questioned", type=int, default=192, help="photos with questions in a step")
    parser.add_argument("--reward-batch", type=int, default=96, help="photos, with five sampled captions each")
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--reward-rate", type=float, default=1e-4)
    parser.add_argument("--dropout", type=float, default=0.2)
    parser.add_argument("--smoothing", type=float, default=0.1)
    parser.add_argument("--decay", type=float, default=0.995)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--device", default="cuda", choices=["cpu", "cuda"])
    parser.add_argument("--smoke", action="store_true", help="a few photos and steps, to see that everything runs")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(arguments.seed)
    torch.backends.cudnn.benchmark = True
    material = Material(arguments)
    say(f"{len(material.captioned)} photos with captions, {len(material.quiz.photos)} with questions, {tuple(material.texts.states.shape)} captions")
    joint = Joint(arguments, material)
    budget = 60 * arguments.minutes

    # The rate of the tower and of the heads: up within 150 steps, then a cosine over both stages.
    whole = SHARES["joint"] + SHARES["heads"]
    cosine = lambda part: 0.02 + 0.98 * (1 + math.cos(math.pi * part)) / 2  # noqa: E731
    first, second = SHARES["joint"] / whole, SHARES["heads"] / whole
    joint.stage("joint", budget * SHARES["joint"], True, lambda share: min((joint.step + 1) / 150, cosine(first * share)))
    joint.freeze()
    joint.stage("heads", budget * SHARES["heads"], False, lambda share: cosine(first + second * share))
    before = joint.heads["caption"]
    after = reward(joint, budget * SHARES["reward"])
    mixtures(joint, before, after)
    say("done")


BEGUN = time.monotonic()

if __name__ == "__main__":
    main()
