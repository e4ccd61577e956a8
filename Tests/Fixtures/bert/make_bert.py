"""Small random BERTs as sentence-transformers saves them, and the vectors that it gives of some texts.

    python make_bert.py        # torch 2.15, transformers 5.24, sentence-transformers 6.2, tokenizers 0.23

`mean` has a pooler, weights in float16 and a limit of 16 tokens; `cls` the names of a model with a head on it ("bert."), heads 64 wide and
texts in small letters; `max` neither modules' normalisation nor a tokenizer.json, but vocab.txt, and norms under their former names. Weights are five times as wide as BERT's own,
so that vectors differ from text to text.
"""

import json
import shutil
from collections import Counter
from pathlib import Path

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Normalize, Pooling, Transformer
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertModel, BertTokenizer

HERE = Path(__file__).parent
TEXTS = [
    "a dog runs on the beach", "two dogs run", "", "A Dog, Runs!", "un café crème", "\u4f60\u597d dog", "[SEP] a dog", "a " * 40, "\U0001f600 smile",
    "the boy's red ball is under a table",
]
CORPUS = TEXTS + ["a man in a red shirt", "children playing ball on the grass", "the table is under the tree", "smile for the camera, café!"] * 3


def vocabulary() -> list[str]:
    """The words of the corpus that come twice, and every letter, at the beginning of a word and within: the same at each run."""
    normalizer, split = BertNormalizer(lowercase=True), BertPreTokenizer()
    words = Counter(word for text in CORPUS for word, _ in split.pre_tokenize_str(normalizer.normalize_str(text)))
    letters = sorted({letter for word in words for letter in word if letter.isascii() or letter == "\u4f60"})
    pieces = letters + [f"##{letter}" for letter in letters] + sorted(word for word, count in words.items() if count > 1 and len(word) > 1)
    return ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *pieces]


def make(name: str, pooling: str, normalize: bool, **shape) -> list[list[float]]:
    folder, plain = HERE / name, HERE / "plain"
    for path in (folder, plain):
        shutil.rmtree(path, ignore_errors=True)
    plain.mkdir()
    (plain / "vocab.txt").write_text("\n".join(vocabulary()) + "\n")
    BertTokenizer(str(plain / "vocab.txt"), do_lower_case=True).save_pretrained(plain)
    torch.manual_seed(sum(name.encode()))
    model = BertModel(BertConfig(vocab_size=len(vocabulary()), initializer_range=0.1, max_position_embeddings=32, **shape))
    if name == "mean":
        model = model.half().float()
    model.save_pretrained(plain)
    transformer = Transformer(str(plain), max_seq_length=16 if name == "mean" else 32)
    modules = [transformer, Pooling(transformer.get_word_embedding_dimension(), pooling_mode=pooling), *([Normalize()] if normalize else [])]
    SentenceTransformer(modules=modules, device="cpu").save_pretrained(str(folder), create_model_card=False)
    shutil.rmtree(plain)
    tensors = load_file(folder / "model.safetensors")
    if name == "mean":
        tensors = {key: value.half() for key, value in tensors.items()}
        tensors["embeddings.position_ids"] = torch.arange(32, dtype=torch.float16).reshape(1, 32)
    if name == "cls":
        tensors = {f"bert.{key}": value for key, value in tensors.items() if not key.startswith("pooler.")}
    if name == "max":
        tensors = {key.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): value for key, value in tensors.items()}
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    if name == "max":
        (folder / "vocab.txt").write_text("\n".join(vocabulary()) + "\n")
        (folder / "tokenizer.json").unlink()
    return SentenceTransformer(str(folder), device="cpu").encode(TEXTS, normalize_embeddings=True).tolist()


golden = {
    "mean": make("mean", "mean", True, hidden_size=64, num_hidden_layers=2, num_attention_heads=2, intermediate_size=96),
    "cls": make("cls", "cls", True, hidden_size=128, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64),
    "max": make("max", "max", False, hidden_size=32, num_hidden_layers=2, num_attention_heads=1, intermediate_size=48),
}
round6 = lambda vectors: [[round(value, 6) for value in vector] for vector in vectors]
(HERE / "golden.json").write_text(json.dumps({"texts": TEXTS, "vectors": {name: round6(vectors) for name, vectors in golden.items()}}) + "\n")
