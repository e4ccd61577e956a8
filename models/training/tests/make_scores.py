"""Makes scores.json: what coco-caption says of a few made-up captions (pycocoevalcap 1.2, whose tokeniser needs Java)."""

import json
from pathlib import Path

from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer

CAPTIONS = [
    "a dog runs through the tall grass",
    "two children are playing football in a park",
    "a man",
    "a man in a red t-shirt rides a bike down a hill down a hill",
    "a woman's hat",
]
REFERENCES = [
    ["A brown dog runs through tall grass .", "The dog is running in a field .", "A dog, wet, runs!"],
    ["Two kids play football in the park .", "Children are playing soccer in a park", "Two boys fight for a ball ."],
    ["A man in a black jacket stands by a wall .", "A man is leaning against the wall .", "Someone doesn't move ."],
    ["A man in a red T-shirt rides his bike down a hill .", "A cyclist descends", "The man's bike goes downhill ; fast"],
    ["A woman's hat is on the table .", "The hat of a woman lies there .", "One straw hat , two gloves ."],
]


def main() -> None:
    tokenizer = PTBTokenizer()
    captions = tokenizer.tokenize({i: [{"caption": text}] for i, text in enumerate(CAPTIONS)})
    references = tokenizer.tokenize({i: [{"caption": text} for text in texts] for i, texts in enumerate(REFERENCES)})
    bleu, _ = Bleu(4).compute_score(references, captions)
    cider, each = Cider().compute_score(references, captions)
    fixture = {
        "captions": CAPTIONS, "references": REFERENCES, "tokenized": [references[i] for i in range(len(REFERENCES))],
        "bleu": bleu, "cider": cider, "cider_of_each": each.tolist(),
    }
    Path(__file__).with_name("scores.json").write_text(json.dumps(fixture, indent=1) + "\n")


if __name__ == "__main__":
    main()
