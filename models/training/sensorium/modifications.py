"""Composed queries out of captions: a photo, words that change it, and the photo that they lead to.

By rules alone, without a parser. Of every photo the captions give the subject and four kinds of attributes; an attribute
counts where two of the five captions have it. A pair (A, B) has one subject, shares an attribute of another kind, and
differs in one kind; the text is what a caption of B says there: "on a beach", "two dogs", "in a red shirt", "jumping over a
hurdle". Nothing of it may be said by any caption of A.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from .data import Photo, clean

LOOKED_AT = 400  # photos of the same subject that are tried as targets
KINDS = ("place", "colour", "number", "action")


def table(lines: str) -> dict[str, str]:
    """Word -> what it counts as: the first word of its line."""
    return {word: line.split()[0] for line in lines.strip().splitlines() for word in line.split()}


SUBJECTS = table("""
    dog dogs puppy puppies
    man men guy guys
    woman women lady ladies
    boy boys
    girl girls
    child children kid kids toddler baby
    person people
    player players
    cyclist cyclists biker bikers
    surfer surfers
    skier skiers
    snowboarder snowboarders
    skateboarder skateboarders
    cat cats kitten
    horse horses
    bird birds
    cow cows
    sheep
    bear bears
    elephant elephants
    giraffe giraffes
    zebra zebras
    train trains
    bus buses
    car cars
    truck trucks
    motorcycle motorcycles motorbike motorbikes
    bicycle bicycles bike bikes
    boat boats
    airplane airplanes plane planes
    pizza pizzas
    plate plates
""")
PLACES = table("""
    beach sand shore seashore sandy
    ocean sea waves wave surf
    water lake river stream pond creek
    pool
    snow snowy
    grass grassy lawn
    field meadow
    street road sidewalk crosswalk
    city
    park playground
    yard backyard garden
    woods forest
    mountain mountains hill hillside
    cliff rock rocks boulder
    court
    stage
    track
    dirt mud
    ramp
    bench
    couch sofa
    bed
    table
    kitchen
    bathroom
    restaurant
    station
    bridge
    trampoline
    slide
    swing
    fountain
    desert
    ice
    leaves
    tunnel
""")
COLOURS = table("""
    red
    blue
    green
    yellow
    black
    white
    brown tan
    orange
    pink
    purple
    gray grey
""")
NUMBERS = table("""
    one
    two couple pair
    three
    four
    five
    group several crowd many bunch herd
""")
GARMENTS = "shirt|jacket|dress|coat|shorts|pants|hat|cap|helmet|uniform|suit|sweater|top|outfit|jersey|vest|shirts|uniforms"
ACTIONS = table("""
    running run runs sprinting racing
    jumping jump jumps leaping leaps leap
    swimming swim swims
    sitting sit sits seated
    standing stand stands
    walking walk walks
    riding ride rides
    playing play plays
    climbing climb climbs
    eating eat eats
    sleeping sleep sleeps laying lying lies lays
    catching catch catches
    throwing throw throws
    smiling smile smiles laughing
    dancing dance dances
    fighting fight fights wrestling wrestle biting
    digging dig digs
    kicking kick kicks
    carrying carry carries
    skiing
    surfing
    skateboarding
    snowboarding
    splashing splashes
    fishing
    reading
    grazing graze grazes
    flying fly flies
    sliding slides
    swinging swings
    parked parking
    hiking
    drinking
    chasing chase chases
