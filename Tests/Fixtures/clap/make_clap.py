"""Small random CLAPs as transformers saves them, and what it makes of sounds and texts with them.

    python make_clap.py        # torch 2.15, transformers 5.24, tokenizers 0.23

`plain` crops long clips; `fused` sees them as a whole and in three crops, has patches that overlap, and no biases of
queries, keys and values. Where the
reference crops by chance, the middle of what it chooses from is taken. Weights are wide, so that answers differ from sound to sound. The
sounds are made of sines by the same formula in the test.
"""

import json
import math
import shutil
from pathlib import Path
from unittest import mock

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import ClapConfig, ClapFeatureExtractor, ClapModel, PreTrainedTokenizerFast, pipeline

HERE = Path(__file__).parent
TEXTS = ["a dog barks", "rain", "a door is closed, loudly", ""]
LABELS = ["dog", "heavy rain", "a door"]
CASES = [(0.31, 1), (0.9, 2), (1.0, 5), (2.7, 3), (1.02, 4)]
RATE = 16_000

torch.set_num_threads(1)


def sound(seconds: float, seed: int) -> np.ndarray:
    """Two sines that come and go."""
    time = np.arange(int(seconds * RATE), dtype=np.float64) / RATE
    low, high = 150 + 40 * seed, 900 + 130 * seed
    swell = 0.5 + 0.5 * np.sin(2 * math.pi * (0.7 + 0.2 * seed) * time)
    return (0.02 + 0.3 * swell * np.sin(2 * math.pi * low * time) + 0.1 * (1 - swell) * np.sin(2 * math.pi * high * time)).astype(np.float32)


@torch.no_grad()
def wide(model, seed: int, dtype):
    torch.manual_seed(seed)
    for name, value in list(model.named_parameters()) + list(model.named_buffers()):
        if not value.is_floating_point():
            continue
        if "logit_scale" in name:
            pass
        elif "norm" in name.lower() and name.endswith(("weight", "running_var")) or name.endswith("running_var"):
            value.copy_(1 + 0.3 * torch.rand_like(value))
        elif "batch_norm.running_mean" in name:
            value.normal_(-40, 10)
        elif "batch_norm" in name and name.endswith("weight") or value.dim() == 1 and name.endswith("weight"):
            value.copy_(1 + 0.3 * torch.rand_like(value))
        elif name.endswith(("bias", "running_mean")):
            value.normal_(0, 0.3)
        elif "position" in name or "embeddings" in name:
            value.normal_(0, 1)
        elif value.dim() > 1:
            value.normal_(0, 2 / math.sqrt(value[0].numel()))
        value.copy_(value.to(dtype).float())
    for name, value in model.named_buffers():
        # Decibels go up and down by tens.
        if name.endswith("audio_encoder.batch_norm.running_var"):
            value.copy_((400 * value).to(dtype).float())
    return model.eval()


def tokenizer(folder: Path) -> PreTrainedTokenizerFast:
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    pieces = special + alphabet + ["\u0120d", "og"]
    made = Tokenizer(models.BPE({piece: place for place, piece in enumerate(pieces)}, [("\u0120", "d"), ("o", "g")]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens([AddedToken(token, special=True) for token in special])
    made.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    found = PreTrainedTokenizerFast(
        tokenizer_object=made, bos_token="<s>", eos_token="</s>", pad_token="<pad>", unk_token="<unk>", model_max_length=40)
    found.save_pretrained(folder)
    return found


def numbers(values) -> list[float]:
    return [round(float(value), 5) for value in values]


@torch.no_grad()
def make(name: str, seed: int, dtype, audio: dict, text: dict, **extractor) -> dict:
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    words = tokenizer(folder)
    config = ClapConfig(audio_config=audio, text_config=text | dict(vocab_size=len(words)), projection_dim=20)
    model = wide(ClapModel(config), seed, dtype)
    model.save_pretrained(folder)
    tensors = load_file(folder / "model.safetensors")
    save_file({key: value.to(dtype) if value.is_floating_point() else value for key, value in tensors.items()}, folder / "model.safetensors", {"format": "pt"})
    features = ClapFeatureExtractor(sampling_rate=RATE, max_length_s=1, hop_length=160, fft_window_size=512, frequency_max=7000, **extractor)
    features.save_pretrained(folder)
    pipe = pipeline("zero-shot-audio-classification", model=model, feature_extractor=features, tokenizer=words)
    ids = words(TEXTS, return_tensors="pt", padding=True)
    texts = model.get_text_features(input_ids=ids["input_ids"], attention_mask=ids["attention_mask"]).pooler_output
    labels = words([f"This is a sound of {label}." for label in LABELS], return_tensors="pt", padding=True)
    made = []
    for seconds, seed in CASES:
        heard = sound(seconds, seed)
        given = features([heard], sampling_rate=RATE, return_tensors="pt")
        out = model(input_ids=labels["input_ids"], attention_mask=labels["attention_mask"], **given)
        scores = {item["label"]: round(item["score"], 6) for item in pipe(heard, candidate_labels=LABELS)}
        made.append({"seconds": seconds, "seed": seed, "vector": numbers(out.audio_embeds[0]), "logits": numbers(out.logits_per_audio[0]), "scores": scores})
    spread = np.array([case["logits"] for case in made])
    print(name, spread)
    assert np.abs(spread - spread.mean(0)).max() > 0.3
    return {"texts": [numbers(row) for row in texts], "cases": made}


def main() -> None:
    audio = dict(spec_size=64, num_mel_bins=32, window_size=4, patch_embeds_hidden_size=24, depths=[2, 2], num_attention_heads=[2, 4], hidden_size=48, mlp_ratio=2.0)
    text = dict(hidden_size=40, intermediate_size=48, num_hidden_layers=2, num_attention_heads=2, max_position_embeddings=42)
    # The middle of what is chosen from.
    with mock.patch.object(np.random, "choice", lambda places: places[len(places) // 2]), mock.patch.object(np.random, "randint", lambda low, high: (high - 1) // 2 if high > 1 else 0):
        found = {
            "plain": make("plain", 1, torch.float16, audio, text, truncation="rand_trunc", feature_size=32),
            "fused": make(
                "fused", 2, torch.bfloat16,
                audio | dict(spec_size=128, num_mel_bins=64, enable_fusion=True, fusion_type="aff_2d", patch_size=6, qkv_bias=False, num_attention_heads=[3, 6]), text,
                truncation="fusion", padding="repeat"),
        }
    lines = ",\n".join(f'"{name}": {{"texts": {json.dumps(model["texts"])}, "cases": [\n' + ",\n".join(json.dumps(case) for case in model["cases"]) + "]}" for name, model in found.items())
    (HERE / "golden.json").write_text('{"texts": ' + json.dumps(TEXTS) + ', "labels": ' + json.dumps(LABELS) + ', "models": {' + lines + "}}\n")


main()
