"""Writes what the stages of tokenizer.json need to know of Unicode, as measured from Hugging Face tokenizers:

    python make_text_tables.py ../../../Sources/Tokenizer/Unicode

NormalFormTables.swift   decompositions, compositions, order of marks (the crate behind it has Unicode 9 or so)
CategoryTables.swift     general categories (those of the regular expressions) and what Rust's standard library calls numeric

Made with tokenizers 0.23.3.
"""

import pathlib
import sys

import tokenizers
from tokenizers import Regex, normalizers, pre_tokenizers

SCALARS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
ALL = "".join(map(chr, SCALARS))
HANGUL = range(0xAC00, 0xD7A4)
CATEGORIES = ("Cn Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Co").split()
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabc"

nfd, nfkd, nfc = (form().normalize_str for form in (normalizers.NFD, normalizers.NFKD, normalizers.NFC))


def matches(pattern):
    """The scalars that a class of the regular expressions has."""
    found = set()
    for _, (begin, end) in pre_tokenizers.Split(Regex(pattern + "+"), "removed", invert=True).pre_tokenize_str(ALL):
        found.update(SCALARS[begin:end])
    return found


def ranges(scalars):
    runs = []
    for c in sorted(scalars):
        if runs and runs[-1][1] == c - 1:
            runs[-1][1] = c
        else:
            runs.append([c, c])
    return [bound for run in runs for bound in run]


def text(file, name, comment, words, separator=" "):
    """A string over several lines; a line ends with a backslash, so that the string has no line breaks."""
    file.write(f"\n    /// {comment}\n    static let {name}: StaticString = \"\"\"\n")
    line = "       "
    for word in words:
        if len(line) + len(word) > 115:
            file.write(line + " \\\n")
            line = "       "
        line += (" " if line.endswith("       ") or separator else "") + word
    file.write(line + "\n        \"\"\"\n")


def numbers(file, name, comment, values):
    file.write(f"\n    /// {comment}\n    static let {name}: [UInt32] = [\n")
    line = "       "
    for value in values:
        word = f" 0x{value:X}," if value > 9 else f" {value},"
        if len(line) + len(word) > 120:
            file.write(line + "\n")
            line = "       "
        line += word
    file.write(line + "\n    ]\n")


def spelled(mapping):
    return [f"{c:X}={'+'.join(f'{ord(x):X}' for x in text)}" for c, text in mapping.items()]


def mark_classes():
    """Marks by their combining class, ascending, found by which of two goes before the other."""
    marks = [c for c in SCALARS if nfd("\u0345" + chr(c) + "\u0334")[-1] == "\u0345" and nfd(chr(c)) == chr(c)]
    before = lambda a, b: nfd(chr(b) + chr(a)) == chr(a) + chr(b)
    groups = []
    for c in marks:
        low, high = 0, len(groups)
        while low < high:
            middle = (low + high) // 2
            if before(groups[middle][0], c):
                low = middle + 1
            elif before(c, groups[middle][0]):
                high = middle
            else:
                groups[middle].append(c)
                break
        else:
            groups.insert(low, [c])
    return groups


def head(file, what):
    file.write(f"// Made by Tests/Fixtures/tokenizer/make_text_tables.py from tokenizers {tokenizers.__version__}; not to be "
               f"edited.\n\n{what}\n")


def write_normal_forms(path):
    canonical = {c: nfd(chr(c)) for c in SCALARS if c not in HANGUL and nfd(chr(c)) != chr(c)}
    compatible = {c: nfkd(chr(c)) for c in SCALARS if c not in HANGUL and nfkd(chr(c)) != nfd(chr(c))}
    pairs = []
    for c, parts in canonical.items():
        first = nfc(parts[:-1])
        if len(parts) > 1 and nfc(chr(c)) == chr(c) and len(first) == 1 and nfc(first + parts[-1]) == chr(c):
            pairs.append(f"{ord(first):X}+{ord(parts[-1]):X}={c:X}")
    for name, what, tables in [
        ("CanonicalTables", "Canonical decompositions, whole, and compositions (Unicode 3.11), in hexadecimal.", [
            ("decompositions", "Scalar and what NFD makes of it, Hangul excepted, which is arithmetic.",
             spelled(canonical)),
            ("compositions", "Two scalars and the one that NFC makes of them.", pairs)]),
        ("CompatibilityTables", "What NFKD does beyond NFD, in hexadecimal.", [
            ("decompositions", "Scalar and what NFKD makes of it, where NFD makes something else.",
             spelled(compatible))])]:
        with open(path / f"{name}.swift", "w") as file:
            head(file, f"/// {what}\nenum {name} {{")
            for table in tables:
                text(file, *table)
            if name == "CanonicalTables":
                groups = [" ".join(f"{a:X}-{b:X}" if a != b else f"{a:X}" for a, b in zip(r[::2], r[1::2]))
                          for r in (ranges(group) for group in mark_classes())]
                text(file, "orderedMarks", "Marks of each combining class but zero, the lowest class first.",
                     " / ".join(groups).split(" "))
            file.write("}\n")


def write_categories(path):
    category = {}
    for number, name in enumerate(CATEGORIES):
        if name != "Cn":
            category.update(dict.fromkeys(matches(r"\p{" + name + "}"), number))
    runs = []
    for c in range(0x110000):
        number = category.get(c, 0)
        if runs and runs[-1][1] == number:
            runs[-1][0] += 1
        else:
            runs.append([1, number])
    numeric = {c for c in SCALARS if len(pre_tokenizers.Digits().pre_tokenize_str("\x01" + chr(c))) == 2}
    combining = {c for c in SCALARS if normalizers.StripAccents().normalize_str(chr(c)) == ""}
    words = matches(r"\w")
    spaces = matches(r"\s")
    with open(path / "CategoryTables.swift", "w") as file:
        head(file, "/// General categories and other classes of Unicode scalars.\nenum CategoryTables {")
        file.write("    /// The categories, each named by its place: `A` is the first.\n"
                   f"    static let names = \"{' '.join(CATEGORIES)}\"\n")
        text(file, "runs", "How many scalars from zero on have which category.",
             [("" if n == 1 else str(n)) + LETTERS[k] for n, k in runs], separator="")
        numbers(file, "spaces", "What `\\s` matches: first and last.", ranges(spaces))
        numbers(file, "words", "What `\\w` matches beyond letters, marks and decimal digits: first and last.",
                ranges(c for c in words if CATEGORIES[category.get(c, 0)] not in
                       "Lu Ll Lt Lm Lo Mn Mc Me Nd".split()))
        numbers(file, "numeric", "What `Digits` takes for a digit: first and last.", ranges(numeric))
        numbers(file, "combining", "What `StripAccents` removes: first and last.", ranges(combining))
        file.write("}\n")
    missing = [c for c in words ^ {c for c in SCALARS if CATEGORIES[category.get(c, 0)] in
                                   "Lu Ll Lt Lm Lo Mn Mc Me Nd".split()} if c not in words]
    assert not missing, missing[:9]


folder = pathlib.Path(sys.argv[1])
write_normal_forms(folder)
write_categories(folder)
