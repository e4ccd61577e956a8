"""A run on the clock: the learning rate follows the share of the minutes that has passed, and the run can go on later."""

import math
import time
from copy import deepcopy
from pathlib import Path

import torch
from torch import nn

from .progress import Average, Log, save_state

STATE_SECONDS = 120


def parameter_groups(network: nn.Module, rate: float, slow: tuple[str, ...] = (), slower: float = 1.0) -> list[dict]:
    """Weight decay for matrices alone; parameters whose name begins with one of `slow` learn at `slower` times the rate."""
    groups = []
    for warm in (True, False):
        for decays in (True, False):
            chosen = [
                p for name, p in network.named_parameters()
                if p.requires_grad and name.startswith(slow or ("\0",)) == warm and (p.dim() > 1 and "positions" not in name) == decays
            ]
            share = slower if warm else 1.0
            groups.append({"params": chosen, "weight_decay": 0.05 if decays else 0.0, "lr": rate * share, "share": share})
    return [group for group in groups if group["params"]]


class Run:
    """Network, optimizer, averaged weights and log of a training run in `folder`."""

    def __init__(self, folder: Path, network: nn.Module, groups: list[dict], columns: list[str], minutes: float, rate: float, decay: float, warmup: int = 100):
        self.folder, self.network, self.budget, self.rate, self.warmup = folder, network, 60 * minutes, rate, warmup
        self.optimizer = torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.98), fused=True)
        self.average = Average(network, decay)
        self.log = Log(folder, ["minutes", "step", "rate", "loss", *columns])
        self.spent, self.step, self.losses = 0.0, 0, []
        if (folder / "state.pt").exists():
            state = torch.load(folder / "state.pt", weights_only=False)
            network.load_state_dict(state["network"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.average.weights, self.average.steps = state["average"], state["step"]
            self.spent, self.step = state["spent"], state["step"]
            print(f"resumed at step {self.step}, {self.spent / 60:.1f} minutes")
        self.saved, self.last = self.spent, time.monotonic()

    @property
    def share(self) -> float:
        return min(self.spent / self.budget, 1)

    @property
    def over(self) -> bool:
        return self.spent >= self.budget

    def learn(self, loss: torch.Tensor) -> None:
        """One step of the optimizer: warm-up, then a cosine down to 2 %."""
        rate = self.rate * min((self.step + 1) / self.warmup, 0.02 + 0.98 * (1 + math.cos(math.pi * self.share)) / 2)
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["share"]
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        self.average.update(self.network)
        self.step += 1
        self.losses.append(loss.item())
        now = time.monotonic()
        self.spent, self.last = self.spent + now - self.last, now
        if self.step % 50 == 0:
            self.log.add(minutes=self.spent / 60, step=self.step, rate=rate, loss=sum(self.losses) / len(self.losses))
            self.losses = []
        if self.spent - self.saved > STATE_SECONDS:
            self.save()

    def save(self) -> None:
        self.saved = self.spent
        save_state(self.folder / "state.pt", {
            "network": self.network.state_dict(), "average": self.average.weights, "optimizer": self.optimizer.state_dict(),
            "spent": self.spent, "step": self.step,
        })

    def averaged(self) -> nn.Module:
        """A copy of the network with the averaged weights, for validation."""
        copy = deepcopy(self.network)
        copy.load_state_dict(self.average.weights)
        return copy.eval()

    def figures(self, **figures: float) -> None:
        self.log.add(minutes=self.spent / 60, step=self.step, **figures)
        self.log.plot()
