"""Questions made from captions: COCO-QA's method (Ren 2015) with word lists in place of a parser.

Ren et al. parse a caption, split compound sentences, turn indefinite determiners into definite ones and move the
question word to the front. Here a caption is a list of lower-case words, the nouns that may be answers are known, and
each rule looks for one pattern:

- object:   [the subject's noun phrase] VERB …        -> what is VERB …?            subject's noun
            SUBJECT VERBing a (…) NOUN                -> what is the SUBJECT VERBing?   NOUN
- number:   NUMBER (…) NOUNS …                        -> how many (…) NOUNS …?      NUMBER
- color:    COLOR NOUN                                -> what is the color of the NOUN?  COLOR
- location: SUBJECT VERBing … in|on|at a (…) PLACE      -> where is the SUBJECT VERBing?   PLACE
- action:   SUBJECT (is) VERBing …                    -> what is the SUBJECT doing?   VERBing
- person:   PERSON VERBing …                          -> who is VERBing …?          PERSON
- yes/no:   NOUN of a caption, or one of other photos -> is there a NOUN in the picture?   yes, no
"""

import re
from collections import Counter

import numpy as np

from .article import article
from .questions import NUMBERS, Question

COLORS = frozenset("white red green blue black yellow brown gray orange purple pink".split())
COUNTS = frozenset(NUMBERS[1:11])
PERSONS = frozenset("man woman boy girl child baby person people men women boys girls children kids player".split())
DETERMINERS = frozenset("a an the some his her their its this that these those several many".split())
PREPOSITIONS = frozenset(
    "in on at with near by next behind above under over inside outside of from to through across along around against "
    "beside between into onto down up in front off underneath beneath atop".split()
)
FINITE = frozenset(
    "is are sits sit stands stand lies lays lay holds hold rides ride flies fly walks walk runs run jumps jump eats eat "
    "plays play looks look hangs hang has have wears wear rests rest drives drive grazes graze swings catches carries "
    "leans climbs swims".split()
)
# Words in "-ing" that are no action.
THINGS = frozenset("building ceiling king ring string wing thing something nothing evening morning wedding clothing railing painting spring swing during wing living dining opening string icing frosting topping parking crossing wearing".split())
LINKS = frozenset("and while as that which who but or".split())
# No nouns, though they stand where nouns do.
COMMON = frozenset("very other next there are each one two has top his them they she can not being full set all for than too also which who large small big young old little tall long open close down made next group couple bunch lot pair front back side different various wearing having during".split())
PLURAL_PERSONS = frozenset("people men women children kids".split())
LONGEST = 14


def words_of(caption: str) -> list[str]:
    """Lower-case words of the first sentence; "grey" as "gray"."""
    first = re.split(r"[.!?;]", caption.lower())[0]
    return ["gray" if word == "grey" else word for word in re.findall(r"[a-z0-9'-]+", first)]


def is_plural(noun: str) -> bool:
    return noun in PLURAL_PERSONS or (noun.endswith("s") and not noun.endswith(("ss", "us", "is")))


def definite(words: list[str]) -> list[str]:
    return ["the" if word in ("a", "an") else word for word in words]


def clause(words: list[str]) -> list[str]:
    """Up to a link to another clause."""
    for place, word in enumerate(words):
        if word in LINKS and word != "and":
            return words[:place]
    return words[:LONGEST]


def is_verb(word: str) -> bool:
    return word in FINITE or (word.endswith("ing") and word not in THINGS and len(word) > 4) or (word.endswith("ed") and len(word) > 4 and word != "red")


def subject(words: list[str]) -> tuple[int, str] | None:
    """Where the predicate begins, and the noun before it: the last word before the first verb or preposition."""
    for place, word in enumerate(words[:8]):
        if place > 0 and (is_verb(word) or word in PREPOSITIONS):
            noun = words[place - 1]
            if noun in DETERMINERS or noun in COLORS or noun in LINKS or "and" in words[:place] or "of" == word:
                return None
            return place, noun
    return None


def predicate(noun: str, words: list[str]) -> list[str]:
    """A predicate that follows "what" or "who"."""
    be = "are" if is_plural(noun) else "is"
    return words if words[0] in FINITE else [be, *words]


