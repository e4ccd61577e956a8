"""Compares `sensorium tokenize` with Hugging Face tokenizers, for a trained tokenizer of each kind and for real ones:

    python compare_stages.py --binary .build/release/sensorium --data FOLDER [--sentencepiece] [MODEL_FOLDER ...]

Texts are every column of every .tsv and .txt file of the data folder, and 20,000 lines of Unicode noise. The kinds of
kinds.py are trained on the first texts of the data folder; each MODEL_FOLDER has a tokenizer.json. Compared are the ids
of each text, the ids of pairs of them whole and cut on either side, and the decoded text of the ids.
Prints the first differences, then one line for each tokenizer; exits with 1 where there are any.
Last used with tokenizers 0.23.3 and sentencepiece 0.2.3 (for its own map of characters, with --sentencepiece).
"""

import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

import kinds
from tokenizers import Tokenizer


def columns(folder):
    seen = set()
    for path in sorted(path for ending in ("tsv", "txt") for path in pathlib.Path(folder).rglob(f"*.{ending}")):
        with open(path, encoding="utf-8", newline="\n") as file:
            for line in file:
                for text in line.rstrip("\n").split("\t"):
                    if text not in seen and not text.replace(".", "").isdigit():
                        seen.add(text)
                        yield text


def escaped(text, backslash="\\\\"):
    """One line of input for `sensorium tokenize`, and what it writes with --decode."""
    if text.isascii() and text.isprintable() and "\\" not in text:
        return text
    return "".join(
        backslash if c == "\\" else c if c >= " " and not "\x7f" <= c <= "\x9f" and c not in "\u2028\u2029"
        else f"\\u{ord(c):04x}" for c in text)


def ours(binary, folder, lines, *options):
    with tempfile.TemporaryFile() as file:
        file.write("\n".join(lines).encode() + b"\n")
        file.seek(0)
        done = subprocess.run([binary, "tokenize", "--model", folder, *options], check=True, stdin=file,
                              stdout=subprocess.PIPE)
    return done.stdout.decode().split("\n")[:-1]


def compare(binary, folder, reference, texts, pairs):
    """The numbers of differences in ids, in pairs and in decoded text; prints the first of each."""
    reference.no_padding()
    reference.no_truncation()
    # In parts: encodings take a hundred times the memory of their ids.
    ids = [encoding.ids for begin in range(0, len(texts), 5_000)
           for encoding in reference.encode_batch_fast(texts[begin:begin + 5_000])]
    expected = [" ".join(map(str, row)) for row in ids]
    found = {"ids": list(zip(texts, ours(binary, folder, map(escaped, texts)), expected, strict=True))}
    decoded = [escaped(text) for text in reference.decode_batch([row or [1 << 30] for row in ids])]
    found["decoded"] = list(zip(expected, ours(binary, folder, expected, "--decode"), decoded, strict=True))
    found["pairs"] = []
    lines = ["\t".join(map(escaped, pair)) for pair in pairs]
    special = reference.num_special_tokens_to_add(True)
    for length in [None, special + 9, special + 30]:
        if length is not None:
            reference.enable_truncation(length)
        options = [] if length is None else ["--max-tokens", str(length)]
        # The reference keeps what it cuts off, every part of one text with every part of the other.
        expected = [" ".join(map(str, encoding.ids)) for begin in range(0, len(pairs), 100)
                    for encoding in reference.encode_batch(pairs[begin:begin + 100])]
        found["pairs"] += zip(pairs, ours(binary, folder, lines, "--pairs", *options), expected, strict=True)
    differences = {}
    for what, rows in found.items():
        wrong = [row for row in rows if row[1] != row[2]]
        for source, answer, reference_answer in wrong[:3]:
            print(f"{what}: {source!a}\n  ours      {answer!a}\n  reference {reference_answer!a}")
        differences[what] = len(wrong)
    return differences


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default=".build/release/sensorium")
    parser.add_argument("--data", required=True)
    parser.add_argument("--noise", type=int, default=20_000)
    parser.add_argument("--limit", type=int, help="this many texts of the data folder, drawn at random")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sentencepiece", action="store_true", help="SentencePiece's own map in place of a small one")
    parser.add_argument("--only", nargs="*", help="names of kinds")
    parser.add_argument("models", nargs="*")
    arguments = parser.parse_args()
    texts = list(columns(arguments.data))
    generator = random.Random(arguments.seed)
    if arguments.limit:
        texts = generator.sample(texts, min(arguments.limit, len(texts)))
    noise = list(kinds.noise(arguments.noise, arguments.seed))
    pairs = list(zip(noise[0:4_000:2], noise[1:4_000:2])) + [tuple(generator.sample(texts, 2)) for _ in range(2_000)]
    everything = texts + noise
    failed = False

    def report(name, folder, reference):
        nonlocal failed
        counts = compare(arguments.binary, folder, reference, everything, pairs)
        failed = failed or any(counts.values())
        print(f"{name}: {len(everything)} texts ({len(noise)} of noise), {counts['ids']} differ in ids, "
              f"{counts['decoded']} in decoded text; {3 * len(pairs)} pairs, {counts['pairs']} differ", flush=True)

    for model in arguments.models:
        report(model, model, Tokenizer.from_file(os.path.join(model, "tokenizer.json")))
    if arguments.only != []:
        charsmap = kinds.sentencepiece_charsmap() if arguments.sentencepiece else None
        for name, tokenizer in kinds.kinds(texts[:4_000] + noise[:10], size=2_000, nmt_nfkc=charsmap):
            if arguments.only and name not in arguments.only:
                continue
            with tempfile.TemporaryDirectory() as folder:
                tokenizer.save(f"{folder}/tokenizer.json")
                report(name, folder, Tokenizer.from_file(f"{folder}/tokenizer.json"))
    sys.exit(1 if failed else 0)


main()
