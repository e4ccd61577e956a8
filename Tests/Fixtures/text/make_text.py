"""Small random encoders of texts of each family, for vectors, labels and ranks, and what transformers and sentence-transformers make of texts
with them.

    python make_text.py        # torch 2.15, transformers 5.24, sentence-transformers 6.2, tokenizers 0.23

Heads are 20, 36, 24 and 32 wide; `distilbert-labels` and `xlm-roberta-embed` have weights in float16; `mpnet-embed` texts of more than 128 tokens, beyond
which distances count as one; `roberta-labels` several labels at once. Weights are several times as wide as the families' own, so that
answers differ from text to text.
"""

import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from sentence_transformers import CrossEncoder, SentenceTransformer
from sentence_transformers.models import Pooling, Transformer
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import AutoConfig, AutoModel, AutoModelForSequenceClassification, PreTrainedTokenizerFast

HERE = Path(__file__).parent
WORDS = "a dog runs on the beach two red ball under table smile cat sleeps not good bad very film was is".split()
TEXTS = ["a dog runs on the beach", "two dogs run", "", "A Dog, Runs!", "the red ball is under a table", "the film was not very good", "[MASK] <pad> cat", "a red ball " * 60]
PAIRS = [["a dog", "the dog runs on the beach"], ["is the film good", "the film was very bad"], ["red", "a red ball " * 60], ["a red ball " * 60, "cat"], ["the cat sleeps " * 30, "a dog " * 45], ["", ""]]


def tokenizer(folder: Path, roberta: bool, most: int):
    """A word-level one, so that it is small; unknown words by their letters are not what is tested here."""
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"] if roberta else ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    begin, end, unknown, pad, mask = ("<s>", "</s>", "<unk>", "<pad>", "<mask>") if roberta else ("[CLS]", "[SEP]", "[UNK]", "[PAD]", "[MASK]")
    letters = [chr(code) for code in range(97, 123)]
    pieces = special + sorted(set(WORDS)) + [x for x in letters if x not in WORDS] + [f"##{x}" for x in letters] + list(",!.?'")
    made = Tokenizer(models.WordPiece({piece: id for id, piece in enumerate(pieces)}, unk_token=unknown))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.decoder = decoders.WordPiece()
    ids = [(begin, pieces.index(begin)), (end, pieces.index(end))]
    made.post_processor = processors.TemplateProcessing(
        single=f"{begin} $A {end}", pair=f"{begin} $A {end} {end} $B {end}" if roberta else f"{begin} $A {end} $B:1 {end}:1", special_tokens=ids)
    PreTrainedTokenizerFast(
        tokenizer_object=made, model_max_length=most, cls_token=begin, sep_token=end, unk_token=unknown, pad_token=pad, mask_token=mask, bos_token=begin, eos_token=end,
        model_input_names=["input_ids", "attention_mask"] if roberta else ["input_ids", "token_type_ids", "attention_mask"]).save_pretrained(folder)
    return len(pieces)


def make(family: str, kind: str, most: int, half: bool = False, **shape) -> None:
    folder = HERE / f"{family}-{kind}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    roberta = "roberta" in family or family == "mpnet"
    size = tokenizer(folder, roberta, most)
    if family == "distilbert":
        path = folder / "tokenizer_config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"model_input_names": ["input_ids", "attention_mask"]}, indent=2) + "\n")
    extra = {"roberta": 2, "xlm-roberta": 2, "mpnet": 2}.get(family, 0)
    config = AutoConfig.for_model(
        family, vocab_size=size, max_position_embeddings=most + extra, initializer_range=0.15, **({"pad_token_id": 1} if roberta else {}), **shape)
    torch.manual_seed(sum(f"{family}{kind}".encode()))
    model = (AutoModel if kind == "embed" else AutoModelForSequenceClassification).from_config(config)
    for parameter in model.parameters():
        if parameter.dim() == 1:
            torch.nn.init.normal_(parameter, 0.0, 0.1)
    for name, parameter in model.named_parameters():
        if "norm" in name.lower() and name.endswith("weight"):
            parameter.data += 1
    if half:
        model = model.half().float()
    model.save_pretrained(folder)
    if half:
        save_file({key: value.half() for key, value in load_file(folder / "model.safetensors").items()}, folder / "model.safetensors", {"format": "pt"})


def shape(width: int, heads: int, inner: int, layers: int = 2, **more) -> dict:
    return {"hidden_size": width, "num_attention_heads": heads, "intermediate_size": inner, "num_hidden_layers": layers} | more


def distilled(width: int, heads: int, inner: int, **more) -> dict:
    return {"dim": width, "n_heads": heads, "hidden_dim": inner, "n_layers": 2} | more


LABELS = {"id2label": {0: "bad", 1: "fair", 2: "good"}, "label2id": {"bad": 0, "fair": 1, "good": 2}}
make("distilbert", "embed", 32, **distilled(40, 2, 64, activation="relu"))
make("distilbert", "labels", 32, half=True, **distilled(72, 2, 64), **LABELS)
make("mpnet", "embed", 160, **shape(40, 2, 48))
make("mpnet", "labels", 48, **shape(48, 2, 48), **LABELS)
make("roberta", "embed", 40, **shape(72, 2, 48, hidden_act="gelu_new"), type_vocab_size=1)
make("roberta", "labels", 40, **shape(40, 2, 48), type_vocab_size=1, problem_type="multi_label_classification", **LABELS)
make("xlm-roberta", "embed", 40, half=True, **shape(64, 2, 48))
make("xlm-roberta", "rank", 40, **shape(40, 2, 48), num_labels=1)
make("bert", "rank", 40, **shape(36, 1, 48), num_labels=1, sentence_transformers={"activation_fn": "torch.nn.modules.linear.Identity", "version": "6.2"})
make("bert", "labels", 40, **shape(48, 2, 48, hidden_act="silu"), **LABELS)
make("electra", "embed", 40, **shape(40, 2, 48), embedding_size=24)
make("electra", "labels", 40, **shape(40, 2, 48), embedding_size=24, **LABELS)

golden: dict = {"texts": TEXTS, "pairs": PAIRS, "vectors": {}, "logits": {}, "pair_logits": {}, "scores": {}}
round6 = lambda rows: [[round(value, 6) for value in row] for row in rows]
for folder in sorted(path for path in HERE.iterdir() if path.is_dir()):
    name = folder.name
    if name.endswith("embed"):
        transformer = Transformer(str(folder))
        model = SentenceTransformer(modules=[transformer, Pooling(transformer.get_word_embedding_dimension(), pooling_mode="mean")], device="cpu")
        golden["vectors"][name] = round6(model.encode(TEXTS, normalize_embeddings=True).tolist())
        continue
    cross = CrossEncoder(str(folder), device="cpu")
    tokens, network = cross.tokenizer, AutoModelForSequenceClassification.from_pretrained(folder).float().eval()
    limit = tokens.model_max_length
    with torch.no_grad():
        # As lists: an empty second text by itself would count as none.
        run = lambda *texts: network(**tokens(*[[text] for text in texts], return_tensors="pt", truncation="longest_first", max_length=limit)).logits[0].tolist()
        golden["logits"][name] = round6([run(text) for text in TEXTS])
        golden["pair_logits"][name] = round6([run(*pair) for pair in PAIRS])
    if name.endswith("rank"):
        golden["scores"][name] = [round(float(score), 6) for score in cross.predict([tuple(pair) for pair in PAIRS])]
(HERE / "golden.json").write_text(json.dumps(golden) + "\n")
