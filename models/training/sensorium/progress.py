"""What every run leaves behind: a CSV log, a plot of it, a state to resume from."""

import csv
import os
from pathlib import Path

import matplotlib
import torch
from safetensors.torch import save_file

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402  (the backend must be chosen first)


class Log:
    """Rows of figures in `<run>/log.csv`; appends when a run is resumed."""

    def __init__(self, run: Path, columns: list[str]):
        run.mkdir(parents=True, exist_ok=True)
        self.path, self.columns = run / "log.csv", columns
        if not self.path.exists():
            self.write(columns)

    def write(self, row: list) -> None:
        with open(self.path, "a", newline="") as file:
            csv.writer(file).writerow(row)

    def add(self, **figures: float) -> None:
        self.write([f"{figures[column]:.6g}" if column in figures else "" for column in self.columns])
        print("  ".join(f"{name} {value:.4g}" for name, value in figures.items()), flush=True)

    def plot(self) -> None:
        """Draws every column against the first into `<run>/log.png`."""
        with open(self.path) as file:
            rows = list(csv.DictReader(file))
        figure, axes = pyplot.subplots(1, len(self.columns) - 1, figsize=(4 * (len(self.columns) - 1), 3), layout="constrained")
        for axis, column in zip(axes, self.columns[1:]):
            points = [(float(row[self.columns[0]]), float(row[column])) for row in rows if row[column]]
            axis.plot(*zip(*points) if points else ([], []), marker=".")
            axis.set(xlabel=self.columns[0], title=column)
        figure.savefig(self.path.with_suffix(".png"))
        pyplot.close(figure)


class Average:
    """Exponential moving average of a network's weights; its memory grows from short to `decay` as steps go by."""

    def __init__(self, network: torch.nn.Module, decay: float):
        self.decay, self.steps = decay, 0
        self.weights = self.averaged(network, clone=True)

    @torch.no_grad()
    def update(self, network: torch.nn.Module) -> None:
        self.steps += 1
        weight = 1 - min(self.decay, self.steps / (self.steps + 9))
        torch._foreach_lerp_(list(self.weights.values()), list(self.averaged(network).values()), weight)

    @staticmethod
    def averaged(network: torch.nn.Module, clone: bool = False) -> dict[str, torch.Tensor]:
        """Weights and statistics; the counters of batch norms are whole numbers that nothing reads."""
        state = {name: tensor.detach() for name, tensor in network.state_dict().items() if tensor.is_floating_point()}
        return {name: tensor.clone() for name, tensor in state.items()} if clone else state


def save_state(path: Path, state: dict) -> None:
    torch.save(state, path.with_suffix(".partial"))
    os.replace(path.with_suffix(".partial"), path)


def save_head(path: Path, weights: dict[str, torch.Tensor]) -> None:
    save_file(weights, path.with_suffix(".partial"))
    os.replace(path.with_suffix(".partial"), path)
