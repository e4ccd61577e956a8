"""Step 2. The caption decoder's vocabulary: MiniLM's word pieces which training captions use often enough."""

import argparse
import json
from collections import Counter
from pathlib import Path

from tokenizers import Tokenizer

from .sensorium.data import clean, read_photos

SPECIAL = ["[CLS]", "[SEP]"]  # begin and end of a sequence


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--work", type=Path, required=True, help="folder with tokenizer.json")
    parser.add_argument("--count", type=int, default=4, help="times that a piece must occur")
    arguments = parser.parse_args()
    tokenizer = Tokenizer.from_file(str(arguments.work / "tokenizer.json"))
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