class Generator:
    """Makes questions of one caption. `objects`, `places`: nouns that may be answers."""

    def __init__(self, objects: set[str], places: set[str], actions: set[str]):
        self.objects, self.places, self.actions = objects, places, actions

    def questions(self, caption: str) -> list[tuple[str, str, str]]:
        """(question, answer, kind) of a caption."""
        words = words_of(caption)
        made = [*self.colors(words), *self.numbers(words)]
        found = subject(words)
        if found:
            place, noun = found
            rest = definite(clause(words[place:]))
            if rest:
                made += self.about_subject(noun, rest)
        return [(f"{text}?", answer, kind) for text, answer, kind in made]

    def about_subject(self, noun: str, rest: list[str]):
        be = "are" if is_plural(noun) else "is"
        verb = rest[1] if rest[0] in ("is", "are") and len(rest) > 1 else rest[0]
        doing = verb.endswith("ing") and is_verb(verb)
        named = noun in self.objects or noun in PERSONS
        if len(rest) > 2:
            if noun in self.objects:
                yield f"what {' '.join(predicate(noun, rest))}", noun, "object"
            elif noun in PERSONS:
                yield f"who {' '.join(predicate(noun, rest))}", noun, "person"
        if not named:
            return
        if doing and verb in self.actions:
            yield f"what {be} the {noun} doing", verb, "action"
        after = rest[rest.index(verb) + 1 :]
        if doing and len(after) > 1 and after[0] in DETERMINERS:
            target = self.head(after[1:])
            if target in self.objects:
                yield f"what {be} the {noun} {verb}", target, "object"
        for place, word in enumerate(after[:-1]):
            if word in ("in", "on", "at", "inside") and after[place + 1] in DETERMINERS:
                target = self.head(after[place + 2 :])
                if target in self.places:
                    yield f"where {be} the {noun} {verb if doing else ''}".strip(), target, "location"
                break

    def head(self, words: list[str]) -> str | None:
        """The noun of a phrase whose determiner is already read: its last word before anything else begins."""
        noun = None
        for word in words[:4]:
            if word in PREPOSITIONS or word in LINKS or word in DETERMINERS or is_verb(word):
                break
            noun = word
        return noun

    def colors(self, words: list[str]):
        for place, word in enumerate(words[:-1]):
            before = words[place - 1] if place else ""
            noun = words[place + 1]
            if word in COLORS and before not in COLORS and before not in ("and", "or") and noun in self.objects | PERSONS:
                if noun not in COLORS and noun not in PERSONS:
                    yield f"what is the color of the {noun}", word, "color"

    def numbers(self, words: list[str]):
        for place, word in enumerate(words[:-1]):
            if word not in COUNTS or word == "one":
                continue
            for end in range(place + 1, min(place + 4, len(words))):
                noun = words[end]
                if is_plural(noun) and (noun in self.objects or noun in PERSONS):
                    rest = definite(clause(words[end + 1 :]))
                    phrase = " ".join(words[place + 1 : end + 1])
                    if place == 0 and len(rest) > 1:
                        yield f"how many {phrase} {' '.join(predicate(noun, rest))}", word, "number"
                    else:
                        yield f"how many {phrase} are there", word, "number"
                    break


YES_NO = (
    "is there {a} {noun} in the picture?",
    "is there {a} {noun} here?",
    "can you see {a} {noun}?",
    "is this {a} {noun}?",
    "could this be {a} {noun}?",
)


def presence(captions: list[str], nouns: list[str], weights: np.ndarray, random: np.random.Generator) -> list[tuple[str, str, str]]:
    """One question whose answer is yes and one whose answer is no. A noun that is asked for in vain is drawn by how
    often it occurs elsewhere, and no caption of the photo may name it, in singular or plural."""
    said = {word for caption in captions for word in words_of(caption)}
    there = [noun for noun in nouns if noun in said]
    if not there:
        return []
    absent = nouns[random.choice(len(nouns), p=weights)]
    made = [(there[random.integers(len(there))], "yes")]
    if not {absent, absent + "s", absent.removesuffix("s"), absent.removesuffix("es")} & said:
        made.append((absent, "no"))
    result = []
    for noun, answer in made:
        template = YES_NO[random.integers(3 if is_plural(noun) else 5)]
        text = template.format(a="any" if is_plural(noun) else article(noun), noun=noun)
        result.append((text.replace("is there any", "are there any"), answer, "yes/no"))
    return result


