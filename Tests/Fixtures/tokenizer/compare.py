"""Compares the ids of `sensorium tokenize` with those of Hugging Face tokenizers and exits with 1 where they differ.

    python compare.py --binary .build/release/sensorium --model models/sensorium-base scalars random [FILE.tsv ...]

`scalars` is every Unicode scalar, alone and as "a<c>b"; `random` is strings of scalars that are likely to matter;
a file is compared column by column. The first differences are printed, then one line for each source.
Last used with tokenizers 0.23.3.
"""

import argparse
import random
import subprocess
import sys

from tokenizers import Tokenizer


def scalars():
    for c in range(0x110000):
        if not 0xD800 <= c < 0xE000:
            yield chr(c)
            yield f"a{chr(c)}b"


def random_texts(count, seed):
    """Letters, marks, blanks, ideographs, punctuation, emoji, special tokens and pieces of words, mixed."""
    generator = random.Random(seed)
    blocks = [(0x20, 0x7F), (0x0, 0x20), (0x80, 0x250), (0x300, 0x370), (0x370, 0x530), (0x590, 0x700),
              (0x900, 0xE00), (0x1100, 0x1200), (0x1D00, 0x2070), (0x2000, 0x2C00), (0x3000, 0x3100), (0x302A, 0x3030),
              (0x4E00, 0x4F00), (0xAC00, 0xD7A4), (0xF900, 0xFB00), (0xFE00, 0x10000), (0x1D100, 0x1D200),
              (0x1E000, 0x1E030), (0x1E900, 0x1E960), (0x1F300, 0x1FA00), (0x20000, 0x20100), (0x2F800, 0x2FA20),
              (0xE0000, 0xE0200), (0x10000, 0x11800), (0x0, 0x110000)]
    words = ["[SEP]", "[CLS]", "[MASK]", "[UNK]", "[PAD]", "[sep]", "snowboarding", "##ing", "\r\n", "\u200d", "can't",
             "unaffable", "\u0130stanbul", "\u00df", "e\u0301", " ", "  ", "\u00a0", "\u0085", "\ufeff", "x" * 101]
    for _ in range(count):
        parts = []
        for _ in range(generator.randint(1, 24)):
            if generator.random() < 0.25:
                parts.append(generator.choice(words))
                continue
            first, end = generator.choice(blocks)
            for _ in range(generator.randint(1, 4)):
                c = generator.randrange(first, end)
                if not 0xD800 <= c < 0xE000:
                    parts.append(chr(c))
        yield "".join(parts)


def columns(path):
    with open(path, encoding="utf-8", newline="\n") as file:
        for line in file:
            yield from line.rstrip("\n").split("\t")


def escaped(text):
    """One line of input for `sensorium tokenize`."""
    return "".join(
        c if c >= " " and c != "\\" and not "\x7f" <= c <= "\x9f" and c not in "\u2028\u2029" else f"\\u{ord(c):04x}"
        for c in text)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default=".build/release/sensorium")
    parser.add_argument("--model", default="models/sensorium-base")
    parser.add_argument("--count", type=int, default=100_000, help="texts of `random`")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("sources", nargs="+")
    arguments = parser.parse_args()
    reference = Tokenizer.from_file(f"{arguments.model}/tokenizer.json")
    reference.no_truncation()
    reference.no_padding()
    failed = False
    for source in arguments.sources:
        if source == "scalars":
            texts = list(scalars())
        elif source == "random":
            texts = list(random_texts(arguments.count, arguments.seed))
        else:
            texts = list(columns(source))
        answer = subprocess.run(
            [arguments.binary, "tokenize", "--model", arguments.model], check=True, stdout=subprocess.PIPE,
            input="\n".join(map(escaped, texts)).encode() + b"\n").stdout.decode().split("\n")[:-1]
        expected = reference.encode_batch_fast(texts)
        differences = [
            (text, ours, theirs.ids) for text, ours, theirs in zip(texts, answer, expected, strict=True)
            if ours != " ".join(map(str, theirs.ids))]
        for text, ours, theirs in differences[:10]:
            print(f"{text!a}\n  ours      {ours}\n  reference {' '.join(map(str, theirs))}")
        print(f"{source}: {len(texts)} texts, {len(differences)} differences", flush=True)
        failed = failed or bool(differences)
    sys.exit(1 if failed else 0)


main()
