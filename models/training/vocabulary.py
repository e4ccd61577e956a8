"""Step 2. The caption decoder's vocabulary: MiniLM's word pieces which training captions use often enough.

With --checkpoint that of its caption head, and the pieces of the names of things behind it.
"""

import argparse
import json
from collections import Counter
from pathlib import Path

from tokenizers import Tokenizer

from .sensorium.checkpoint import read
from .sensorium.data import clean, read_photos
from .sensorium.names import Names

SPECIAL = ["[CLS]", "[SEP]"]  # begin and end of a sequence


def with_names(checkpoint: Path, tokenizer: Tokenizer) -> list[int]:
    """The vocabulary of a checkpoint's caption head, and what it lacks to say the names of things."""
    heads = read(checkpoint)[0]["heads"]
    vocabulary = heads["caption"]["vocabulary"]
    names = tokenizer.encode_batch(Names(heads["things"]["labels"]).all, add_special_tokens=False)
    return vocabulary + sorted({piece for encoding in names for piece in encoding.ids} - set(vocabulary))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--work", type=Path, required=True, help="folder with tokenizer.json")
    parser.add_argument("--count", type=int, default=4, help="times that a piece must occur")
    parser.add_argument("--checkpoint", type=Path, help="go on from the vocabulary of this checkpoint")
    arguments = parser.parse_args()
    tokenizer = Tokenizer.from_file(str(arguments.work / "tokenizer.json"))
    tokenizer.no_padding()
    if arguments.checkpoint:
        vocabulary = with_names(arguments.checkpoint, tokenizer)
        (arguments.work / "vocabulary.json").write_text(json.dumps(vocabulary))
        print(f"{len(vocabulary)} pieces")
        return
    photos = read_photos(arguments.data, "train")
    texts = [clean(caption) for photo in photos for caption in photo.captions]
    counts = Counter(piece for encoding in tokenizer.encode_batch(texts, add_special_tokens=False) for piece in encoding.ids)
    counts.pop(tokenizer.token_to_id("[UNK]"), None)
    counts.pop(tokenizer.token_to_id("'"), None)  # joined by blanks, "man ' s" would not read as a person writes it
    kept = sorted(piece for piece, count in counts.items() if count >= arguments.count)
    vocabulary = [tokenizer.token_to_id(token) for token in SPECIAL] + kept
    (arguments.work / "vocabulary.json").write_text(json.dumps(vocabulary))
    print(f"{len(vocabulary)} of {len(counts)} pieces, {len(texts)} captions")


if __name__ == "__main__":
    main()
