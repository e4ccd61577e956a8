"""Names exchanged for their siblings in captions and in what a classifier saw alike, so that a caption learns to say what it sees
named, and not what it is used to."""

import re
from collections.abc import Sequence

import numpy as np

from .article import article
from .names import Names, Seen, likeliest
from .wordnet import WordNet

# Words of captions for names that are written otherwise.
OTHER_WORDS = {
    "puppy": "dog", "puppies": "dog", "doggy": "dog", "kitten": "cat", "kittens": "cat", "plane": "airplane", "planes": "airplane", "jet": "airplane",
    "bike": "bicycle", "bikes": "bicycle", "couch": "sofa", "couches": "sofa", "tv": "television", "cell phone": "cellphone", "fridge": "refrigerator",
    "doughnut": "bagel", "tennis racket": "racket", "racquet": "racket", "tennis racquet": "racket", "bunny": "rabbit", "cellphones": "cellphone",
    "motor scooter": "scooter", "surf board": "surfboard", "seagull": "bird", "seagulls": "bird", "mountain bike": "bicycle", "sail boat": "boat", "sailboat": "boat",
    "sailboats": "boat", "phone": "cellphone", "oven": "stove", "cattle": "cow", "bull": "cow", "ox": "cow", "oxen": "cow", "bear cub": "bear", "lamb": "sheep", "pony": "horse",
}
IRREGULAR = {
    "bus": "buses", "sheep": "sheep", "fish": "fish", "mouse": "mice", "wolf": "wolves", "knife": "knives", "goose": "geese", "buffalo": "buffalo",
    "bison": "bison", "man": "men", "woman": "women", "child": "children", "person": "people", "leaf": "leaves", "shelf": "shelves", "half": "halves",
}
# Words that are something else in most captions: a colour, a verb, what somebody wears on the nose.
AMBIGUOUS = {
    "orange", "glass", "glasses", "watch", "match", "matches", "fly", "flies", "swing", "swings", "hook", "bow", "iron", "pick", "switch", "fan", "fans",
    "scale", "scales", "pot", "can", "cans", "seal", "letter", "letters", "tick", "crane", "tank", "plow", "whistle", "ant", "shop", "lock",
    "speaker", "speakers", "stage", "wing", "chest", "hip", "ear", "coil", "nail", "screw", "vault", "reel", "knot", "slug", "jersey", "cloth",
}


def plural(name: str) -> str:
    *before, last = name.split()
    if last in IRREGULAR:
        last = IRREGULAR[last]
    elif re.search(r"(s|x|ch|sh)$", last):
        last += "" if last.endswith("s") and not last.endswith("ss") else "es"
    elif re.search(r"[^aeiou]y$", last):
        last = last[:-1] + "ies"
    else:
        last += "s"
    return " ".join([*before, last])


class Exchange:
    """Which names are siblings, and how a caption reads with another."""

    def __init__(self, names: Names, wordnet: WordNet, synsets: Sequence[str], without: Sequence[str] = ()):
        """`synsets`: of the kinds, in their order. `without`: names that no caption is to get."""
        self.names = names.all
        groups: dict[str, list[int]] = {}
        self.group: list[str | None] = [None] * len(self.names)
        for kind, name in enumerate(names.of_kinds):
            self.group[name] = self.group[name] or wordnet.group(synsets[kind])
        for name, group in enumerate(self.group):
            if group is not None and self.names[name] not in without:
                groups.setdefault(group, []).append(name)
        self.siblings = groups
        number = {name: index for index, name in enumerate(self.names)}
        forms = {form: (index, form != name) for name, index in number.items() for form in (plural(name), name)}
        forms |= {word: (number[name], word.endswith("s") and not word.endswith("ss")) for word, name in OTHER_WORDS.items() if name in number}
        forms = {form: meant for form, meant in forms.items() if form not in AMBIGUOUS}
        self.forms = forms
        longest_first = sorted(forms, key=len, reverse=True)
        self.pattern = re.compile(r"\b(?:(an?) )?(" + "|".join(map(re.escape, longest_first)) + r")\b")

    def said(self, caption: str) -> set[int]:
        """The names in a caption."""
        return {self.forms[match[2]][0] for match in self.pattern.finditer(caption)}

    def exchanged(self, caption: str, old: int, new: int) -> str:
        """The caption with another name, and with the article that it takes."""

        def word(match: re.Match) -> str:
            name, several = self.forms[match[2]]
            if name != old:
                return match[0]
            written = plural(self.names[new]) if several else self.names[new]
            return f"{article(written)} {written}" if match[1] else written

        return self.pattern.sub(word, caption)

    def sibling(self, name: int, taken: set[int], random: np.random.Generator) -> int | None:
        """Another name of the same group, none of those that are taken."""
        choices = [other for other in self.siblings.get(self.group[name], []) if other not in taken]
        return int(random.choice(choices)) if choices else None


def exchange(seen: Seen, photo: int, captions: Sequence[str], rules: Exchange, floor: float, random: np.random.Generator):
    """Names of a photo and its captions with one name exchanged, or as they are where none can be.

    A name can be where the classifier saw it, with `floor` or more, and a caption has it."""
    names, likelihoods = seen.names[photo].tolist(), seen.likelihoods[photo]
    said = set().union(*map(rules.said, captions))
    able = [name for name, likelihood in zip(names, likeliest(likelihoods)) if likelihood >= floor and name in said]
    if not able:
        return names, list(captions)
    old = able[int(random.integers(len(able)))]
    new = rules.sibling(old, {*names, *said}, random)
    if new is None:
        return names, list(captions)
    return [new if name == old else name for name in names], [rules.exchanged(caption, old, new) for caption in captions]
