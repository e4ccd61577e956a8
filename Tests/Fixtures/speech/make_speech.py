"""Small random encoders of raw speech as transformers saves them, and what its pipelines make of sounds with them.

    python make_speech.py        # torch 2.15, transformers 5.24

Every variant is there once: norms over the clip or of each frame, norms first or last, biases or none, both spellings of the weight norm,
HuBERT's batch norm, the adapters of MMS, WavLM's gated distances, a weighted sum of layers, files in f32, f16 and bf16, configurations
with nothing in them that is a default. Weights are wide, so that answers differ from sound to sound. The sounds are made of sines by the
same formula in the test.
"""

import json
import math
import shutil
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from transformers import (
    HubertConfig, HubertForCTC, HubertForSequenceClassification, Wav2Vec2Config, Wav2Vec2CTCTokenizer, Wav2Vec2FeatureExtractor, Wav2Vec2ForCTC,
    Wav2Vec2ForSequenceClassification, Wav2Vec2Processor, WavLMConfig, WavLMForCTC, WavLMForSequenceClassification, pipeline)

HERE = Path(__file__).parent
LETTERS = {"<pad>": 0, "<s>": 1, "</s>": 2, "<unk>": 3, "|": 4, "E": 5, "T": 6, "A": 7, "'": 8, "SCH": 9, "O": 10, "Ü": 11}
SHAPE = dict(conv_dim=[24, 20, 28], conv_stride=[8, 5, 4], conv_kernel=[16, 8, 5], num_hidden_layers=2, classifier_proj_size=20)
CASES = [(0.31, 1), (0.9, 2), (1.6, 3)]

torch.set_num_threads(1)


def sound(seconds: float, seed: int) -> np.ndarray:
    """Two sines that come and go."""
    time = np.arange(int(seconds * 16_000), dtype=np.float64) / 16_000
    low, high = 150 + 40 * seed, 900 + 130 * seed
    swell = 0.5 + 0.5 * np.sin(2 * math.pi * (0.7 + 0.2 * seed) * time)
    return (0.02 + 0.3 * swell * np.sin(2 * math.pi * low * time) + 0.1 * (1 - swell) * np.sin(2 * math.pi * high * time)).astype(np.float32)


@torch.no_grad()
def wide(model, seed: int, dtype):
    """Weights that make a difference, exact in `dtype`."""
    torch.manual_seed(seed)
    for name, value in list(model.named_parameters()) + list(model.named_buffers()):
        if "norm" in name and name.endswith(("weight", "running_var")):
            value.copy_(1 + 0.3 * torch.rand_like(value))
        elif name.endswith("original0"):
            value.copy_(1.5 + torch.rand_like(value))
        elif name.endswith(("bias", "running_mean", "layer_weights")):
            value.normal_(0, 0.3)
        elif "gru_rel_pos_const" in name or "rel_attn_embed" in name:
            value.normal_(0, 1.5)
        elif value.dim() > 1:
            value.normal_(0, 2.2 / math.sqrt(value[0].numel()))
        value.copy_(value.to(dtype).float())
    return model.eval()


def save(name: str, model, dtype, *, sparse: bool, older: bool, extractor, tokenizer) -> Path:
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    tensors = {key: value.to(dtype).contiguous() for key, value in load_file(folder / "model.safetensors").items()}
    if older:
        spellings = {"parametrizations.weight.original0": "weight_g", "parametrizations.weight.original1": "weight_v"}
        for new, old in spellings.items():
            tensors = {key.replace(new, old): value for key, value in tensors.items()}
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    if sparse:
        usual = type(model.config)().to_dict()
        full = json.loads((folder / "config.json").read_text())
        kept = {key: value for key, value in full.items() if key in ("model_type", "architectures") or value != usual.get(key)}
        (folder / "config.json").write_text(json.dumps(kept, indent=2))
    if tokenizer is None:
        extractor.save_pretrained(folder)
    elif older:
        # As before there were processors: two files, and tokens that no file of the tokenizer names.
        extractor.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        kept = {"do_lower_case": tokenizer.do_lower_case, "pad_token": "<pad>", "unk_token": {"content": "<unk>", "lstrip": False}}
        (folder / "tokenizer_config.json").write_text(json.dumps(kept))
    else:
        Wav2Vec2Processor(extractor, tokenizer).save_pretrained(folder)
    return folder


def numbers(values) -> list[float]:
    return [round(float(value), 5) for value in values]


@torch.no_grad()
def classifier(name: str, model, extractor, dtype=torch.float32, sparse=False, older=False) -> dict:
    save(name, model, dtype, sparse=sparse, older=older, extractor=extractor, tokenizer=None)
    pipe = pipeline("audio-classification", model=model, feature_extractor=extractor)
    made = []
    for seconds, seed in CASES:
        heard = sound(seconds, seed)
        logits = model(**extractor(heard, sampling_rate=16_000, return_tensors="pt")).logits[0]
        scores = {item["label"]: round(item["score"], 6) for item in pipe({"raw": heard, "sampling_rate": 16_000}, top_k=10)}
        made.append({"seconds": seconds, "seed": seed, "logits": numbers(logits), "scores": scores})
    spread = np.array([case["logits"] for case in made])
    assert np.abs(spread - spread.mean(0)).max() > 0.05, (name, spread)
    return {"cases": made}


