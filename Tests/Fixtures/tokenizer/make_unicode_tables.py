"""Writes Sources/Tokenizer/UnicodeTables.swift from what Hugging Face tokenizers does with every Unicode scalar.

The Rust crates behind the reference carry their own Unicode versions (general categories of 7.0, canonical
decompositions of 9.0, lower case and white space of the compiler), so that no single version of Unicode gives the same
ids. Measuring the reference does.

    python make_unicode_tables.py > ../../../Sources/Tokenizer/UnicodeTables.swift

Made with tokenizers 0.23.3.
"""

import tokenizers
from tokenizers import normalizers, pre_tokenizers

OFF = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
SCALARS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]


def bert(**options):
    return normalizers.BertNormalizer(**{**OFF, **options}).normalize_str


clean, strip, lower, chinese = (
    bert(clean_text=True), bert(strip_accents=True), bert(lowercase=True), bert(handle_chinese_chars=True))
decompose = normalizers.NFD().normalize_str
split = pre_tokenizers.BertPreTokenizer().pre_tokenize_str


def ranges(scalars):
    """Sorted scalars as a flat list of first and last of each run."""
    runs = []
    for c in scalars:
        if runs and runs[-1][1] == c - 1:
            runs[-1][1] = c
        else:
            runs.append([c, c])
    return [bound for run in runs for bound in run]


def is_reordered(c):
    """Whether the canonical combining class is not zero: U+0334 (class 1) moves before U+0345 (class 240) over it."""
    return decompose("\u0345" + chr(c) + "\u0334")[-1] == "\u0345" or decompose(chr(c)) != chr(c)


# One mark for each combining class that the reference knows, ascending.
LADDER = [(1, 0x334), (7, 0x93C), (8, 0x3099), (9, 0x94D), (202, 0x321), (216, 0x31B), (218, 0x302A), (220, 0x316),
          (222, 0x59A), (224, 0x302E), (226, 0x1D16D), (228, 0x5AE), (230, 0x300), (232, 0x315), (233, 0x35C),
          (234, 0x35D), (240, 0x345)]


def combining_class(c):
    """The class of the ladder's mark that neither goes before nor comes after c."""
    for value, mark in LADDER:
        if decompose(chr(c) + chr(mark)) == chr(c) + chr(mark) and decompose(chr(mark) + chr(c)) == chr(mark) + chr(c):
            return value
    raise ValueError(f"U+{c:04X} has a combining class that the ladder lacks")


def lowercase_runs(mapping):
    """Flat list of first, last, step and distance to the lower case."""
    runs = []
    for c, small in mapping:
        if runs:
            first, last, step, distance = runs[-1]
            if distance == small - c and c - last <= 2 and (step == c - last or first == last):
                runs[-1] = (first, c, c - last, distance)
                continue
        runs.append((c, c, 1, small - c))
    return [number for run in runs for number in run]


def table(name, comment, numbers, signed=False):
    print(f"\n    /// {comment}")
    print(f"    static let {name}: [{'Int32' if signed else 'UInt32'}] = [")
    line = "       "
    for number in numbers:
        word = f" {number}," if signed or number < 10 else f" 0x{number:X},"
        if len(line) + len(word) > 120:
            print(line)
            line = "       "
        line += word
    print(line)
    print("    ]")


removed = [c for c in SCALARS if clean(chr(c)) == ""]
blanks = [c for c in SCALARS if len(split("a" + chr(c) + "a")) == 2]
cleaned_blanks = [c for c in SCALARS if c not in (0x20,) and clean(chr(c)) == " "]
assert set(cleaned_blanks) | {0x20} == set(blanks) - set(removed)
punctuation = [c for c in SCALARS if len(split("a" + chr(c) + "a")) == 3]
ideographs = [c for c in SCALARS if chinese(chr(c)) != chr(c)]
stripped = {c: strip(chr(c)) for c in SCALARS if strip(chr(c)) != chr(c)}
marks = [c for c, text in stripped.items() if text == ""]
letters = {c: [ord(x) for x in text] for c, text in stripped.items() if text and not 0xAC00 <= c <= 0xD7A3}
single = {c: text[0] for c, text in letters.items() if len(text) == 1}
several = {c: text for c, text in letters.items() if len(text) > 1}
ordered = [(c, combining_class(c)) for c in SCALARS
           if c not in stripped and is_reordered(c)]
small = [(c, lower(chr(c))) for c in SCALARS if lower(chr(c)) != chr(c)]
assert [c for c, text in small if len(text) > 1] == [0x130]

print(f"""// Made by Tests/Fixtures/tokenizer/make_unicode_tables.py from tokenizers {tokenizers.__version__}; not to be edited.

/// What Hugging Face tokenizers does with each Unicode scalar, as measured. Ranges are flat lists of first and last.
enum UnicodeTables {{""", end="")
table("removedByCleaning", "What `clean_text` removes: control, format and private-use characters.", ranges(removed))
table("blanks", "What separates words, and what `clean_text` turns into a blank unless it removes it.", ranges(blanks))
table("punctuation", "What the pre-tokenizer makes a word of its own.", ranges(punctuation))
table("ideographs", "What `handle_chinese_chars` puts between blanks.", ranges(ideographs))
table("orderedMarks", "Nonspacing marks whose combining class is not zero.",
      ranges([c for c in marks if is_reordered(c)]))
table("neutralMarks", "Nonspacing marks of combining class zero, across which others do not move.",
      ranges([c for c in marks if not is_reordered(c)]))
table("combiningClasses", "Scalar and combining class of what `strip_accents` keeps and yet puts in canonical order.",
      [number for pair in ordered for number in pair])
table("lowercaseRuns", "First, last, step and distance to the lower case. U+0130 becomes two scalars and is not here.",
      lowercase_runs([(c, ord(text)) for c, text in small if len(text) == 1]), signed=True)
table("severalLetters", "Scalar and, filled up with zeros, the two or three that `strip_accents` makes of it.",
      [number for c, text in several.items() for number in [c, *(text + [0])[:3]]])
table("letters", "Scalar and the one that `strip_accents` makes of it, Hangul excepted, which is arithmetic.",
      [number for pair in single.items() for number in pair])
print("}")
