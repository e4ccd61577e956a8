"""Small random CLIPs, SigLIPs, ViTs and DINOv2s as transformers saves them, and what it makes of photos and texts with them.

    python make_vision.py        # torch 2.15, transformers 5.24, tokenizers 0.23, Pillow 13, numpy 2.4

Pictures are prepared by the processors' Pillow backend. Weights are several times as wide as the families' own, so that answers
differ from picture to picture. Heads are 8, 16, 20, 36 and 40 wide, patches 14 and 16, files f32, f16 and bf16.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    CLIPConfig, CLIPModel, CLIPVisionConfig, CLIPVisionModelWithProjection, Dinov2Config, Dinov2ForImageClassification, Dinov2Model,
    PreTrainedTokenizerFast, SiglipConfig, SiglipModel, SiglipVisionConfig, SiglipVisionModel, ViTConfig, ViTForImageClassification, ViTModel,
)
from transformers.models.bit.image_processing_pil_bit import BitImageProcessorPil
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

HERE = Path(__file__).parent
PHOTOS = ["chelsea.jpg", "coffee.jpg", "rocket.jpg", "jpeg/420.jpg", "png/grey-8.png"]
TEXTS = ["a cat", "a cup of coffee on a table", "a rocket is starting", "Two Dogs, running!", "a " * 60]
LABELS = ["cat", "coffee", "rocket"]
TEMPLATE = "This is a photo of {}."
CORPUS = TEXTS + ["this is a photo of a dog", "a photo of the table", "two cats", "starting a rocket on the table", "running dogs"] * 4


def wide(model, seed, dtype):
    """Random weights, wide and such as the type holds exactly."""
    generator = torch.Generator().manual_seed(seed)
    for name, value in model.named_parameters():
        noise = torch.randn(value.shape, generator=generator)
        if "logit_scale" in name:
            value.data = torch.full(value.shape, 2.3)
        elif "logit_bias" in name:
            value.data = torch.full(value.shape, -3.1)
        elif "norm" in name and name.endswith("weight") or "lambda" in name:
            value.data = 1 + 0.3 * noise
        elif value.ndim >= 2 and "embed" not in name and "token" not in name:
            value.data = noise * 1.6 / (value[0].numel() ** 0.5)
        else:
            value.data = noise * 0.3
    return model.to(dtype).float().eval()


def clip_tokenizer(folder):
    tokenizer = Tokenizer(models.BPE(end_of_word_suffix="</w>", continuing_subword_prefix=""))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"), "removed", True),
        pre_tokenizers.ByteLevel(add_prefix_space=False)])
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=620, initial_alphabet=alphabet, end_of_word_suffix="</w>", show_progress=False))
    for letter in alphabet:  # every byte at the end of a word, too
        assert tokenizer.token_to_id(letter) is not None
    tokenizer.add_special_tokens(["<|startoftext|>", "<|endoftext|>"])
    start, end = tokenizer.token_to_id("<|startoftext|>"), tokenizer.token_to_id("<|endoftext|>")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<|startoftext|> $A <|endoftext|>", special_tokens=[("<|startoftext|>", start), ("<|endoftext|>", end)])
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<|startoftext|>", eos_token="<|endoftext|>", pad_token="<|endoftext|>", unk_token="<|endoftext|>", model_max_length=24)
    fast.save_pretrained(folder)
    return fast, end


def siglip_tokenizer(folder, **options):
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence([normalizers.Lowercase(), normalizers.Replace(Regex(r"[!\.,]"), "")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.train_from_iterator(CORPUS, trainers.UnigramTrainer(vocab_size=90, special_tokens=["<unk>", "</s>"], unk_token="<unk>", show_progress=False))
    end = tokenizer.token_to_id("</s>")
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", end)])
    tokenizer.decoder = decoders.Metaspace()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="</s>", pad_token="</s>", unk_token="<unk>", model_max_length=24, **options)
    fast.save_pretrained(folder)
    return fast


def photos():
    return [Image.open(HERE.parent / "media" / name).convert("RGB") for name in PHOTOS]


def save(name, model, dtype, processor):
    folder = HERE / name
    model.to(dtype).save_pretrained(folder)
    model.float()
    processor.save_pretrained(folder)
    return folder


def fresh(name):
    shutil.rmtree(HERE / name, ignore_errors=True)
    (HERE / name).mkdir()
    return HERE / name


def rows(tensor):
    return [[round(float(x), 6) for x in row] for row in tensor]


def towers(name, model, processor, tokenizer, dtype, siglip):
    save(name, model, dtype, processor)
    pixels = processor(photos(), return_tensors="pt").pixel_values
    texts = TEXTS + [TEMPLATE.format(label) for label in LABELS]
    options = dict(padding="max_length", max_length=24) if siglip else dict(padding=True)
    tokens = tokenizer(texts, truncation=True, return_tensors="pt", **options)
    tokens.pop("token_type_ids", None)
    with torch.inference_mode():
        out = model(pixel_values=pixels, **tokens)
    logits = out.logits_per_image[:, len(TEXTS):]
    scores = logits.sigmoid() if siglip else logits.softmax(-1)
    return {"images": rows(out.image_embeds), "texts": rows(out.text_embeds[: len(TEXTS)]), "logits": rows(logits), "scores": rows(scores)}


def pictures(name, model, processor, dtype, read):
    save(name, model, dtype, processor)
    pixels = processor(photos(), return_tensors="pt").pixel_values
    with torch.inference_mode():
        return {key: rows(value) for key, value in read(model(pixels)).items()}


def main():
    golden = {"photos": PHOTOS, "texts": TEXTS, "labels": LABELS, "models": {}}
    found = golden["models"]
    text = dict(hidden_size=40, intermediate_size=72, num_hidden_layers=2, num_attention_heads=2, max_position_embeddings=24, vocab_size=640)
    vision = dict(hidden_size=40, intermediate_size=88, num_hidden_layers=2, num_attention_heads=2, image_size=42, patch_size=14)

    tokenizer, end = clip_tokenizer(fresh("clip"))
    ends = dict(bos_token_id=end - 1, eos_token_id=end, pad_token_id=end)
    model = wide(CLIPModel(CLIPConfig(text_config=text | ends, vision_config=vision, projection_dim=24)), 1, torch.float16)
    found["clip"] = towers("clip", model, CLIPImageProcessorPil(size={"shortest_edge": 45}, crop_size={"height": 42, "width": 42}), tokenizer, torch.float16, False)

    # As the first checkpoints were written: numbers for sizes, the end token's number wrong, GELU exact.
    tokenizer, end = clip_tokenizer(fresh("clip-first"))
    text2 = text | dict(hidden_size=72, hidden_act="gelu", eos_token_id=2)
    vision2 = vision | dict(hidden_size=72, hidden_act="gelu", image_size=50, patch_size=16)
    model = wide(CLIPModel(CLIPConfig(text_config=text2, vision_config=vision2, projection_dim=20)), 2, torch.bfloat16)
    processor = CLIPImageProcessorPil(size=50, crop_size=50, resample=1)
    found["clip-first"] = towers("clip-first", model, processor, tokenizer, torch.bfloat16, False)
    (HERE / "clip-first/preprocessor_config.json").write_text(json.dumps({"crop_size": 50, "do_center_crop": True, "do_normalize": True, "do_resize": True, "feature_extractor_type": "CLIPFeatureExtractor", "image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711], "resample": 1, "size": 50}))

    text3 = dict(hidden_size=40, intermediate_size=56, num_hidden_layers=2, num_attention_heads=1, max_position_embeddings=24, vocab_size=96)
    vision3 = dict(hidden_size=40, intermediate_size=60, num_hidden_layers=2, num_attention_heads=1, image_size=48, patch_size=16)
    tokenizer = siglip_tokenizer(fresh("siglip"), model_input_names=["input_ids"])
    model = wide(SiglipModel(SiglipConfig(text_config=text3, vision_config=vision3)), 3, torch.float32)
    found["siglip"] = towers("siglip", model, SiglipImageProcessorPil(size={"height": 48, "width": 48}), tokenizer, torch.float32, True)

    # Padding before the text, which a mask hides.
    tokenizer = siglip_tokenizer(fresh("siglip-masked"), model_input_names=["input_ids", "attention_mask"], padding_side="left")
    model = wide(SiglipModel(SiglipConfig(text_config=text3 | dict(projection_size=48, num_attention_heads=5), vision_config=vision3 | dict(hidden_size=48, num_attention_heads=3, patch_size=14, image_size=44))), 4, torch.bfloat16)
    found["siglip-masked"] = towers("siglip-masked", model, SiglipImageProcessorPil(size={"height": 44, "width": 44}, resample=2), tokenizer, torch.bfloat16, True)

    vit = dict(hidden_size=72, intermediate_size=96, num_hidden_layers=2, num_attention_heads=2, image_size=48, patch_size=16)
    names = {0: "tabby, tabby cat", 1: "crane", 2: "cup", 3: "crane", 4: "rocket"}
    fresh("vit")
    model = wide(ViTForImageClassification(ViTConfig(**vit, id2label=names)), 5, torch.float16)
    found["vit"] = pictures("vit", model, ViTImageProcessorPil(size={"height": 48, "width": 48}), torch.float16, lambda out: {"logits": out.logits, "scores": out.logits.softmax(-1)})

    fresh("vit-pooler")
    model = wide(ViTModel(ViTConfig(**(vit | dict(hidden_size=40, intermediate_size=64, qkv_bias=False, hidden_act="gelu_new", pooler_output_size=28)))), 6, torch.float32)
    found["vit-pooler"] = pictures("vit-pooler", model, ViTImageProcessorPil(size={"height": 48, "width": 48}, resample=5, image_mean=[0.4, 0.5, 0.6]), torch.float32, lambda out: {"images": torch.nn.functional.normalize(out.pooler_output)})

    dinov2 = dict(hidden_size=72, num_hidden_layers=2, num_attention_heads=2, image_size=70, patch_size=14, mlp_ratio=2)
    fresh("dinov2")
    model = wide(Dinov2Model(Dinov2Config(**dinov2)), 7, torch.float16)
    crop = {"height": 42, "width": 56}
    found["dinov2"] = pictures("dinov2", model, BitImageProcessorPil(size={"shortest_edge": 50}, crop_size=crop), torch.float16, lambda out: {"images": torch.nn.functional.normalize(out.pooler_output)})

    fresh("dinov2-gated")
    model = wide(Dinov2ForImageClassification(Dinov2Config(**(dinov2 | dict(hidden_size=40, use_swiglu_ffn=True)), num_labels=3, problem_type="multi_label_classification")), 8, torch.float16)
    found["dinov2-gated"] = pictures("dinov2-gated", model, BitImageProcessorPil(size={"shortest_edge": 40}, crop_size={"height": 70, "width": 70}, resample=4), torch.float16, lambda out: {"logits": out.logits, "scores": out.logits.sigmoid()})

    fresh("clip-vision")
    model = wide(CLIPVisionModelWithProjection(CLIPVisionConfig(**vision, projection_dim=16)), 9, torch.float16)
    found["clip-vision"] = pictures("clip-vision", model, CLIPImageProcessorPil(size={"shortest_edge": 42}, crop_size=42), torch.float16, lambda out: {"images": torch.nn.functional.normalize(out.image_embeds)})

    fresh("siglip-vision")
    model = wide(SiglipVisionModel(SiglipVisionConfig(**vision3)), 10, torch.float16)
    found["siglip-vision"] = pictures("siglip-vision", model, SiglipImageProcessorPil(size={"height": 48, "width": 48}, resample=0), torch.float16, lambda out: {"images": torch.nn.functional.normalize(out.pooler_output)})

    for value in found.values():
        some = value.get("images") or value["logits"]
        assert len({tuple(round(x, 3) for x in row) for row in some}) == len(PHOTOS), "answers differ from picture to picture"
    (HERE / "golden.json").write_text(json.dumps(golden))


if __name__ == "__main__":
    main()
