"""Writes the golden ids of TokenizerTests with Hugging Face tokenizers.

    python make_golden.py

scalars.txt     a line for each block of 256 scalars of the Unicode planes 0 and 1: the block and FNV-1a hashes of what
                the reference makes of each scalar c, alone and as "a<c>b": the ids of models/sensorium-base, then the
                words under each of NORMALIZERS.
added.json      ids under every combination of an added token's flags, and for overlapping tokens.
texts.json      ids and decoded text of sentences that broke tokenizers before.

Made with tokenizers 0.23.3.
"""

import itertools
import json

import tokenizers
from tokenizers import Tokenizer, normalizers, pre_tokenizers

MODEL = "../../../models/sensorium-base/tokenizer.json"
# clean_text, handle_chinese_chars, strip_accents, lowercase
NORMALIZERS = [(True, True, None, True), (True, True, None, False), (False, False, True, False),
               (False, False, False, True)]


def fnv(parts):
    value = 0xCBF29CE484222325
    for byte in "\n".join(parts).encode():
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


def reference():
    tokenizer = Tokenizer.from_file(MODEL)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def write_scalars():
    tokenizer = reference()
    split = pre_tokenizers.BertPreTokenizer().pre_tokenize_str
    with open("scalars.txt", "w") as file:
        file.write(f"# tokenizers {tokenizers.__version__}\n")
        for block in range(0x200):
            texts = []
            for c in range(256 * block, 256 * block + 256):
                if not 0xD800 <= c < 0xE000:
                    texts += [chr(c), f"a{chr(c)}b"]
            if not texts:
                continue
            hashes = [fnv(" ".join(map(str, e.ids)) for e in tokenizer.encode_batch(texts))]
            for clean, chinese, accents, lower in NORMALIZERS:
                normalize = normalizers.BertNormalizer(
                    clean_text=clean, handle_chinese_chars=chinese, strip_accents=accents, lowercase=lower).normalize_str
                hashes.append(fnv(" ".join(word for word, _ in split(normalize(text))) for text in texts))
            file.write(f"{block:03x} {' '.join(hashes)}\n")


def small_tokenizer(added, **normalizer):
    pieces = ["[UNK]", "[CLS]", "[SEP]", "a", "b", "x", "x1", "é", "É", "e", "##a", "##b", "##x", "##1", "[", "]", "<",
              ">", "1", "mask", "Mask", "ma", "##sk", "##é", ".", "_", "##_", "E"]
    tokens = [{"id": len(pieces) + i, "content": "", "single_word": False, "lstrip": False, "rstrip": False,
               "normalized": False, "special": False, **token} for i, token in enumerate(added)]
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": tokens,
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
                       "strip_accents": None, "lowercase": True, **normalizer},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "TemplateProcessing",
                           "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}},
                                      {"Sequence": {"id": "A", "type_id": 0}},
                                      {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
                           "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
                           "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [1], "tokens": ["[CLS]"]},
                                              "[SEP]": {"id": "[SEP]", "ids": [2], "tokens": ["[SEP]"]}}},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": False},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                  "max_input_chars_per_word": 8, "vocab": {piece: i for i, piece in enumerate(pieces)}}}


ADDED_TEXTS = ["Mask", "a Mask b", "a  Mask  b", "aMaskb", "mask", "MASK MASK", "a\u00a0\u2003Mask\r\n\tb", "Mask1", "_Mask",
               ".Mask.", "MaskMask Mask", "é Mask É", "a MaskX b", "  Mask", "Mask  ", "Ma sk", "M\u0301ask a", "日Mask本",
               "a\u200dMask", "<Mask>", "[MASK]", "Mask [CLS] Mask", "x Maskx1 x", ""]