""")
TABLES = (PLACES, COLOURS, NUMBERS, ACTIONS)  # as KINDS
LINKS = "in|on|at|through|near|by|along|across|into|over|under|down|around|beside|behind|from|with|up"
QUALITIES = {
    *COLOURS, "small", "large", "big", "little", "young", "old", "long", "tall", "wooden", "snow", "covered", "sandy", "grassy",
    "snowy", "dirt", "rocky", "tennis", "soccer", "city", "busy", "swimming", "green", "tree", "ski", "toy", "hockey", "and",
}


@dataclass
class Said:
    """What the captions of a photo say: of each kind, value -> phrases that say it; and all of their words."""

    subjects: Counter = field(default_factory=Counter)
    values: dict[str, dict[str, list[str]]] = field(default_factory=lambda: {kind: defaultdict(list) for kind in KINDS})
    words: set[str] = field(default_factory=set)

    @cached_property
    def sure(self) -> dict[str, set[str]]:
        """Of each kind the values that two captions have."""
        return {kind: {value for value, phrases in self.values[kind].items() if len(phrases) > 1} for kind in KINDS}

    @cached_property
    def mentioned(self) -> dict[str, set[str]]:
        """Of each kind the values that any word of the captions can mean."""
        return {kind: {names[word] for word in self.words if word in names} for kind, names in zip(KINDS, TABLES)}

    @property
    def subject(self) -> str | None:
        """The one that most captions begin with, if they are two or more."""
        most = self.subjects.most_common(1)
        return most[0][0] if most and most[0][1] > 1 else None


def attributes(caption: str) -> tuple[str | None, dict[str, tuple[str, str]]]:
    """The subject of a caption, and of each kind that it has value and phrase."""
    words = clean(caption).split()
    at = next((place for place, word in enumerate(words[:8]) if word in SUBJECTS), None)
    if at is None:
        return None, {}
    found = {}
    before = words[:at]
    subject = SUBJECTS[words[at]]
    number = next((NUMBERS[word] for word in before if word in NUMBERS), "one" if set(before) & {"a", "an", "the"} else None)
    if number == "group":
        found["number"] = number, f"a group of {words[at]}"
    elif number:
        found["number"] = number, f"{'a' if number == 'one' else number} {words[at]}"
    colours = [word for word in before if word in COLOURS]
    text = " ".join(words)
    worn = re.search(rf"\b(in|wearing) (?:an? |the |his |her )?({'|'.join(COLOURS)}) (?:and \w+ )?(?:t shirt|{GARMENTS})\b", text)
    if colours:
        found["colour"] = COLOURS[colours[0]], " and ".join(colours) + f" {words[at]}"
    elif worn:
        found["colour"] = f"wearing {COLOURS[worn[2]]}", worn[0]
    place = re.search(rf"\b(?:{LINKS}) (?:an? |the |some )?((?:\w+ (?:of )?)??)({'|'.join(PLACES)})\b(?: (?:{'|'.join(PLACES)}))?", text)
    if place and (not place[1] or place[1].strip() in QUALITIES):
        found["place"] = PLACES[place[2]], place[0]
    for at, word in enumerate(words):
        if word in ACTIONS and at > 0:
            found["action"] = ACTIONS[word], " ".join([word, *completed(words[at + 1 :])])
            break
    return subject, found


def completed(words: list[str]) -> list[str]:
    """The words after a verb up to its first noun: "over a white hurdle"; none where no noun follows in five words."""
    taken: list[str] = []
    for word in words[:5]:
        taken.append(word)
        if word not in QUALITIES and not re.fullmatch(rf"{LINKS}|a|an|the|his|her|its|their|to|out|some|together|toward|towards", word):
            return [] if word in ("and", "while", "as", "is", "that") or word in SUBJECTS else taken
    return []


def said_of(photo: Photo) -> Said:
    result = Said()
    for caption in photo.captions:
        result.words.update(clean(caption).split())
        subject, found = attributes(caption)
        if subject:
            result.subjects[subject] += 1
        for kind, (value, phrase) in found.items():
            result.values[kind][value].append(phrase)
    return result


@dataclass
class Pair:
    """Numbers of the two photos, the kind of attribute that differs, and the words for it."""

    reference: int
    target: int
    kind: str
    text: str


def pairs_of(photos: Sequence[Photo], each: int, most: int, seed: int) -> list[Pair]:
    """Up to `each` pairs of a photo for each kind; a photo is the target of `most` at most."""
    random = np.random.default_rng(seed)
    said = [said_of(photo) for photo in photos]
    groups = defaultdict(list)
    for number, photo in enumerate(said):
        if photo.subject:
            groups[photo.subject].append(number)
    pairs, used = [], Counter()
    for reference in random.permutation(len(photos)).tolist():
        if not said[reference].subject:
            continue
        others = random.permutation(groups[said[reference].subject])[:LOOKED_AT].tolist()
        for kind in KINDS:
            found = 0
            for target in others:
                if found == each:
                    break
                if target == reference or used[target] == most:
                    continue
                texts = changes(said[reference], said[target], kind)
                if texts:
                    pairs.append(Pair(reference, target, kind, str(random.choice(texts))))
                    used[target] += 1
                    found += 1
    return pairs


def changes(reference: Said, target: Said, kind: str) -> list[str]:
    """Words for what `kind` is in the target and not in the reference, if another kind is the same in both."""
    if not reference.sure[kind] or not any(reference.sure[k] & target.sure[k] for k in KINDS if k != kind):
        return []
    known = reference.values[kind].keys() | reference.mentioned[kind]
    fresh = {value for value in target.sure[kind] if value not in known and value.removeprefix("wearing ") not in known}
    return sorted({phrase for value in fresh for phrase in target.values[kind][value]})


def places_of(queries: Tensor, photos: Tensor, pairs: Sequence[Pair]) -> Tensor:
    """Of each pair's target among all photos but its reference, from 0. `queries` [pairs, d], `photos` [photos, d]."""
    similar = queries @ photos.T
    rows = torch.arange(len(pairs))
    similar[rows, [pair.reference for pair in pairs]] = -torch.inf
    return (similar > similar[rows, [pair.target for pair in pairs]][:, None]).sum(1)
