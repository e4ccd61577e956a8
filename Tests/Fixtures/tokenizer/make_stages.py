"""Writes the golden values of StageTests:

    python make_stages.py

stages/KIND.json    a small tokenizer.json of each kind of kinds.py, trained on the records in docs/decisions
stages.json         for each of them ids, decoded text, pairs with their types, and both cut, as the reference has them

Made with tokenizers 0.23.3.
"""

import glob
import json

import kinds
import tokenizers

TEXTS = [
    "", " ", "a", "The dogs' 1st race, in Zürich: 12,345.67 km!", "  two  spaces   three ", " leading", "trailing \n", "\n\n\n x",
    "It's I'LL don't WE'VE 'S 'ſ", "HTTPServer camelCase snake_case ＡＢＣ", "na\u0308ive e\u0301 \u0344 \u0f73\u0f71", "\u1112\u1161\u11ab 한국어 가",
    "東京tokyo コンピュータ ㌔", "हिन्दी में ไทย עברית שָׁלוֹם العربية", "👩\u200d👩\u200d👧\u200d👦 👍🏽 🇩🇪", "½ ﬁ ² Ⅷ … ☎ \u00ad\u200b\u00a0\u2003", "tab\tcr\r\nlf",
    "</s> <s>a<mask> b <mask>  c[CLS] [SEP]x <|end|> <extra_id_1>", "<0x41> ▁a ▁▁▁ b", "``quoted'' \"it\"", "a|b||c", "##s s##",
    "if (x == 1) {\n    return y;  \n}\n", "\u0000\u0001\ufffd\ufeff", "x" * 60, "漢" * 20, "https://example.org/a?b=c&d=e#f", "3.14 ١٢٣ 1234567",
]


def row(tokenizer, text, pair=None):
    encoding = tokenizer.encode(text, pair) if pair is not None else tokenizer.encode(text)
    return {"ids": encoding.ids, "types": encoding.type_ids}


def main():
    lines = [line for path in sorted(glob.glob("../../../docs/decisions/00*.md")) for line in open(path)]
    golden = {}
    for name, tokenizer in kinds.kinds(lines, size=400):
        tokenizer.save(f"stages/{name}.json", pretty=False)
        noise = list(kinds.noise(12, 5))
        texts = TEXTS + noise
        rows = []
        for place, text in enumerate(texts):
            pair = texts[(place + 5) % len(texts)]
            entry = {**row(tokenizer, text), "decoded": tokenizer.decode(tokenizer.encode(text).ids) if text else "",
                     "pair": row(tokenizer, text, pair)}
            for key, direction, strategy in [("cut", "right", "longest_first"), ("left", "left", "longest_first")]:
                tokenizer.enable_truncation(11, direction=direction, strategy=strategy)
                entry[key] = row(tokenizer, text, pair)["ids"]
                entry[key + "_single"] = row(tokenizer, text)["ids"]
            tokenizer.no_truncation()
            del entry["types"]
            rows.append(entry)
        golden[name] = rows
    with open("stages.json", "w") as file:
        json.dump({"made_with": f"tokenizers {tokenizers.__version__}", "texts": texts, "kinds": golden}, file,
                  separators=(",", ":"))
        file.write("\n")


main()
