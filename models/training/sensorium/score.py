"""BLEU (Papineni 2002) and CIDEr-D (Vedantam 2015), to the definitions of coco-caption.

The tokenisation imitates the Penn Treebank one that coco-caption runs in Java: lower case, punctuation removed. README.md
states how far the scores differ.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence

ORDERS = range(1, 5)
# Width of CIDEr-D's penalty on a difference in length.
SIGMA = 6.0

CONTRACTION = re.compile(r"(?<=[a-z0-9])('(?:s|m|d|ll|re|ve)|n't)(?![a-z])")
TOKEN = re.compile(r"\d+(?:[.,:]\d+)+|[a-z0-9]\.(?:[a-z]\.)+|'(?:s|m|d|ll|re|ve)\b|n't\b|[a-z0-9]+(?:[-'/_][a-z0-9]+)*|[$&#%@+=*]")

NGram = tuple[str, ...]


def tokenize(caption: str) -> list[str]:
    """Words of a caption, lower case, without punctuation."""
    return TOKEN.findall(CONTRACTION.sub(r" \1", caption.lower()))


def ngrams(words: list[str]) -> Counter[NGram]:
    return Counter(tuple(words[i : i + n]) for n in ORDERS for i in range(len(words) - n + 1))


def bleu(captions: Sequence[str], references: Sequence[Sequence[str]]) -> list[float]:
    """BLEU-1 to BLEU-4 over a whole set; the reference length is the one closest to the caption's."""
    right, said = dict.fromkeys(ORDERS, 0), dict.fromkeys(ORDERS, 0)
    length = reference_length = 0
    for caption, texts in zip(captions, references, strict=True):
        words = tokenize(caption)
        counts, most = ngrams(words), Counter()
        lengths = []
        for text in texts:
            reference = tokenize(text)
            lengths.append(len(reference))
            most |= ngrams(reference)
        length += len(words)
        reference_length += min(lengths, key=lambda n: (abs(n - len(words)), n))
        for n in ORDERS:
            said[n] += max(len(words) - n + 1, 0)
        for ngram, count in counts.items():
            right[len(ngram)] += min(count, most[ngram])
    scores, product = [], 1.0
    for n in ORDERS:
        product *= (right[n] + 1e-15) / (said[n] + 1e-9)
        ratio = length / max(reference_length, 1)
        penalty = 1.0 if ratio >= 1 else math.exp(1 - 1 / max(ratio, 1e-9))
        scores.append(product ** (1 / n) * penalty)
    return scores


class CiderD:
    """CIDEr-D of captions against the references of a set of photos, whose document frequencies it counts once.
    `words` splits a text: the published figures' way unless training wants another."""

    def __init__(self, references: Sequence[Sequence[str]], words: Callable[[str], list[str]] = tokenize):
        self.words = words
        counts = [[ngrams(words(text)) for text in texts] for texts in references]
        self.frequency = Counter(ngram for texts in counts for ngram in set().union(*texts))
        self.log_photos = math.log(max(len(counts), 2))
        self.references = [[self.vector(text) for text in texts] for texts in counts]

    def vector(self, counts: Counter[NGram]) -> tuple[dict[NGram, float], list[float], int]:
        """tf-idf of the n-grams, their norms per order, and the number of bigrams: coco-caption's length."""
        weights, squares, length = {}, [0.0] * 4, 0
        for ngram, count in counts.items():
            weight = count * (self.log_photos - math.log(max(self.frequency[ngram], 1)))
            weights[ngram] = weight
            squares[len(ngram) - 1] += weight * weight
            if len(ngram) == 2:
                length += count
        return weights, [math.sqrt(square) for square in squares], length

    def score(self, photo: int, caption: str) -> float:
        """CIDEr-D of a caption of photo number `photo`."""
        return self.score_against(self.references[photo], caption)

    def vectors(self, texts: Sequence[str]) -> list[tuple[dict[NGram, float], list[float], int]]:
        """References that are not those of a photo of the set."""
        return [self.vector(ngrams(self.words(text))) for text in texts]

    def score_against(self, references: Sequence[tuple[dict[NGram, float], list[float], int]], caption: str) -> float:
        """CIDEr-D of a caption against some references."""
        weights, norms, length = self.vector(ngrams(self.words(caption)))
        total = 0.0
        for reference, reference_norms, reference_length in references:
            products = [0.0] * 4
            for ngram, weight in weights.items():
                other = reference.get(ngram)
                if other is not None:
                    products[len(ngram) - 1] += min(weight, other) * other
            cosines = [p / (a * b) if a and b else p for p, a, b in zip(products, norms, reference_norms)]
            total += sum(cosines) / 4 * math.exp(-((length - reference_length) ** 2) / (2 * SIGMA**2))
        return 10 * total / len(references)


def scores(captions: Sequence[str], references: Sequence[Sequence[str]]) -> dict[str, float]:
    """The figures of a model card."""
    cider = CiderD(references)
    result = {"CIDEr-D": sum(cider.score(i, caption) for i, caption in enumerate(captions)) / len(captions)}
    return result | {f"BLEU-{n}": value for n, value in zip(ORDERS, bleu(captions, references))}