# As people ask in VQA v2, whose yes/no questions nearly all begin so.
ASKED = ("is this {a} {noun}?", "could this be {noun}?", "are there any {noun} in this picture?")
DOING = "is this {person} {verb}?"


def asked_by_people(photos, each: int, random: np.random.Generator) -> list[Question]:
    """Yes/no questions about COCO's photos in the words that people use: `each` nouns that captions name and as many that
    they do not, and what a person does or does not."""
    counts = Counter(word for photo in photos for caption in photo.captions for word in set(words_of(caption)))
    known = DETERMINERS | COLORS | COUNTS | PREPOSITIONS | LINKS | FINITE | COMMON
    nouns = [word for word, count in sorted(counts.items()) if count >= 15 and word not in known and not is_verb(word) and len(word) > 2]
    verbs = [word for word, count in sorted(counts.items()) if count >= 20 and word.endswith("ing") and is_verb(word) and word not in COMMON]
    made = []
    for photo in photos:
        said = {word for caption in photo.captions for word in words_of(caption)}
        forms = said | {word + "s" for word in said} | {word.removesuffix("s") for word in said} | {word.removesuffix("es") for word in said}
        found: list[tuple[str, str]] = []
        for words, template in ((nouns, None), (verbs, DOING)):
            persons = sorted(said & {"man", "woman", "person", "boy", "girl"})
            there = [word for word in words if word in said]
            if not there or (template and not persons):
                continue
            weights = np.array([counts[word] for word in words]) ** 0.75
            absent = [words[i] for i in random.choice(len(words), 4 * each, p=weights / weights.sum())]
            absent = [word for word in absent if word not in forms]
            for word, label in [(w, "yes") for w in random.permutation(there)[:each]] + [(w, "no") for w in absent[:each]]:
                if template:
                    text = template.format(person=persons[0], verb=word)
                else:
                    form = ASKED[2] if is_plural(word) else ASKED[random.integers(2)]
                    text = form.format(a=article(word), noun=word)
                found.append((text, label))
        made += [Question(photo.folder, photo.name, text, (label,), "yes/no", "captions") for text, label in dict(found).items()]
    return made


def asked_whole(caption: str) -> str | None:
    """Whether a whole caption fits a photo, as a question; None for one that makes none."""
    words = words_of(caption)
    if not 4 <= len(words) <= 16 or words[0] in ("the", "there", "this"):
        return None
    return f"{'are these' if words[0] not in ('a', 'an', 'one') else 'is this'} {' '.join(words)}?"


def matching(photos, each: int, random: np.random.Generator) -> list[Question]:
    """As many questions with yes as with no, about captions of the photo and of others of its set."""
    captions = [(index, text) for index, photo in enumerate(photos) for text in photo.captions]
    by_subject: dict[tuple[str, str], list[tuple[int, str]]] = {}
    by_set: dict[str, list[tuple[int, str]]] = {}
    for index, text in captions:
        found = subject(words_of(text))
        if found:
            by_subject.setdefault((photos[index].folder, found[1]), []).append((index, text))
        by_set.setdefault(photos[index].folder, []).append((index, text))
    made = []
    for index, photo in enumerate(photos):
        for place in random.permutation(len(photo.captions))[:each]:
            own = photo.captions[place]
            found = subject(words_of(own))
            alike = by_subject.get((photo.folder, found[1]), []) if found and random.random() < 0.5 else []
            pool = alike if len(alike) > 3 else by_set[photo.folder]
            other, foreign = pool[random.integers(len(pool))]
            if other == index or not (texts := (asked_whole(own), asked_whole(foreign)))[0] or not texts[1]:
                continue
            made += [Question(photo.folder, photo.name, text, (label,), "yes/no", "captions") for text, label in zip(texts, ("yes", "no"))]
    return made
