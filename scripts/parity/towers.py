#!/usr/bin/env python3
"""Full-size towers with random weights: what transformers makes of photos, texts and sounds with them, and what a server does.

    python scripts/parity/towers.py --program .build/release/sensorium --folder /tmp/parity [--only clip-vit-base-patch32 …]

Folders are made once and kept in --folder (a gigabyte and more each). Weights are as wide as those of Tests/Fixtures, so that answers
differ from photo to photo. For each model it prints the least cosine of the vectors, or the largest difference of the scores, how soon
the server was ready and what it keeps resident, and the median time of one photo, text or sound: of the server's engine (`timing.encode`),
of PyTorch, of ONNX Runtime and of OpenVINO, asked in turn, f32, two threads each. Needs torch, transformers, onnxruntime, onnxscript, openvino, soundfile, Pillow.
"""

import argparse
import io
import shutil
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import onnxruntime
import openvino
import soundfile
import torch
from PIL import Image
from server import Server
from transformers import (
    AutoTokenizer, BertConfig, BertModel, BertTokenizerFast, BlipConfig, BlipForImageTextRetrieval, CLIPConfig, CLIPModel, Dinov2Config,
    Dinov2Model, HubertConfig, HubertForSequenceClassification, SiglipConfig, SiglipModel, ViTConfig, ViTForImageClassification,
    Wav2Vec2FeatureExtractor,
)
from transformers.models.bit.image_processing_pil_bit import BitImageProcessorPil
from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

ROOT = Path(__file__).resolve().parents[2]
MEDIA = ROOT / "Tests/Fixtures/media"
sys.path += [str(ROOT / "Tests/Fixtures/vision"), str(ROOT / "Tests/Fixtures/blip")]
import make_blip  # noqa: E402
from make_vision import clip_tokenizer, siglip_tokenizer, wide  # noqa: E402

PHOTOS = ["chelsea.jpg", "coffee.jpg", "rocket.jpg", "jpeg/420.jpg", "png/grey-8.png", "astronaut.jpg"]
SENTENCE = "a dog runs on the beach while two people are looking at the red ball that lies under a table near the water and the sun is very low"
TEXTS = [SENTENCE, "a cup of coffee", "two dogs", "The rocket starts!"]
RATE = 16_000


class Images:
    """Vectors of photos, by the processor that the folder names."""

    path = "/v1/embed"

    def __init__(self, folder, processor):
        prepare = processor.from_pretrained(folder)
        self.items = [(prepare(Image.open(MEDIA / photo).convert("RGB"), return_tensors="pt").pixel_values,) for photo in PHOTOS]
        self.parts = [dict(image=(MEDIA / photo).read_bytes()) for photo in PHOTOS]

    def output(self, model, pixels):
        found = model.get_image_features(pixel_values=pixels) if hasattr(model, "get_image_features") else model(pixel_values=pixels)
        return getattr(found, "pooler_output", found)

    def difference(self, model, expected, answer):
        found = torch.tensor(answer["embedding"]).double()
        return float(torch.nn.functional.cosine_similarity(expected.double(), found, dim=0))

    def said(self, found):
        return f"cosine {min(found):.8f}"


class BLIPImages(Images):
    def output(self, model, pixels):
        return torch.nn.functional.normalize(model.vision_proj(model.vision_model(pixel_values=pixels).last_hidden_state[:, 0]), dim=-1)


class ImageLabels(Images):
    path = "/v1/classify/image-classification"

    def output(self, model, pixels):
        return model(pixel_values=pixels).logits

    def difference(self, model, expected, answer):
        found = torch.tensor([answer["scores"][model.config.id2label[place]] for place in range(len(expected))])
        return float((expected.softmax(-1) - found).abs().max())

    def said(self, found):
        return f"scores within {max(found):.1e}"


class Texts(Images):
    def __init__(self, folder, _):
        tokenizer = AutoTokenizer.from_pretrained(folder)
        self.items = [tuple(tokenizer(text, return_tensors="pt")[key] for key in ("input_ids", "attention_mask")) for text in TEXTS]
        self.parts = [dict(text=text) for text in TEXTS]

    def output(self, model, ids, mask):
        hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
        return (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)


def tones(seconds):
    times = np.arange(int(seconds * RATE)) / RATE
    noise = np.random.default_rng(1).normal(0, 0.1, len(times))
    return (0.3 * np.sin(2 * np.pi * 260 * times) + noise * (1 + np.sin(3 * times))).astype(np.float32)


def wav(samples):
    file = io.BytesIO()
    soundfile.write(file, samples, RATE, format="WAV", subtype="FLOAT")
    return file.getvalue()


