"""Trains emotion from text on GoEmotions: a `bert_branch` of MiniLM's last layers, and the text input of the emotion head.

The shared layers run once over all lines. An epoch takes at most --most lines of a class, so that rare classes count; the
schedule runs on the clock (--minutes), and the run can be stopped at any moment and goes on from its last state.
"""

import argparse
import math
import time
from copy import deepcopy
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.metrics import f1_score
from torch import Tensor, nn

from .sensorium.branch import TextBranch, TextStates, load_text_tower, write_states
from .sensorium.component import adopt, save_component
from .sensorium.emotion import TEXT_BRANCH, single, single_configuration
from .sensorium.emotions import EMOTIONS, read_goemotions
from .sensorium.progress import Average, Log, save_state

STATE_SECONDS = 120


class TextNetwork(nn.Module):
    def __init__(self, work: Path, dropout: float):
        super().__init__()
        self.branch = TextBranch(load_text_tower(work), TEXT_BRANCH["from_layer"], TEXT_BRANCH["layers"])
        self.head = single("text", dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        return self.head({"text": self.branch(x, mask)}, {"text": mask})[1]["text"]


def epoch(lengths: np.ndarray, labels: np.ndarray, most: int, batch: int, random: np.random.Generator) -> list[np.ndarray]:
    """Batches of lines alike in length."""
    chosen = np.concatenate([random.permutation(np.flatnonzero(labels == label))[:most] for label in range(len(EMOTIONS))])
    # Sorted with some noise: alike, yet in random company.
    order = chosen[np.argsort(lengths[chosen] + random.uniform(0, 2, len(chosen)), kind="stable")]
    batches = [order[start : start + batch] for start in range(0, len(order), batch)]
    return [batches[place] for place in random.permutation(len(batches))]


@torch.no_grad()
def answers(network: TextNetwork, states: TextStates) -> np.ndarray:
    """Logits [n, 7] of all texts."""
    network.eval()
    order = np.argsort(states.lengths, kind="stable")
    logits = np.zeros((len(order), len(EMOTIONS)), np.float32)
    for part in np.array_split(order, max(1, len(order) // 128)):
        logits[part] = network(*states.whole(part)).cpu().numpy()
    return logits


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--work", type=Path, required=True, help="folder with the towers; the run goes into its `text`")
    parser.add_argument("--minutes", type=float, default=30, help="0: only the shared layers' states")
    parser.add_argument("--batch", type=int, default=48)
    parser.add_argument("--rate", type=float, default=1.5e-4, help="highest learning rate of the layers; the head's is ten times that")
    parser.add_argument("--most", type=int, default=5000, help="lines of a class in an epoch")
    parser.add_argument("--dropout", type=float, default=0.2)
    parser.add_argument("--smoothing", type=float, default=0.05)
    parser.add_argument("--forgotten", type=float, default=0.1, help="share of the pieces that a step does not see")
    parser.add_argument("--decay", type=float, default=0.99, help="of the averaged weights")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--run", default="text", help="folder of the run in WORK: text or text-NAME; the best of all runs is kept")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    random = np.random.default_rng(arguments.seed)
    run = arguments.work / arguments.run

    train, dev = read_goemotions(arguments.data, "train"), read_goemotions(arguments.data, "dev")
    for name, lines in (("goemotions.dev", dev), ("goemotions.train", train)):
        write_states(arguments.work, name, [line.text for line in lines], TEXT_BRANCH["from_layer"], arguments.device)
    if not arguments.minutes:
        return
    device = arguments.device
    train_states, dev_states = (TextStates(arguments.work, f"goemotions.{split}", device) for split in ("train", "dev"))
    labels, dev_labels = (np.array([line.emotion for line in lines]) for lines in (train, dev))
    counts = np.bincount(labels)
    print({name: int(count) for name, count in zip(EMOTIONS, counts)}, len(dev), "dev lines")
    seen = np.minimum(counts, arguments.most)
    weights = torch.tensor(np.sqrt(seen.mean() / seen), dtype=torch.float32)
    class_weights = weights.to(device)

    network = TextNetwork(arguments.work, arguments.dropout).to(device)
    average = Average(network, arguments.decay)
    optimizer = torch.optim.AdamW([
        {"params": list(network.branch.parameters()), "scale": 1.0}, {"params": list(network.head.parameters()), "scale": 10.0},
    ], weight_decay=0.01, betas=(0.9, 0.98), fused=True)
    log = Log(run, ["minutes", "step", "rate", "loss", "accuracy", "macro-F1"])
    spent, step = 0.0, 0
    if (run / "state.pt").exists():
        state = torch.load(run / "state.pt", weights_only=False)
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        average.weights, average.steps = state["average"], state["step"]
        spent, step = state["spent"], state["step"]
        random = np.random.default_rng([arguments.seed, step])
        print(f"resumed at step {step}, {spent / 60:.1f} minutes")

    budget, saved, losses = 60 * arguments.minutes, spent, []
    averaged, last = deepcopy(network), time.monotonic()
    while spent < budget:
        for batch in epoch(train_states.lengths, labels, arguments.most, arguments.batch, random):
            share = min(spent / budget, 1)
            rate = arguments.rate * min((step + 1) / 100, 0.01 + 0.99 * (1 + math.cos(math.pi * share)) / 2)
            for group in optimizer.param_groups:
                group["lr"] = rate * group["scale"]
            network.train()
            x, mask = train_states.whole(batch)
            forgotten = torch.from_numpy(random.random(mask.shape) < arguments.forgotten).to(device)
            forgotten[:, 0] = False
            logits = network(x, mask & ~forgotten)
            loss = F.cross_entropy(logits, torch.from_numpy(labels[batch]).to(device), class_weights, label_smoothing=arguments.smoothing)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            step += 1
            average.update(network)
            losses.append(loss.detach())
            now = time.monotonic()
            spent, last = spent + now - last, now
            if step % 50 == 0:
                log.add(minutes=spent / 60, step=step, rate=rate, loss=(sum(losses) / len(losses)).item())
                losses = []
            if spent - saved > STATE_SECONDS:
                saved = spent
                save_state(run / "state.pt", {
                    "network": network.state_dict(), "average": average.weights, "optimizer": optimizer.state_dict(),
                    "spent": spent, "step": step,
                })
            if spent > budget:
                break
        averaged.load_state_dict(average.weights)
        logits = answers(averaged, dev_states)
        right = (logits.argmax(1) == dev_labels).mean()
        log.add(minutes=spent / 60, step=step, accuracy=right, **{"macro-F1": f1_score(dev_labels, logits.argmax(1), average="macro")})
        log.plot()

    # The head saw the classes in other shares than people write them: one number on dev for how much of that to undo.
    prior = np.log(counts / counts.sum()) - np.log(seen * weights.numpy() / (seen * weights.numpy()).sum())
    scores = {tau: f1_score(dev_labels, (logits + tau * prior).argmax(1), average="macro") for tau in np.arange(-0.25, 1.26, 0.25)}
    print("macro-F1 by share of the prior:", {float(tau): round(score, 4) for tau, score in scores.items()})
    tau = max(scores, key=scores.get)
    averaged.head.alone["text"].down.bias.data += torch.tensor(tau * prior, dtype=torch.float32, device=device)
    best = (logits + tau * prior).argmax(1)
    for name, score in zip(EMOTIONS, f1_score(dev_labels, best, average=None)):
        print(f"  {name} F1 {score:.3f}")
    save_component(run, "emotion_text", "tower", TEXT_BRANCH, averaged.branch.state_dict())
    save_component(run, "emotion-text", "head", single_configuration("text"), averaged.head.state_dict())
    print(f"macro-F1 {scores[tau]:.4f}" + (", the best run so far" if adopt(arguments.work, arguments.run, scores[tau]) else ""))


if __name__ == "__main__":
    main()