def write_added():
    cases = []
    flags = ["single_word", "lstrip", "rstrip", "normalized", "special"]
    for values in itertools.product([False, True], repeat=5):
        cases.append(([{"content": "Mask", **dict(zip(flags, values))}], {}))
    overlapping = [["Mask", "MaskX", "Ma"], ["ask", "Mask"], ["x", "x1", "skx1"], ["  Mask", "a "], ["<Mask>", "Mask>"]]
    for contents in overlapping:
        for extra in [{}, {"normalized": True}, {"lstrip": True, "rstrip": True}, {"single_word": True}]:
            cases.append(([{"content": content, **extra} for content in contents], {}))
    cases.append(([{"content": "Mask"}, {"content": "mASK", "normalized": True, "lstrip": True}], {}))
    cases.append(([{"content": "[CLS]", "special": True}, {"content": "É", "normalized": True}], {"lowercase": False}))
    cases.append(([{"content": "É", "normalized": True}], {"strip_accents": False}))
    cases.append(([{"content": "É", "normalized": True}], {"lowercase": False, "strip_accents": True}))
    output = []
    for added, normalizer in cases:
        description = small_tokenizer(added, **normalizer)
        for token in description["added_tokens"]:
            if token["content"] in description["model"]["vocab"]:
                token["id"] = description["model"]["vocab"][token["content"]]
        new = [t for t in description["added_tokens"] if t["content"] not in description["model"]["vocab"]]
        for i, token in enumerate(new):
            token["id"] = len(description["model"]["vocab"]) + i
        tokenizer = Tokenizer.from_str(json.dumps(description))
        output.append({"added_tokens": description["added_tokens"], "normalizer": description["normalizer"],
                       "ids": [tokenizer.encode(text).ids for text in ADDED_TEXTS]})
    with open("added.json", "w") as file:
        json.dump({"made_with": f"tokenizers {tokenizers.__version__}", "tokenizer": small_tokenizer([]),
                   "texts": ADDED_TEXTS, "cases": output}, file, separators=(",", ":"))
        file.write("\n")


TEXTS = [
    "", " ", "a", "A man, a plan: a canal.", "Ünïcödé", "na\u0308ive e\u0301", "\u0130stanbul \u0131", "STRASSE straße ẞ",
    "\u03a3\u038a\u03a3\u03a5\u03a6\u039f\u03a3", "你好，世界", "東京tokyo", "コンピュータ", "한국어 \u1112\u1161\u11ab", "हिन्दी में",
    "ไทย", "עברית שָׁלוֹם", "العربية مَرْحَبًا", "👩\u200d👩\u200d👧\u200d👦 family 👍🏽", "🇩🇪", "line\r\nbreak\rold\nnew\ttab",
    "nbsp\u00a0and\u0085nel\u2028ls\u2029ps", "zero\u200bwidth\u200djoin\ufeffbom", "null\u0000byte", "\ufffd replacement",
    "[CLS] user text [SEP] more [MASK]", "[cls] [Sep]", "[ SEP ]", "##ing ##", "x" * 100, "x" * 101, "é" * 100,
    "e\u0301" * 100, "👍" * 101, "don't can't I've they're", "3.14 $5.00 50% #1", "a_b-c/d\\e", "\u302e\U0001d165a\u0345\u0334",
    "\U0001d15e\U0001d160", "\u0f73\u0f71\u0f72", "\u1e9b\u0323", "\uff21\uff22\uff23", "\ufb01\ufb02", "\u2126\u212a\u212b",
    "\ue000private\uf8ff", "\U000e0061tag", "\ud7a3\uac00", "\U0002f800\U0002fa1d", "\u4e00\u9fff\u3400\u4dbf", "\u00ad soft",
]


def write_texts():
    tokenizer = reference()
    output = []
    for text in TEXTS:
        ids = tokenizer.encode(text).ids
        tokenizer.enable_truncation(7)
        cut = tokenizer.encode(text).ids
        tokenizer.no_truncation()
        output.append({"text": text, "ids": ids, "cut": cut, "decoded": tokenizer.decode(ids)})
    with open("texts.json", "w") as file:
        json.dump({"made_with": f"tokenizers {tokenizers.__version__}", "texts": output}, file, separators=(",", ":"))
        file.write("\n")


write_scalars()
write_added()
write_texts()
