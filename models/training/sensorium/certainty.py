"""How sure a network says that it is: curves from what is measured of answers (Platt 1999), and how far they hold."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression

# What the server can measure of the answers of a task; SensoriumConfiguration.ConfidenceMeasure.
MEASURES = {
    "caption": ["mean_log_probability", "match", "seen"],
    "vqa": ["log_odds", "seen", "said", "names"],
    "other": ["log_odds"],
}
BINS = 10


@dataclass
class Judged:
    """An answer, and whether it is right."""

    group: str
    """Answers of one group, such as the questions about one photo, are not torn apart."""
    confidence: float
    measures: dict[str, float]
    is_right: bool


def halves(answers: Sequence[Judged]) -> tuple[list[Judged], list[Judged]]:
    """Every second group: what is fitted to, and what is measured on."""
    groups = {group: number for number, group in enumerate(dict.fromkeys(answer.group for answer in answers))}
    return tuple([answer for answer in answers if groups[answer.group] % 2 == half] for half in (0, 1))


def empty_curve(measures: Sequence[str]) -> dict:
    """A curve by which a server tells the measures and is never surer than one half."""
    return {"offset": 0.0, "measures": {name: {"weight": 0.0, "usual": 0.0} for name in measures}}


def fitted_curve(answers: Sequence[Judged], measures: Sequence[str], nothing: Sequence[Judged] = ()) -> dict:
    """`nothing`: answers about pictures of nothing, fitted to besides. Weights by logistic regression, hardly regularised, of measures in units of their deviation; those that never vary are left out."""
    answers = [*answers, *nothing]
    values = np.array([[answer.measures[name] for name in measures] for answer in answers])
    usual, deviation = values.mean(0), values.std(0)
    kept = [column for column in range(len(measures)) if deviation[column] > 1e-6]
    regression = LogisticRegression(C=10, max_iter=1000)
    regression.fit(((values - usual) / np.maximum(deviation, 1e-6))[:, kept], [answer.is_right for answer in answers])
    return {
        "offset": round(float(regression.intercept_[0]), 4),
        "measures": {
            measures[column]: {"weight": round(float(weight / deviation[column]), 4), "usual": round(float(usual[column]), 4)}
            for column, weight in zip(kept, regression.coef_[0])
        },
    }


def said_by(curve: dict, answers: Sequence[Judged]) -> np.ndarray:
    """What the server would say of answers by a curve."""
    odds = [
        curve["offset"] + sum(term["weight"] * (answer.measures[name] - term["usual"]) for name, term in curve["measures"].items())
        for answer in answers
    ]
    return 1 / (1 + np.exp(-np.array(odds)))


def calibration_error(said: np.ndarray, right: np.ndarray) -> float:
    """Expected calibration error (Naeini 2015) over ten bins of equal width."""
    bins = np.minimum((said * BINS).astype(int), BINS - 1)
    return float(sum(abs(said[bins == number].mean() - right[bins == number].mean()) * (bins == number).mean() for number in set(bins)))


def auroc(said: np.ndarray, right: np.ndarray) -> float:
    """How often a right answer is surer than a wrong one; ties count half."""
    better = said[right][:, None] - said[~right][None]
    return float(((better > 0) + 0.5 * (better == 0)).mean()) if better.size else float("nan")


def interval(said: np.ndarray, right: np.ndarray, draws: int = 1000) -> tuple[float, float]:
    """95 % of the calibration errors of answers drawn with replacement."""
    random = np.random.default_rng(0)
    errors = []
    for _ in range(draws):
        drawn = random.integers(len(said), size=len(said))
        errors.append(calibration_error(said[drawn], right[drawn]))
    return tuple(np.quantile(errors, [0.025, 0.975]).tolist())


def cross_fitted(answers: Sequence[Judged], measures: Sequence[str], nothing: Sequence[Judged] = ()) -> np.ndarray:
    """What each half is said to be by a curve of the other; in the order of `answers`."""
    first, second = halves(answers)
    said = {}
    for fitted, measured in ((first, second), (second, first)):
        said |= {id(answer): value for answer, value in zip(measured, said_by(fitted_curve(fitted, measures, nothing), measured))}
    return np.array([said[id(answer)] for answer in answers])
