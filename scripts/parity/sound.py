"""Models of sounds at full size, with random weights: what the server answers against what transformers answers to the same files.

    python scripts/parity/sound.py .build/release/sensorium [NAME ...]        # torch 2.15, transformers 5.24, soundfile

Each model is saved to a folder that is deleted again. Weights are several times as wide as usual, so that answers differ from sound to
sound. Prints the largest difference of logits (of labels) or whether the text is the same (of letters), and the time of both.
"""

import json
import math
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile
import torch
from server import Server
from transformers import (
    HubertConfig, HubertForCTC, HubertForSequenceClassification, Wav2Vec2Config, Wav2Vec2CTCTokenizer, Wav2Vec2FeatureExtractor, Wav2Vec2ForCTC,
    Wav2Vec2ForSequenceClassification, Wav2Vec2Processor, WavLMConfig, WavLMForCTC, WavLMForSequenceClassification)

PROGRAM = Path(sys.argv[1]).resolve()
NAMES = sys.argv[2:]
SECONDS = [1.0, 3.0, 11.3]
LETTERS = {letter: place for place, letter in enumerate(["<pad>", "<s>", "</s>", "<unk>", "|", *"ETAONIHSRDLUMWCFGYPBVK'XJQZ"])}
LARGE = dict(hidden_size=1024, num_hidden_layers=24, num_attention_heads=16, intermediate_size=4096, do_stable_layer_norm=True,
             feat_extract_norm="layer", conv_bias=True)

torch.set_num_threads(2)


def sound(seconds: float, kind: float) -> np.ndarray:
    """Noise that comes and goes over two tones; of one kind a longer one begins as a shorter one."""
    time = np.arange(int(seconds * 16_000)) / 16_000
    noise = np.random.default_rng(int(kind * 10)).normal(0, 0.1, len(time))
    return (0.3 * np.sin(2 * math.pi * (200 + 60 * kind) * time) + noise * (1 + np.sin(3 * time)) + 0.1 * np.sin(9000 * time)).astype(np.float32)


@torch.no_grad()
def wide(model):
    torch.manual_seed(1)
    for name, value in model.named_parameters():
        if "norm" in name and name.endswith("weight"):
            value.copy_(1 + 0.2 * torch.randn_like(value))
        elif name.endswith("original0"):
            value.copy_(0.3 + 0.3 * torch.rand_like(value))
        elif name.endswith("bias") or "layer_weights" in name or "rel_" in name:
            value.normal_(0, 0.06)
        elif "out_proj" in name:
            # Attention by chance mixes all frames alike: more of it, and they would differ by rounding alone.
            value.normal_(0, 0.4 / math.sqrt(value[0].numel()))
        elif value.dim() > 1:
            value.normal_(0, 1.5 / math.sqrt(value[0].numel()))
    return model.eval()


@torch.no_grad()
def centre(model, extractor) -> None:
    """Takes from each letter what all frames of a sound have of it: layers by chance mix frames until they differ by little."""
    values = extractor(sound(max(SECONDS), 1), sampling_rate=16_000, return_tensors="pt").input_values
    model.lm_head.bias.sub_(model(values).logits[0].mean(0))


def compare(name: str, model, normalizes: bool) -> None:
    writes = hasattr(model, "lm_head")
    extractor = Wav2Vec2FeatureExtractor(do_normalize=normalizes)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / name
        wide(model)
        if writes:
            centre(model, extractor)
        model.save_pretrained(folder)
        if writes:
            (folder / "vocab.json").write_text(json.dumps(LETTERS))
            tokenizer = Wav2Vec2CTCTokenizer(str(folder / "vocab.json"))
            Wav2Vec2Processor(extractor, tokenizer).save_pretrained(folder)
        else:
            extractor.save_pretrained(folder)
        with Server(PROGRAM, folder, 2) as server:
            for seconds in SECONDS:
                heard = sound(seconds, 1 if writes else seconds)
                audio = Path(temporary) / "a.wav"
                soundfile.write(audio, heard, 16_000, subtype="FLOAT")
                begin = time.monotonic()
                with torch.no_grad():
                    logits = model(**extractor(heard, sampling_rate=16_000, return_tensors="pt")).logits
                reference = time.monotonic() - begin
                if writes:
                    answer, took = server.post("/v1/transcribe", audio=audio.read_bytes(), timestamps="none")
                    text = tokenizer.batch_decode(logits.argmax(-1))[0]
                    said = f"{len(text)} letters " + ("the same" if answer["text"] == text else "DIFFERENT")
                else:
                    answer, took = server.post("/v1/classify/audio-classification", audio=audio.read_bytes())
                    # Each score is a sigmoid, of which the logit is known to some millionths where it is not large.
                    shares = np.clip([answer["scores"][f"LABEL_{label}"] for label in range(logits.shape[-1])], 1e-6, 1 - 1e-6)
                    found = np.log(shares / (1 - shares))
                    wanted = logits[0].numpy()
                    near = np.abs(wanted) < 6
                    said = f"largest difference {np.abs(found - wanted)[near].max():.1e} of {near.sum()} logits from {wanted.min():.2f} to {wanted.max():.2f}"
                print(f"{name:24} {seconds:5} s   {said:70} {took * 1e3:6.0f} ms, transformers {reference * 1e3:6.0f} ms", flush=True)


def main() -> None:
    labels = dict(num_labels=8, problem_type="multi_label_classification", use_weighted_layer_sum=True)
    models = {
        "wav2vec2-base-labels": lambda: (Wav2Vec2ForSequenceClassification(Wav2Vec2Config(**labels)), True),
        "hubert-base-labels": lambda: (HubertForSequenceClassification(HubertConfig(**labels)), True),
        "wavlm-base-labels": lambda: (WavLMForSequenceClassification(WavLMConfig(**labels)), False),
        "wav2vec2-base-letters": lambda: (Wav2Vec2ForCTC(Wav2Vec2Config()), True),
        "hubert-base-letters": lambda: (HubertForCTC(HubertConfig()), True),
        "wavlm-base-letters": lambda: (WavLMForCTC(WavLMConfig()), False),
        "wav2vec2-large-labels": lambda: (Wav2Vec2ForSequenceClassification(Wav2Vec2Config(**LARGE, **labels)), True),
    }
    for name, make in models.items():
        if not NAMES or name in NAMES:
            model, normalizes = make()
            compare(name, model, normalizes)


main()
