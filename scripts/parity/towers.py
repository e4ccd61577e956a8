#!/usr/bin/env python3
"""Full-size towers with random weights: what transformers makes of photos and texts with them, and what a server does.

    python scripts/parity/towers.py --program .build/release/sensorium --folder /tmp/parity [--only clip-vit-base-patch32 …]

Folders are made once and kept in --folder (a gigabyte and more each). Weights are as wide as those of Tests/Fixtures/vision, so that
answers differ from photo to photo. For each model it prints the least cosine of the vectors, or the largest difference of the
logits or scores, and the median time of one photo or text: of the server's engine (`timing.encode`), of PyTorch, and of ONNX Runtime,
asked in turn, f32, two threads each. Needs torch, transformers, onnxruntime, onnxscript, Pillow.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import time
import urllib.request
import uuid
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from PIL import Image
from transformers import (
    AutoTokenizer, BertConfig, BertModel, BertTokenizerFast, CLIPConfig, CLIPModel, Dinov2Config, Dinov2Model, SiglipConfig, SiglipModel, ViTConfig,
    ViTForImageClassification,
)
from transformers.models.bit.image_processing_pil_bit import BitImageProcessorPil
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

ROOT = Path(__file__).resolve().parents[2]
MEDIA = ROOT / "Tests/Fixtures/media"
sys.path.insert(0, str(ROOT / "Tests/Fixtures/vision"))
from make_vision import clip_tokenizer, siglip_tokenizer, wide  # noqa: E402

PHOTOS = ["chelsea.jpg", "coffee.jpg", "rocket.jpg", "jpeg/420.jpg", "png/grey-8.png", "astronaut.jpg"]
SENTENCE = "a dog runs on the beach while two people are looking at the red ball that lies under a table near the water and the sun is very low"
TEXTS = [SENTENCE, "a cup of coffee", "two dogs", "The rocket starts!"]


def clip(folder, text, vision, width):
    tokenizer, end = clip_tokenizer(folder)
    text = dict(eos_token_id=end, bos_token_id=end - 1, pad_token_id=end) | text
    model = CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=width))
    CLIPImageProcessorPil(
        size={"shortest_edge": vision["image_size"]}, crop_size=vision["image_size"]).save_pretrained(folder)
    return model


def clip_base(folder):
    return clip(folder, {}, dict(image_size=224, patch_size=32), 512)


def clip_large(folder):
    text = dict(hidden_size=768, intermediate_size=3072, num_attention_heads=12, num_hidden_layers=12)
    vision = dict(hidden_size=1024, intermediate_size=4096, num_attention_heads=16, num_hidden_layers=24, patch_size=14, image_size=224)
    return clip(folder, text, vision, 768)


def siglip_base(folder):
    siglip_tokenizer(folder, model_input_names=["input_ids"])
    SiglipImageProcessorPil().save_pretrained(folder)
    return SiglipModel(SiglipConfig(text_config=dict(max_position_embeddings=24), vision_config=dict(image_size=224, patch_size=16)))


def vit_base(folder):
    ViTImageProcessorPil().save_pretrained(folder)
    return ViTForImageClassification(ViTConfig(num_labels=1000))


def dinov2_base(folder):
    BitImageProcessorPil(size={"shortest_edge": 256}, crop_size={"height": 224, "width": 224}).save_pretrained(folder)
    return Dinov2Model(Dinov2Config(image_size=518, patch_size=14))


def bert(folder, **shape):
    words = sorted(set(SENTENCE.split() + "cup of coffee two dogs rocket starts !".split()))
    (folder / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + words) + "\n")
    BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=512).save_pretrained(folder)
    return BertModel(BertConfig(**shape))


def minilm(folder):
    return bert(folder, hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536)


def bert_base(folder):
    return bert(folder)


MODELS = {
    "clip-vit-base-patch32": (clip_base, CLIPModel, CLIPImageProcessorPil),
    "clip-vit-large-patch14": (clip_large, CLIPModel, CLIPImageProcessorPil),
    "siglip-base-patch16-224": (siglip_base, SiglipModel, SiglipImageProcessorPil),
    "vit-base-patch16-224": (vit_base, ViTForImageClassification, ViTImageProcessorPil),
    "dinov2-base": (dinov2_base, Dinov2Model, BitImageProcessorPil),
    "all-MiniLM-L6": (minilm, BertModel, None),
    "bert-base": (bert_base, BertModel, None),
}


def made(name, folder):
    """The folder of a model, made where it is not there."""
    path = folder / name
    if not (path / "model.safetensors").exists():
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        model = MODELS[name][0](path)
        wide(model, sum(name.encode()), torch.float32).save_pretrained(path, max_shard_size="10GB")
    return path


class Server:
    def __init__(self, program, folder, threads):
        self.process = subprocess.Popen(
            [program, "serve", "--model", folder, "--port", "0", "--data", "off", "--threads", str(threads), "--max-memory", "8GiB"],
            stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if "Listening on " in line:
                self.address = line.split("Listening on ")[1].split()[0].rstrip(".")
                break
        else:
            raise SystemExit("The server did not start.")

    def post(self, path, **parts):
        boundary = uuid.uuid4().hex
        body = b""
        for name, value in parts.items():
            head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"'
            if isinstance(value, bytes):
                head += '; filename="a"'
            else:
                value = str(value).encode()
            body += head.encode() + b"\r\n\r\n" + value + b"\r\n"
        request = urllib.request.Request(self.address + path, body + f"--{boundary}--\r\n".encode())
        request.add_header("Content-Type", f"multipart/form-data; boundary={boundary}")
        with urllib.request.urlopen(request, timeout=600) as answer:
            return json.load(answer)

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Tower(torch.nn.Module):
    """What ONNX Runtime is given: from the prepared input to what is compared."""

    def __init__(self, model, name):
        super().__init__()
        self.model, self.name = model, name

    def forward(self, *inputs):
        return output(self.model, self.name, inputs)


def output(model, name, inputs):
    if isinstance(model, BertModel):
        ids, mask = inputs
        hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
        return (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
    if isinstance(model, (CLIPModel, SiglipModel)):
        found = model.get_image_features(pixel_values=inputs[0])
        return getattr(found, "pooler_output", found)
    found = model(pixel_values=inputs[0])
    return found.logits if name.startswith("vit") else found.pooler_output


def timed(run, times):
    start = time.perf_counter()
    run()
    times.append((time.perf_counter() - start) * 1e3)


def compare(name, options):
    folder = made(name, options.folder)
    kind, processor = MODELS[name][1:]
    model = kind.from_pretrained(folder).eval()
    server = Server(options.program, str(folder), options.threads)
    try:
        if processor is None:
            tokenizer = AutoTokenizer.from_pretrained(folder)
            items = [tuple(tokenizer(text, return_tensors="pt")[key] for key in ("input_ids", "attention_mask")) for text in TEXTS]
            ask = [lambda text=text: server.post("/v1/embed", text=text) for text in TEXTS]
        else:
            prepare = processor.from_pretrained(folder)
            items = [(prepare(Image.open(MEDIA / photo).convert("RGB"), return_tensors="pt").pixel_values,) for photo in PHOTOS]
            path = "/v1/classify/image-classification" if name.startswith("vit") else "/v1/embed"
            ask = [lambda photo=photo: server.post(path, image=(MEDIA / photo).read_bytes()) for photo in PHOTOS]
        worst = []
        for inputs, asked in zip(items, ask):
            with torch.inference_mode():
                expected = output(model, name, inputs)[0]
            answer = asked()
            if name.startswith("vit"):
                scores = answer["scores"]
                names = [model.config.id2label[place] for place in range(len(expected))]
                found = torch.tensor([scores[label] for label in names])
                worst.append(float((expected.softmax(-1) - found).abs().max()))
            else:
                worst.append(float(torch.nn.functional.cosine_similarity(expected.double(), torch.tensor(answer["embedding"]).double(), dim=0)))
        kept = f"{name}: " + (f"scores within {max(worst):.1e}" if name.startswith("vit") else f"cosine {min(worst):.8f}")
        if options.rounds:
            kept += speed(model, name, items[0], ask[0], options)
        print(kept, flush=True)
    finally:
        server.stop()


def speed(model, name, inputs, asked, options):
    exported = options.folder / f"{name}.onnx"
    if not exported.exists():
        torch.onnx.export(Tower(model, name).eval(), inputs, str(exported), dynamo=True, external_data=True, verbose=False)
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = options.threads
    session = onnxruntime.InferenceSession(str(exported), settings, providers=["CPUExecutionProvider"])
    feed = {slot.name: value.numpy() for slot, value in zip(session.get_inputs(), inputs)}
    ours, torched, onnx = [], [], []
    for turn in range(options.rounds + 2):
        ours.append(asked()["timing"]["encode"])
        with torch.inference_mode():
            timed(lambda: output(model, name, inputs), torched)
        timed(lambda: session.run(None, feed), onnx)
    ours, torched, onnx = (statistics.median(times[2:]) for times in (ours, torched, onnx))
    return f"; {ours:.1f} ms, PyTorch {torched:.1f} ({ours / torched:.2f} x), ONNX Runtime {onnx:.1f} ({ours / onnx:.2f} x)"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default=str(ROOT / ".build/release/sensorium"))
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--only", nargs="*", choices=list(MODELS), default=list(MODELS))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=15, help="times each is asked for its speed; 0: not at all")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    for name in options.only:
        compare(name, options)


main()