class SoundLabels(ImageLabels):
    path = "/v1/classify/audio-classification"

    def __init__(self, folder, processor):
        prepare = processor.from_pretrained(folder)
        sounds = [tones(seconds) for seconds in (3, 1, 7.3)]
        self.items = [(prepare(sound, sampling_rate=RATE, return_tensors="pt").input_values,) for sound in sounds]
        self.parts = [dict(audio=wav(sound)) for sound in sounds]

    def output(self, model, samples):
        return model(samples).logits


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


def blip_base(folder):
    make_blip.tokenizer(folder)
    BlipImageProcessorPil().save_pretrained(folder)
    text = dict(num_attention_heads=12, bos_token_id=30522, sep_token_id=3)
    return BlipForImageTextRetrieval(BlipConfig(text_config=text, vision_config=dict(image_size=384)))


def bert(folder, **shape):
    words = sorted(set(SENTENCE.split() + "cup of coffee two dogs rocket starts !".split()))
    (folder / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + words) + "\n")
    BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=512).save_pretrained(folder)
    return BertModel(BertConfig(**shape))


def minilm(folder):
    return bert(folder, hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536)


def bert_base(folder):
    return bert(folder)


def hubert_base(folder):
    Wav2Vec2FeatureExtractor().save_pretrained(folder)
    return HubertForSequenceClassification(HubertConfig(num_labels=8, use_weighted_layer_sum=True))


MODELS = {
    "clip-vit-base-patch32": (clip_base, CLIPModel, CLIPImageProcessorPil, Images),
    "clip-vit-large-patch14": (clip_large, CLIPModel, CLIPImageProcessorPil, Images),
    "siglip-base-patch16-224": (siglip_base, SiglipModel, SiglipImageProcessorPil, Images),
    "vit-base-patch16-224": (vit_base, ViTForImageClassification, ViTImageProcessorPil, ImageLabels),
    "dinov2-base": (dinov2_base, Dinov2Model, BitImageProcessorPil, Images),
    "blip-itm-base": (blip_base, BlipForImageTextRetrieval, BlipImageProcessorPil, BLIPImages),
    "all-MiniLM-L6": (minilm, BertModel, None, Texts),
    "bert-base": (bert_base, BertModel, None, Texts),
    "hubert-base": (hubert_base, HubertForSequenceClassification, Wav2Vec2FeatureExtractor, SoundLabels),
}


def made(name, folder):
    """The folder of a model, made where it is not there."""
    path = folder / name
    if not (path / "model.safetensors").exists():
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        wide(MODELS[name][0](path), sum(name.encode()), torch.float32).save_pretrained(path, max_shard_size="10GB")
    return path


class Tower(torch.nn.Module):
    """What the others are given: from the prepared input to what is compared."""

    def __init__(self, model, kind):
        super().__init__()
        self.model, self.kind = model, kind

    def forward(self, *inputs):
        return self.kind.output(self.model, *inputs)


def compare(name, options):
    folder = made(name, options.folder)
    _, network, processor, kind = MODELS[name]
    model = network.from_pretrained(folder).eval()
    kind = kind(folder, processor)
    with Server(options.program, folder, options.threads, "--max-memory", "8GiB") as server:
        found = []
        for inputs, parts in zip(kind.items, kind.parts):
            with torch.inference_mode():
                expected = kind.output(model, *inputs)[0]
            found.append(kind.difference(model, expected, server.post(kind.path, **parts)[0]))
        print(f"{name}: {kind.said(found)}; {server.memory()}", flush=True)
        if options.rounds:
            print("    " + speed(Tower(model, kind).eval(), options.folder / f"{name}.onnx", server, options), flush=True)


def speed(tower, exported, server, options):
    inputs, parts = tower.kind.items[0], tower.kind.parts[0]
    if not exported.exists():
        torch.onnx.export(tower, inputs, str(exported), dynamo=True, external_data=True, verbose=False)
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = options.threads
    session = onnxruntime.InferenceSession(str(exported), settings, providers=["CPUExecutionProvider"])
    feed = {slot.name: value.numpy() for slot, value in zip(session.get_inputs(), inputs)}
    compiled = openvino.Core().compile_model(
        str(exported), "CPU", {"INFERENCE_NUM_THREADS": options.threads, "INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"})
    values = [value.numpy() for value in inputs]
    runs = {"PyTorch": lambda: tower(*inputs), "ONNX Runtime": lambda: session.run(None, feed), "OpenVINO": lambda: compiled(values)}
    times = {name: [] for name in runs}
    ours = []
    for _ in range(options.rounds + 2):
        ours.append(server.post(tower.kind.path, **parts)[0]["timing"]["encode"])
        for name, run in runs.items():
            start = time.perf_counter()
            with torch.inference_mode():
                run()
            times[name].append((time.perf_counter() - start) * 1e3)
    mine = statistics.median(ours[2:])
    medians = {name: statistics.median(each[2:]) for name, each in times.items()}
    return f"{mine:.1f} ms; " + ", ".join(f"{name} {median:.1f} ms ({mine / median:.2f} x)" for name, median in medians.items())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
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
