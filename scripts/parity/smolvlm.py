#!/usr/bin/env python3
"""A full-size SmolVLM with random weights: what transformers writes about photos with it, and what a server does.

    python scripts/parity/smolvlm.py .build/release/sensorium [256M|500M] [--longest 512] [--tokens 32] [--threads 2] [--keep FOLDER]

Makes the folder (0.5 or 1 GB in bf16), asks the server and transformers (f32 and bf16) in turn, and prints whether answers are equal, the
largest difference of their log-probabilities, and the medians of the times. With --longest 512 a photo is one tile; the published
checkpoint says 2048, which is up to seventeen. torch, transformers, tokenizers and Pillow as in Tests/Fixtures/smolvlm/make_smolvlm.py,
whose random weights these are.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import torch
from PIL import Image
from server import Server
from transformers import AutoModelForImageTextToText, GenerationConfig, Idefics3Processor, SmolVLMConfig, SmolVLMForConditionalGeneration
from transformers.models.idefics3.image_processing_pil_idefics3 import Idefics3ImageProcessorPil

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests/Fixtures/smolvlm"))
from make_smolvlm import TEMPLATE, tokenizer, wide  # noqa: E402

PHOTOS = [ROOT / "Tests/Fixtures/media" / name for name in ["chelsea.jpg", "coffee.jpg", "rocket.jpg"]]
QUESTION = "What is in the picture?"
VOCABULARY = 49_280
TEXTS = {
    "256M": dict(hidden_size=576, intermediate_size=1536, num_hidden_layers=30, num_attention_heads=9, num_key_value_heads=3),
    "500M": dict(hidden_size=960, intermediate_size=2560, num_hidden_layers=32, num_attention_heads=15, num_key_value_heads=5),
}


def words(folder):
    """The small tokenizer, filled up to the published size, so that every token can be read."""
    small = tokenizer("<|im_start|>", False)
    small.save_pretrained(folder)
    file = json.loads((folder / "tokenizer.json").read_text())
    vocabulary = file["model"]["vocab"]
    for index in range(len(vocabulary), VOCABULARY):
        vocabulary[f"w{index}"] = index
    (folder / "tokenizer.json").write_text(json.dumps(file))
    return type(small).from_pretrained(folder)


def make(folder, size, longest):
    folder.mkdir(parents=True, exist_ok=True)
    text = words(folder)
    end = text.convert_tokens_to_ids("<end_of_utterance>")
    config = SmolVLMConfig(
        vision_config=dict(hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12, image_size=512, patch_size=16),
        text_config=dict(
            TEXTS[size], model_type="llama", vocab_size=VOCABULARY,
            max_position_embeddings=8192, rms_norm_eps=1e-5, rope_parameters={"rope_type": "default", "rope_theta": 100000.0}, eos_token_id=end, bos_token_id=1, pad_token_id=0),
        scale_factor=4, image_token_id=text.convert_tokens_to_ids("<image>"), tie_word_embeddings=False, pad_token_id=0)
    model = wide(SmolVLMForConditionalGeneration(config), 5, torch.bfloat16)
    model.generation_config = GenerationConfig(bos_token_id=1, eos_token_id=end, pad_token_id=0)
    model.to(torch.bfloat16).save_pretrained(folder)
    pictures = Idefics3ImageProcessorPil(size={"longest_edge": longest}, max_image_size={"longest_edge": 512})
    processor = Idefics3Processor(pictures, text, image_seq_len=64, chat_template=TEMPLATE)
    processor.save_pretrained(folder)
    return processor


def reference(model, processor, photo, tokens):
    start = time.monotonic()
    prompt = processor.apply_chat_template([{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": QUESTION}]}], add_generation_prompt=True)
    inputs = processor(text=[prompt], images=[[Image.open(photo).convert("RGB")]], return_tensors="pt")
    inputs["pixel_values"] = inputs["pixel_values"].to(model.dtype)
    with torch.no_grad():
        written = model.generate(**inputs, max_new_tokens=tokens, do_sample=False, return_dict_in_generate=True, output_logits=True)
    took = time.monotonic() - start
    ids = written.sequences[0, inputs["input_ids"].shape[1]:].tolist()
    sums = sum(float(torch.log_softmax(logits[0].float(), -1)[token]) for logits, token in zip(written.logits, ids))
    return processor.tokenizer.decode(ids, skip_special_tokens=True).strip(), sums, took, len(ids)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("size", nargs="?", choices=list(TEXTS), default="256M")
    parser.add_argument("--longest", type=int, default=512)
    parser.add_argument("--tokens", type=int, default=32)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.keep or Path(temporary) / f"SmolVLM-{given.size}-random"
        processor = make(folder, given.size, given.longest)
        models = {str(kind)[6:]: AutoModelForImageTextToText.from_pretrained(folder, dtype=kind).eval() for kind in [torch.float32, torch.bfloat16]}
        times = {"server": []} | {name: [] for name in models}
        equal, worst = True, 0.0
        with Server(given.program, folder, given.threads) as server:
            print(server.memory(), flush=True)
            for number in range(given.rounds):
                for photo in PHOTOS:
                    answer, took = server.post("/v1/vqa", image=photo.read_bytes(), question=QUESTION, max_tokens=given.tokens, beams=1)
                    times["server"].append(took)
                    for name, model in models.items():
                        text, sums, took, count = reference(model, processor, photo, given.tokens)
                        times[name].append(took)
                        if name == "float32" and number == 0:
                            difference = abs(sums - answer["answers"][0]["log_probability"])
                            print(photo.name, "equal" if text == answer["answer"] else f"{text!r} {answer['answer']!r}", f"{count} tokens, log-probability differs by {difference:.5f}")
                            equal, worst = equal and text == answer["answer"], max(worst, difference)
        medians = {name: statistics.median(values) for name, values in times.items()}
        fastest = min(medians[name] for name in models)
        print(f"answers {'equal' if equal else 'differ'}, log-probabilities within {worst:.5f}; seconds:", {name: round(value, 3) for name, value in medians.items()})
        print(f"the server takes {medians['server'] / fastest:.2f} of the faster reference")


if __name__ == "__main__":
    main()
