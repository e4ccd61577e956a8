"""Writes folders as they were before tokenizer.json, and what transformers' classes make of them:

    python make_folders.py

folders/NAME/       vocab.txt; vocab.json and merges.txt; a model of SentencePiece; tokenizer_config.json
folders.json        for each of them ids, pairs and decoded text

Made with transformers 5.24.0, tokenizers 0.23.3 and sentencepiece 0.2.3.
"""

import glob
import io
import json
import pathlib

import kinds
import sentencepiece
import tokenizers
import transformers

TEXTS = ["", "A dog's naïve SNOWBOARDING, in Zürich!", "  two  spaces ", "½ ﬁ ² … Ａ\u00adb\u200b", "한국어 가 東京", "12 3.14 e\u0301",
         "tab\tnew\nline", "a_b-c/d", "it''s ``so''", *kinds.noise(6, 9)]
RULES = [("\u00a0", " "), ("\u00ad", ""), ("\u200b", ""), ("ﬁ", "fi"), ("½", "1/2"), ("Ａ", "A"), ("\t", " "), ("\n", " ")]


def write(name, file, content):
    folder = pathlib.Path("folders") / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / file).write_bytes(content if isinstance(content, bytes) else content.encode())


def configuration(name, **members):
    write(name, "tokenizer_config.json", json.dumps(members) + "\n")


def write_bert(name, **members):
    vocabulary = json.load(open("stages/bert.json"))["model"]["vocab"]
    write(name, "vocab.txt", "\n".join([*sorted(vocabulary, key=vocabulary.get), "[MASK]"]) + "\n")
    configuration(name, tokenizer_class="BertTokenizer", **members)


def write_byte_pairs(name, tokenizer_class):
    model = json.load(open(f"stages/{name}.json"))["model"]
    write(name, "vocab.json", json.dumps(model["vocab"], ensure_ascii=False, separators=(",", ":")))
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]
    write(name, "merges.txt", "#version: 0.2\n" + "\n".join(merges) + "\n")
    configuration(name, tokenizer_class=tokenizer_class)


def write_sentencepiece(name, file, tokenizer_class, **options):
    lines = [line.strip() for path in sorted(glob.glob("../../../docs/decisions/00*.md")) for line in open(path)
             if line.strip()]
    pathlib.Path("rules.tsv").write_text("".join(
        " ".join(f"{ord(c):X}" for c in source) + "\t" + " ".join(f"{ord(c):X}" for c in target) + "\n"
        for source, target in RULES))
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_writer=model, vocab_size=220, normalization_rule_tsv="rules.tsv",
        minloglevel=2, character_coverage=0.98, **options)
    pathlib.Path("rules.tsv").unlink()
    write(name, file, model.getvalue())
    configuration(name, tokenizer_class=tokenizer_class)


write_bert("bert")
write_bert("bert_cased", do_lower_case=False)
write_byte_pairs("gpt2", "GPT2Tokenizer")
write_byte_pairs("roberta", "RobertaTokenizer")
write_byte_pairs("clip", "CLIPTokenizer")
write_sentencepiece("xlmr", "sentencepiece.bpe.model", "XLMRobertaTokenizer")
t5 = dict(pad_id=0, eos_id=1, unk_id=2, bos_id=-1)
write_sentencepiece("t5", "spiece.model", "T5Tokenizer", **t5)
write_sentencepiece("siglip", "spiece.model", "SiglipTokenizer", **t5)
letters = ["<pad>", "<s>", "</s>", "<unk>", "|", *"ETAOINSHRDLUMWCFGYPBVK'XJQZ"]
write("ctc", "vocab.json", json.dumps({piece: i for i, piece in enumerate(letters)}))
configuration("ctc", tokenizer_class="Wav2Vec2CTCTokenizer")

CLASSES = {"bert": "BertTokenizer", "bert_cased": "BertTokenizer", "gpt2": "GPT2Tokenizer", "roberta": "RobertaTokenizer",
           "clip": "CLIPTokenizer", "xlmr": "XLMRobertaTokenizer", "t5": "T5Tokenizer", "siglip": "SiglipTokenizer"}
golden = {}
for name, tokenizer_class in CLASSES.items():
    tokenizer = getattr(transformers, tokenizer_class).from_pretrained(f"folders/{name}")
    # SigLIP's slow class puts an empty piece before a special token within a text, which is left as it is.
    texts = [text for text in TEXTS if name != "siglip" or "<" not in text]
    golden[name] = [{"text": text, "ids": tokenizer(text)["input_ids"], "pair": tokenizer(text, "a dog")["input_ids"],
                     "decoded": None if name == "siglip" else tokenizer.decode(tokenizer(text)["input_ids"],
                                                                              skip_special_tokens=True)}
                    for text in texts]
ctc = transformers.Wav2Vec2CTCTokenizer.from_pretrained("folders/ctc")
golden["ctc"] = [{"ids": ids, "decoded": ctc.decode(ids)} for ids in [
    [], [0, 0, 11, 11, 5, 15, 0, 15, 8, 4, 4, 0, 18, 8, 13, 15, 14, 0, 4], [4, 4, 7, 7, 0, 7, 4, 3, 3, 27, 1, 2], [5, 0, 5]]]
with open("folders.json", "w") as file:
    json.dump({"made_with": f"transformers {transformers.__version__}, tokenizers {tokenizers.__version__}, "
               f"sentencepiece {sentencepiece.__version__}", "folders": golden}, file, separators=(",", ":"))
    file.write("\n")