@torch.no_grad()
def letters(name: str, model, extractor, tokenizer, dtype=torch.float32, sparse=False, older=False, long=False) -> dict:
    save(name, model, dtype, sparse=sparse, older=older, extractor=extractor, tokenizer=tokenizer)
    pipe = pipeline("automatic-speech-recognition", model=model, feature_extractor=extractor, tokenizer=tokenizer)
    made = []
    for seconds, seed in CASES + ([(71.3, 4)] if long else []):
        heard = sound(seconds, seed)
        case = {"seconds": seconds, "seed": seed}
        if seconds < 30:
            logits = model(**extractor(heard, sampling_rate=16_000, return_tensors="pt")).logits
            case["logits"] = [numbers(row) for row in logits[0, ::29]]
            case["text"] = tokenizer.batch_decode(logits.argmax(-1))[0]
        said = pipe({"raw": heard, "sampling_rate": 16_000}, return_timestamps="word", chunk_length_s=30)
        assert case.setdefault("text", said["text"]) == said["text"]
        case["words"] = [[word["text"], *word["timestamp"]] for word in said["chunks"]]
        made.append(case)
    assert len({case["text"] for case in made}) == len(made), (name, [case["text"] for case in made])
    print(name, [case["text"][:40] for case in made])
    return {"cases": made}


def tokenizer(folder: Path, vocabulary: dict, **options) -> Wav2Vec2CTCTokenizer:
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    made = Wav2Vec2CTCTokenizer(str(folder / "vocab.json"), **options)
    (folder / "vocab.json").unlink()
    return made


def main() -> None:
    usual, plain = Wav2Vec2FeatureExtractor(), Wav2Vec2FeatureExtractor(do_normalize=False, return_attention_mask=True)
    names = {0: "calm", 1: "angry", 2: "happy"}
    places = dict(num_conv_pos_embeddings=16, num_conv_pos_embedding_groups=4)
    layered = dict(feat_extract_norm="layer", conv_bias=True, do_stable_layer_norm=True)
    found = {}

    config = Wav2Vec2Config(**SHAPE, **places, hidden_size=48, num_attention_heads=3, intermediate_size=60, vocab_size=12)
    found["wav2vec2-letters"] = letters(
        "wav2vec2-letters", wide(Wav2Vec2ForCTC(config), 1, torch.float32), usual, tokenizer(HERE, LETTERS), long=True)

    config = Wav2Vec2Config(
        **SHAPE, **layered, hidden_size=40, num_attention_heads=2, intermediate_size=64, vocab_size=12, adapter_attn_dim=6,
        num_conv_pos_embeddings=9, num_conv_pos_embedding_groups=5, hidden_act="relu")
    found["wav2vec2-adapters"] = letters(
        "wav2vec2-adapters", wide(Wav2Vec2ForCTC(config), 2, torch.float16), plain,
        tokenizer(HERE, {"deu": LETTERS, "eng": {"x": 0}}, target_lang="deu"), torch.float16)

    config = Wav2Vec2Config(
        **SHAPE, **layered, **places, hidden_size=72, num_attention_heads=2, intermediate_size=40, use_weighted_layer_sum=True, id2label=names)
    found["wav2vec2-labels"] = classifier(
        "wav2vec2-labels", wide(Wav2Vec2ForSequenceClassification(config), 3, torch.float16), plain, torch.float16)

    config = HubertConfig(**SHAPE, **places, hidden_size=48, num_attention_heads=4, intermediate_size=60, use_weighted_layer_sum=True, id2label=names)
    found["hubert-labels"] = classifier(
        "hubert-labels", wide(HubertForSequenceClassification(config), 4, torch.bfloat16), usual, torch.bfloat16, sparse=True, older=True)

    config = HubertConfig(
        **SHAPE, **places, hidden_size=32, num_attention_heads=4, intermediate_size=60, feat_proj_layer_norm=False, conv_pos_batch_norm=True,
        conv_bias=True, feat_extract_activation="gelu_new", problem_type="multi_label_classification", num_labels=3)
    found["hubert-batch-norm"] = classifier("hubert-batch-norm", wide(HubertForSequenceClassification(config), 5, torch.float32), usual)

    config = HubertConfig(**SHAPE, **places, hidden_size=32, num_attention_heads=4, intermediate_size=60, do_stable_layer_norm=True, vocab_size=12)
    found["hubert-letters"] = letters(
        "hubert-letters", wide(HubertForCTC(config), 6, torch.bfloat16), usual, tokenizer(HERE, LETTERS, do_lower_case=True), torch.bfloat16,
        sparse=True, older=True)

    config = WavLMConfig(**SHAPE, **places, hidden_size=48, num_attention_heads=3, intermediate_size=60, use_weighted_layer_sum=True, id2label=names)
    found["wavlm-labels"] = classifier(
        "wavlm-labels", wide(WavLMForSequenceClassification(config), 7, torch.float16), usual, torch.float16, sparse=True)

    config = WavLMConfig(
        **SHAPE, **layered, **places, hidden_size=72, num_attention_heads=2, intermediate_size=40, vocab_size=12, num_buckets=24,
        max_bucket_distance=50, feat_extract_activation="relu")
    found["wavlm-letters"] = letters(
        "wavlm-letters", wide(WavLMForCTC(config), 9, torch.float32), plain, tokenizer(HERE, LETTERS))

    lines = ",\n".join(
        f'"{name}": {{"cases": [\n' + ",\n".join(json.dumps(case, ensure_ascii=False) for case in model["cases"]) + "]}"
        for name, model in found.items())
    (HERE / "golden.json").write_text("{" + lines + "}\n")


main()
