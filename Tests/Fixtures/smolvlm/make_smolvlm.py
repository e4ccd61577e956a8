"""Small random SmolVLMs and an Idefics 3 as transformers saves them, and what it writes about photos with them.

    python make_smolvlm.py        # torch 2.15, transformers 5.24, tokenizers 0.23, Pillow 13

Pictures are prepared by the processor's Pillow backend. Weights are several times as wide as the family's own, so that answers differ
from picture to picture. `expected.json` has for each folder the conversations, their tokens, a sample of the prepared pixels, the
logits behind the prompt and what `generate` writes.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    AutoModelForImageTextToText, GenerationConfig, Idefics3Config, Idefics3ForConditionalGeneration, Idefics3Processor, PreTrainedTokenizerFast,
    SmolVLMConfig, SmolVLMForConditionalGeneration,
)
from transformers.models.idefics3.image_processing_pil_idefics3 import Idefics3ImageProcessorPil

HERE = Path(__file__).parent
MEDIA = HERE.parent / "media"
PHOTOS = {name: Image.open(MEDIA / name).convert("RGB") for name in ["chelsea.jpg", "coffee.jpg", "rocket.jpg"]}
TEMPLATE = "<|im_start|>{% for message in messages %}{{message['role'] | capitalize}}{% if message['content'][0]['type'] == 'image' %}{{':'}}{% else %}{{': '}}{% endif %}{% for line in message['content'] %}{% if line['type'] == 'text' %}{{line['text']}}{% elif line['type'] == 'image' %}{{ '<image>' }}{% endif %}{% endfor %}<end_of_utterance>\n{% endfor %}{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}"
CORPUS = ["What is in the picture?", "Can you describe this image?", "A cup of coffee on a table.", "Is the cat asleep?\n\n", "User: Assistant:", "the rocket is starting"] * 8


def user(*content):
    return {"role": "user", "content": [{"type": "image", "path": c} if c in PHOTOS else {"type": "text", "text": c} for c in content]}


CONVERSATIONS = [
    [user("chelsea.jpg", "What is in the picture?")],
    [user("rocket.jpg", "Can you describe this image?")],
    [user("coffee.jpg", "Is it hot?"), {"role": "assistant", "content": [{"type": "text", "text": " It is."}]}, user("And the cat, é?", "chelsea.jpg")],
    [{"role": "system", "content": [{"type": "text", "text": "Be brief."}]}, user("Who are you?")],
]


def wide(model, seed, dtype):
    generator = torch.Generator().manual_seed(seed)
    for name, value in model.named_parameters():
        noise = torch.randn(value.shape, generator=generator)
        if "norm" in name and name.endswith("weight"):
            value.data = 1 + 0.3 * noise
        elif value.ndim >= 2 and "embed" not in name:
            value.data = noise * 1.4 / (value[0].numel() ** 0.5)
        else:
            value.data = noise * 0.5
    model.tie_weights()
    return model.to(dtype).float().eval()


def tokenizer(begin, adds_begin):
    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", begin, "<end_of_utterance>", "<fake_token_around_image>", "<image>", "<global-img>"]
    special += [f"<row_{row}_col_{column}>" for row in range(1, 5) for column in range(1, 5)]
    raw.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=330, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    if adds_begin:
        raw.post_processor = processors.TemplateProcessing(single=f"{begin} $A", pair=f"{begin} $A $B", special_tokens=[(begin, raw.token_to_id(begin))])
    return PreTrainedTokenizerFast(tokenizer_object=raw, bos_token=begin, eos_token="<end_of_utterance>", pad_token="<|endoftext|>")


FOLDERS = {
    # Tiles of 32 with 4 · 4 patches, two of which across become one token; f16.
    "smolvlm": dict(
        seed=1, dtype=torch.float16, begin="<|im_start|>", type=(SmolVLMConfig, SmolVLMForConditionalGeneration), scale=2, tied=False,
        vision=dict(hidden_size=48, intermediate_size=80, num_hidden_layers=2, num_attention_heads=4, image_size=32, patch_size=8),
        text=dict(hidden_size=64, intermediate_size=96, num_hidden_layers=3, num_attention_heads=8, num_key_value_heads=2, rms_norm_eps=1e-5, rope_parameters={"rope_type": "default", "rope_theta": 100000.0}),
        images=dict(size={"longest_edge": 96}, max_image_size={"longest_edge": 32})),
    # The whole picture alone, 25 patches across, whose positions are not all their own; begins by the tokenizer; scaled rotations; bf16.
    "idefics3": dict(
        seed=2, dtype=torch.bfloat16, begin="<|begin_of_text|>", adds_begin=True, type=(Idefics3Config, Idefics3ForConditionalGeneration), scale=5, tied=True,
        vision=dict(hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=2, image_size=100, patch_size=4),
        text=dict(hidden_size=48, intermediate_size=72, num_hidden_layers=2, num_attention_heads=3, num_key_value_heads=3, head_dim=12, attention_bias=True, mlp_bias=True,
                  rope_parameters={"rope_type": "llama3", "rope_theta": 5000.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 64}),
        images=dict(size={"longest_edge": 120}, max_image_size={"longest_edge": 100}, do_image_splitting=False)),
    # Tiles of 64 of pictures that are not whole tiles, in positions learned for 96; penalties; former files; one head of keys; f32.
    "smolvlm-former": dict(
        seed=3, dtype=torch.float32, begin="<|im_start|>", type=(SmolVLMConfig, SmolVLMForConditionalGeneration), scale=4, tied=True, former=True,
        vision=dict(hidden_size=24, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2, image_size=96, patch_size=8, hidden_act="gelu"),
        text=dict(hidden_size=32, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=1, rope_parameters={"rope_type": "linear", "rope_theta": 10000.0, "factor": 2.0}),
        images=dict(size={"longest_edge": 150}, max_image_size={"longest_edge": 64}, image_mean=[0.48, 0.45, 0.4], image_std=[0.26, 0.26, 0.27]),
        generation=dict(repetition_penalty=1.3, no_repeat_ngram_size=3)),
}


def main():
    expected = {}
    for name, given in FOLDERS.items():
        folder = HERE / name
        shutil.rmtree(folder, ignore_errors=True)
        words = tokenizer(given["begin"], given.get("adds_begin", False))
        image, vocabulary = words.convert_tokens_to_ids("<image>"), len(words)
        end = words.convert_tokens_to_ids("<end_of_utterance>")
        configuration, network = given["type"]
        config = configuration(
            vision_config=given["vision"], text_config={"model_type": "llama", "vocab_size": vocabulary + 3, "max_position_embeddings": 512, "eos_token_id": end, "bos_token_id": 1, "pad_token_id": 0, **given["text"]},
            scale_factor=given["scale"], image_token_id=image, tie_word_embeddings=given["tied"], pad_token_id=0)
        torch.manual_seed(given["seed"])
        model = wide(network(config), given["seed"], given["dtype"])
        model.generation_config = GenerationConfig(bos_token_id=1, eos_token_id=[end, 0] if name == "idefics3" else end, pad_token_id=0, **given.get("generation", {}))
        model.to(given["dtype"]).save_pretrained(folder)
        pictures = Idefics3ImageProcessorPil(**given["images"])
        across = given["images"]["max_image_size"]["longest_edge"] // given["vision"]["patch_size"] // given["scale"]
        processor = Idefics3Processor(pictures, words, image_seq_len=across * across, chat_template=TEMPLATE.replace("<|im_start|>", given["begin"]))
        processor.save_pretrained(folder)
        if given.get("former"):
            (folder / "processor_config.json").unlink()
            (folder / "chat_template.jinja").unlink()
            (folder / "chat_template.json").write_text(json.dumps({"chat_template": processor.chat_template}))
            former = {k: v for k, v in pictures.to_dict().items()}
            former["image_processor_type"] = "Idefics3ImageProcessor"
            (folder / "preprocessor_config.json").write_text(json.dumps(former, default=str))
            text = json.loads((folder / "config.json").read_text())
            rope = text["text_config"].pop("rope_parameters")
            text["text_config"].update(rope_theta=rope["rope_theta"], rope_scaling={"type": "linear", "factor": 2.0})
            (folder / "config.json").write_text(json.dumps(text, indent=1))
        model = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32).eval()
        cases = []
        for conversation in CONVERSATIONS:
            shown = [PHOTOS[c["path"]] for m in conversation for c in m["content"] if c["type"] == "image"]
            plain = [{"role": m["role"], "content": [{k: v for k, v in c.items() if k != "path"} for c in m["content"]]} for m in conversation]
            prompt = processor.apply_chat_template(plain, add_generation_prompt=True)
            inputs = processor(text=[prompt], images=[shown] if shown else None, return_tensors="pt", add_special_tokens=not prompt.startswith(given["begin"]))
            with torch.no_grad():
                logits = model(**inputs).logits[0, -1]
                greedy = model.generate(**inputs, max_new_tokens=16, do_sample=False)
                beams = model.generate(**inputs, max_new_tokens=10, do_sample=False, num_beams=3)
            start = inputs["input_ids"].shape[1]
            pixels = inputs["pixel_values"][0].permute(0, 2, 3, 1).reshape(-1) if shown else torch.zeros(0)
            case = {
                "messages": conversation, "ids": inputs["input_ids"][0].tolist(), "pixels": len(pixels), "sample": [round(float(v), 6) for v in pixels[::997]], "sum": float(pixels.double().sum()),
                "logits": [round(float(v), 5) for v in logits], "greedy": greedy[0, start:].tolist(), "beams": beams[0, start:].tolist()}
            cases.append(case)
            print(name, start, case["greedy"], case["beams"], float(logits.std()))
        expected[name] = cases
    (HERE / "expected.json").write_text(json.dumps(expected))


if __name__ == "__main__":
    main()
