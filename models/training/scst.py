"""Step 5. Fine-tunes the caption head on its score: self-critical training (Rennie 2017; baseline of Luo 2020).

Five captions of a photo are sampled; each is rewarded by how much its CIDEr-D exceeds the mean of the other four. The
end of a sequence counts as a word of caption and references, else captions learn to break off ("a man in a").
As in step 4 the schedule runs on the clock, and the run goes on from its last state.
"""

import argparse
import time
from copy import deepcopy
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor

from .caption import Check, Material, add_naming, kinds, new_head, without
from .sensorium.captions import BOS, EOS, CaptionCodec
from .sensorium.data import read_photos
from .sensorium.decoding import decode
from .sensorium.loss import copying_cross_entropy
from .sensorium.names import Names
from .sensorium.network import CaptionHead, Things
from .sensorium.progress import Average, Log, save_head, save_state
from .sensorium.score import CiderD

SAMPLES = 5
MAX_TOKENS = 16
END = " <end>"
STATE_SECONDS = 180


def advantages(rewards: Tensor) -> Tensor:
    """Rewards less the mean of the photo's other captions, [photos * SAMPLES]."""
    groups = rewards.unflatten(0, (-1, SAMPLES))
    others = (groups.sum(1, keepdim=True) - groups) / (SAMPLES - 1)
    return (groups - others).flatten()


def step_loss(
    head: CaptionHead, sampler: CaptionHead, tokens: Tensor, references: list[list[str]], cider: CiderD, codec: CaptionCodec,
    things: Things | None = None,
):
    """Loss of a batch and its mean reward. `sampler` has the weights of `head` in bfloat16; `references` of each photo, as it is shown."""
    memory = head.memory(tokens, things=things)
    sampled = decode(sampler, memory.detached(torch.bfloat16), MAX_TOKENS, SAMPLES)
    vectors = [cider.vectors([text + END for text in texts]) for texts in references]
    captions = [codec.decode(row) + END for row in sampled.tolist()]
    rewards = torch.tensor([cider.score_against(vectors[i // SAMPLES], caption) for i, caption in enumerate(captions)])
    inputs = F.pad(sampled[:, :-1], (1, 0), value=BOS)
    counted = (F.pad(sampled == EOS, (1, 0))[:, :-1].cumsum(1) == 0)  # up to and with the first end
    hidden, _ = head.hidden(inputs, memory, captions=SAMPLES)
    logits = head.logits(hidden[counted]).float()
    if things is None:
        chosen = F.cross_entropy(logits, sampled[counted], reduction="none")
    else:
        copies = head.copies(hidden, inputs, memory, SAMPLES)[counted].float()
        pieces = things.pieces.repeat_interleave(SAMPLES, 0)[:, None].expand(-1, inputs.shape[1], -1)[counted]
        chosen = copying_cross_entropy(logits, copies, pieces, sampled[counted], 0.0)
    weights = advantages(rewards).to(tokens.device)[:, None].expand_as(sampled)[counted]
    return (weights * chosen).mean(), rewards.mean().item()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--work", type=Path, required=True, help="folder with the tokens; the run goes into its `scst`")
    parser.add_argument("--head", type=Path, required=True, help="weights to start from: the best of step 4 on dev")
    parser.add_argument("--run", default="scst", help="folder of the run in --work")
    parser.add_argument("--only-names", action="store_true", help="nothing learns but what reads and copies names")
    add_naming(parser)
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--batch", type=int, default=16, help="photos, with five sampled captions each")
    parser.add_argument("--rate", type=float, default=6e-5, help="highest learning rate")
    parser.add_argument("--decay", type=float, default=0.99, help="of the averaged weights")
    parser.add_argument("--every", type=int, default=150, help="steps between validations")
    parser.add_argument("--dev", type=int, default=500, help="dev photos that each validation captions")
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    random = np.random.default_rng(arguments.seed)
    device, run = arguments.device, arguments.work / arguments.run

    codec = CaptionCodec.in_work(arguments.work)
    check = Check(arguments, codec)
    photos = read_photos(arguments.data, "train", arguments.sets)
    if arguments.without:
        photos = without(photos, arguments.without, check.flickr.rules)
    material = Material(arguments, "train", photos, codec)
    cider = CiderD([[text + END for text in five] for five in material.captions], words=str.split)

    head = new_head(arguments.work, codec, 0.0, Names(kinds(arguments.things)[0]) if arguments.things else None).to(device)
    head.load_state_dict(load_file(arguments.head))
    if arguments.only_names:
        head.requires_grad_(False).things.requires_grad_(True)
    sampler = deepcopy(head).bfloat16()
    average = Average(head, arguments.decay)
    optimizer = torch.optim.AdamW([p for p in head.parameters() if p.requires_grad], lr=arguments.rate, weight_decay=0.0, fused=True)
    log = Log(run, ["minutes", "step", "rate", "reward", *Check.COLUMNS])
    spent, step = 0.0, 0
    if (run / "state.pt").exists():
        state = torch.load(run / "state.pt", weights_only=False)
        head.load_state_dict(state["head"])
        optimizer.load_state_dict(state["optimizer"])
        average.weights, average.steps = state["average"], state["step"]
        spent, step = state["spent"], state["step"]
        print(f"resumed at step {step}, {spent / 60:.1f} minutes")

    averaged, budget, saved, rewards, order = deepcopy(head), 60 * arguments.minutes, spent, [], []
    last = time.monotonic()
    while spent < budget:
        if len(order) < arguments.batch:
            order = random.permutation(len(photos)).tolist()
        batch = [order.pop() for _ in range(arguments.batch)]
        rate = arguments.rate * min((step + 1) / 50, 1 - 0.95 * spent / budget)
        for group in optimizer.param_groups:
            group["lr"] = rate
        tokens = material.cache.random(batch, random, np.arange(81)).bfloat16().to(device)
        references, things = [material.captions[photo] for photo in batch], None
        if material.named is not None:
            things, references = material.named.varied(batch, references, material.rules, random, material.exchanged)
            things = things.to(device)
        sampler.load_state_dict(head.state_dict())
        with torch.autocast(device, torch.bfloat16):
            loss, reward = step_loss(head, sampler, tokens, references, cider, codec, things)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(head.parameters(), 1.0)
        optimizer.step()
        average.update(head)
        step += 1
        rewards.append(reward)
        now = time.monotonic()
        spent, last = spent + now - last, now
        if step % 50 == 0:
            log.add(minutes=spent / 60, step=step, rate=rate, reward=sum(rewards) / len(rewards))
            rewards = []
        if spent - saved > STATE_SECONDS:
            saved = spent
            save_state(run / "state.pt", {
                "head": head.state_dict(), "average": average.weights, "optimizer": optimizer.state_dict(),
                "spent": spent, "step": step,
            })
        if step % arguments.every == 0 or spent >= budget:
            averaged.load_state_dict(average.weights)
            figures, texts = check(averaged)
            save_head(run / f"head-{step:05}.safetensors", averaged.state_dict())
            log.add(minutes=spent / 60, step=step, **figures)
            print("  " + " | ".join(texts), flush=True)
            log.plot()


if __name__ == "__main__":
    main()
