"""Small random Whispers as transformers saves them, and what it writes down with them.

    python make_whisper.py        # torch 2.15, transformers 5.24, tokenizers 0.23

`multilingual` knows three languages, has 80 bands and weights in float16; `english` knows English alone, has 128 bands, heads 12 wide and
ReLU. Windows are 2 seconds long instead of 30. Weights are wide, so that what is written differs from sound to sound. The sounds
are made of sines by the same formula in the test.
"""

import json
import math
import shutil
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import GenerationConfig, WhisperConfig, WhisperFeatureExtractor, WhisperForConditionalGeneration

HERE = Path(__file__).parent
SECONDS = 2
STEPS = SECONDS * 50
LANGUAGES = ["en", "de", "zh"]
SPECIAL = ["<|endoftext|>", "<|startoftranscript|>", *(f"<|{code}|>" for code in LANGUAGES), "<|translate|>", "<|transcribe|>", "<|startoflm|>",
           "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>"]


torch.set_num_threads(1)


def sound(seconds: float, seed: int) -> np.ndarray:
    """Two sines that come and go."""
    time = np.arange(int(seconds * 16_000), dtype=np.float64) / 16_000
    low, high = 150 + 40 * seed, 900 + 130 * seed
    swell = 0.5 + 0.5 * np.sin(2 * math.pi * (0.7 + 0.2 * seed) * time)
    return (0.3 * swell * np.sin(2 * math.pi * low * time) + 0.1 * (1 - swell) * np.sin(2 * math.pi * high * time)).astype(np.float32)


def tokenizer() -> Tokenizer:
    """Bytes and a few pieces with a blank before them."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    pieces = alphabet + ["\u0120a", "\u0120b", "\u0120c", "he", "\u0120the", "in"]
    merges = [("\u0120", "a"), ("\u0120", "b"), ("\u0120", "c"), ("h", "e"), ("i", "n")]
    pieces.remove("\u0120the")
    made = Tokenizer(models.BPE({piece: place for place, piece in enumerate(pieces)}, merges))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL])
    return made


def make(name: str, bins: int, width: int, heads: int, activation: str, half: bool) -> dict:
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    words = tokenizer()
    ids = {token: words.token_to_id(token) for token in SPECIAL}
    end, start, none = ids["<|endoftext|>"], ids["<|startoftranscript|>"], ids["<|notimestamps|>"]
    torch.manual_seed(sum(name.encode()))
    config = WhisperConfig(
        vocab_size=none + 1 + STEPS + 1, num_mel_bins=bins, d_model=width, encoder_layers=2, decoder_layers=2,
        encoder_attention_heads=heads, decoder_attention_heads=heads, encoder_ffn_dim=2 * width, decoder_ffn_dim=2 * width,
        max_source_positions=STEPS, max_target_positions=48, decoder_start_token_id=start, eos_token_id=end, bos_token_id=end,
        pad_token_id=end, begin_suppress_tokens=None, activation_function=activation, init_std=0.25, median_filter_width=5)
    model = WhisperForConditionalGeneration(config).eval()
    with torch.no_grad():
        for key, value in model.named_parameters():
            if key.endswith("bias") and "norm" not in key:
                value.normal_(0, 0.2)
            if "encoder.embed_positions" in key:
                value.normal_(0, 0.3)
    if half:
        model = model.half().float()
    values = dict(
        bos_token_id=end, eos_token_id=end, pad_token_id=end, decoder_start_token_id=start, max_length=40, suppress_tokens=[1, 2, 7, 40, start],
        begin_suppress_tokens=[220, end], alignment_heads=[[0, 1], [1, 0], [1, 2]], no_timestamps_token_id=none,
        max_initial_timestamp_index=20, is_multilingual=name == "multilingual")
    if name == "multilingual":
        values |= dict(
            lang_to_id={f"<|{code}|>": ids[f"<|{code}|>"] for code in LANGUAGES},
            task_to_id={task: ids[f"<|{task}|>"] for task in ("transcribe", "translate")},
            forced_decoder_ids=[[1, None], [2, ids["<|transcribe|>"]]])
    else:
        values |= dict(forced_decoder_ids=[[1, none]])
    model.generation_config = GenerationConfig(**values)
    model.save_pretrained(folder)
    if half:
        tensors = load_file(folder / "model.safetensors")
        save_file({key: value.half() for key, value in tensors.items()}, folder / "model.safetensors", {"format": "pt"})
    extractor = WhisperFeatureExtractor(feature_size=bins, chunk_length=SECONDS)
    extractor.save_pretrained(folder)
    words.save(str(folder / "tokenizer.json"))
    return {"logits": logits(model, extractor, start), "cases": cases(model, extractor, name)}


@torch.no_grad()
def logits(model, extractor, start) -> list[float]:
    features = extractor(sound(1.3, 1), sampling_rate=16_000, return_tensors="pt").input_features
    ids = torch.tensor([[start, 20, 70, 30]])
    return [round(value, 5) for value in model(input_features=features, decoder_input_ids=ids).logits[0, -1].tolist()]


@torch.no_grad()
def cases(model, extractor, name: str) -> list[dict]:
    made = []
    for seconds, seed in [(1.3, 1), (2.0, 3), (3.1, 4)]:
        for timestamps in ["none", "segment", "word"]:
            for language, task in [(None, None)] + ([("de", "translate"), ("chinese", None)] if name == "multilingual" else []):
                long = seconds > SECONDS
                if timestamps == "none" and long:
                    continue
                features = extractor(
                    sound(seconds, seed), sampling_rate=16_000, return_tensors="pt", return_attention_mask=True,
                    **(dict(truncation=False, padding="longest") if long else {}))
                options = dict(temperature=0.0, no_speech_threshold=0.6, logprob_threshold=-1.0, return_segments=True)
                given = {key: value for key, value in [("language", language), ("task", task)] if value}
                out = model.generate(
                    features.input_features, attention_mask=features.attention_mask, return_timestamps=timestamps != "none",
                    return_token_timestamps=timestamps == "word" or None, **options, **given)
                segments = []
                for segment in out["segments"][0]:
                    item = {"start": round(float(segment["start"]), 2), "end": round(float(segment["end"]), 2), "tokens": segment["tokens"].tolist()}
                    if timestamps == "word":
                        item["times"] = [round(float(time), 2) for time in segment["token_timestamps"]]
                    segments.append(item)
                made.append({"seconds": seconds, "seed": seed, "timestamps": timestamps, "segments": segments} | given)
    return made


def main() -> None:
    made = {
        "multilingual": make("multilingual", 80, 48, 3, "gelu", half=True),
        "english": make("english", 128, 36, 3, "relu", half=False),
    }
    lines = ",\n".join(
        f'"{name}": {{"logits": {json.dumps(model["logits"])}, "cases": [\n' + ",\n".join(json.dumps(case) for case in model["cases"]) + "]}"
        for name, model in made.items())
    (HERE / "expected.json").write_text("{" + lines + "}\n")


main()
