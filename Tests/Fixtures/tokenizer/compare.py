"""Compares the ids of `sensorium tokenize` with those of Hugging Face tokenizers and exits with 1 where they differ.

    python compare.py --binary .build/release/sensorium --model models/sensorium-base \\
        scalars random configurations [FILE.tsv ...]

`scalars` is every Unicode scalar, alone and as "a<c>b"; `random` is strings of scalars that are likely to matter;
`configurations` is other tokenizer.json files, made at random, on such strings; a file is compared column by column.
The first differences are printed, then one line for each source.
Last used with tokenizers 0.23.3.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile

from tokenizers import Tokenizer, normalizers


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


def random_tokenizer(generator):
    """A small tokenizer.json with its options and added tokens drawn."""
    letters = [chr(c) for c in range(0x61, 0x7B)] + list("AEOI0123.,[]#-éÉüߨ漢字한कि\u0301\u302e")
    pieces = ["[UNK]", "[CLS]", "[SEP]"]
    for _ in range(300):
        piece = "".join(generator.choices(letters, k=generator.randint(1, 4)))
        pieces.append(generator.choice(["", "##"]) + piece)
    pieces = list(dict.fromkeys(pieces))
    flag = lambda: generator.random() < 0.5
    options = dict(clean_text=flag(), handle_chinese_chars=flag(), strip_accents=generator.choice([None, True, False]),
                   lowercase=flag())
    normalize = normalizers.BertNormalizer(**options).normalize_str
    added, patterns = [], set()
    for _ in range(generator.randint(0, 6)):
        # The reference panics where a token begins with a blank that the one before it has stripped.
        content = "".join(generator.choices(letters + [" ", " ", "<", ">", "_"], k=generator.randint(1, 5))).strip()
        if not content:
            continue
        token = {"id": pieces.index(content) if content in pieces else len(pieces) + len(added), "content": content,
                 "single_word": flag(), "lstrip": flag(), "rstrip": flag(), "normalized": flag(), "special": flag()}
        pattern = normalize(content) if token["normalized"] else content
        if pattern and (pattern, token["normalized"]) not in patterns and content not in [t["content"] for t in added]:
            patterns.add((pattern, token["normalized"]))
            added.append(token)
    new = [token for token in added if token["content"] not in pieces]
    for place, token in enumerate(new):
        token["id"] = len(pieces) + place
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added,
        "normalizer": {"type": "BertNormalizer", **options}, "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": None, "decoder": None,
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                  "max_input_chars_per_word": generator.choice([3, 10, 100]),
                  "vocab": {piece: i for i, piece in enumerate(pieces)}}}


def compare_configurations(binary, count, seed):
    """Texts made of the contents of the added tokens and of random texts; returns texts and differences."""
    generator = random.Random(seed)
    total, differences = 0, []
    for number in range(count):
        description = random_tokenizer(generator)
        contents = [token["content"] for token in description["added_tokens"]] or ["a"]
        texts = []
        for noise in random_texts(100, generator.random()):
            parts = [noise[:generator.randint(0, 6)]]
            for _ in range(generator.randint(1, 6)):
                content = generator.choice(contents)
                parts += [generator.choice([content, content, content.upper(), content[:-1]]),
                          generator.choice(["", " ", "  ", "\t", "a", "_", "\u00a0", "\u0301", "漢", ".", "É"])]
            texts.append("".join(parts))
        with tempfile.TemporaryDirectory() as folder:
            with open(f"{folder}/tokenizer.json", "w") as file:
                json.dump(description, file)
            answer, expected = both(binary, folder, texts)
        total += len(texts)
        name = f"{number}: {json.dumps(description['added_tokens'])} {description['normalizer']}"
        differences += [(f"{name} {text}", ours, theirs)
                        for text, ours, theirs in zip(texts, answer, expected, strict=True) if ours != theirs]
    return total, differences


def columns(path):
    with open(path, encoding="utf-8", newline="\n") as file:
        for line in file:
            yield from line.rstrip("\n").split("\t")


def escaped(text):
    """One line of input for `sensorium tokenize`."""
    return "".join(
        c if c >= " " and c != "\\" and not "\x7f" <= c <= "\x9f" and c not in "\u2028\u2029" else f"\\u{ord(c):04x}"
        for c in text)


def both(binary, model, texts):
    """The ids of each text as text, from the binary and from the reference."""
    reference = Tokenizer.from_file(f"{model}/tokenizer.json")
    reference.no_truncation()
    reference.no_padding()
    answer = subprocess.run(
        [binary, "tokenize", "--model", model], check=True, stdout=subprocess.PIPE,
        input="\n".join(map(escaped, texts)).encode() + b"\n").stdout.decode().split("\n")[:-1]
    return answer, [" ".join(map(str, encoding.ids)) for encoding in reference.encode_batch_fast(texts)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default=".build/release/sensorium")
    parser.add_argument("--model", default="models/sensorium-base")
    parser.add_argument("--count", type=int, default=100_000, help="texts of `random`; a 500th of it configurations")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("sources", nargs="+")
    arguments = parser.parse_args()
    failed = False
    for source in arguments.sources:
        if source == "configurations":
            count, differences = compare_configurations(arguments.binary, arguments.count // 500, arguments.seed)
        else:
            if source == "scalars":
                texts = list(scalars())
            elif source == "random":
                texts = list(random_texts(arguments.count, arguments.seed))
            else:
                texts = list(columns(source))
            count = len(texts)
            answer, expected = both(arguments.binary, arguments.model, texts)
            differences = [row for row in zip(texts, answer, expected, strict=True) if row[1] != row[2]]
        for text, ours, theirs in differences[:10]:
            print(f"{text!a}\n  ours      {ours}\n  reference {theirs}")
        print(f"{source}: {count} texts, {len(differences)} differences", flush=True)
        failed = failed or bool(differences)
    sys.exit(1 if failed else 0)


main()
