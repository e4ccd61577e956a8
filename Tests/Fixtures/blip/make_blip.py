"""Small random BLIPs of the three kinds as transformers saves them, and what it makes of photos and texts with them.

    python make_blip.py        # torch 2.15, transformers 5.24, tokenizers 0.23, Pillow 13

Weights are several times as wide as the family's own, whose vision towers begin at 1e-10, so that answers differ from picture to
picture. Heads are 12, 16 and 20 wide; files f16, f32 and bf16.
"""

import json
import shutil
from pathlib import Path

import torch
from PIL import Image
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    BertTokenizerFast, BlipConfig, BlipForConditionalGeneration, BlipForImageTextRetrieval, BlipForQuestionAnswering,
)
from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

HERE = Path(__file__).parent
PHOTOS = ["chelsea.jpg", "coffee.jpg", "rocket.jpg", "jpeg/420.jpg", "png/grey-8.png"]
TEXTS = ["a cat", "a cup of coffee on a table", "a rocket is starting", "Two Dogs, running!"]
PROMPTS = [None, "a photo of", "two"]
QUESTIONS = ["what is on the table?", "how many dogs are running?", "Is it a cat?"]
CORPUS = TEXTS + QUESTIONS + ["this is a photo of a dog", "a photo of the table", "two cats", "starting a rocket on the table"] * 4


def tokenizer(folder):
    """BERT's, whose tokens do not include the two that the decoder and the encoder begin with: they have the last ids."""
    words = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    words.normalizer = normalizers.BertNormalizer()
    words.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    words.train_from_iterator(CORPUS, trainers.WordPieceTrainer(vocab_size=94, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], show_progress=False))
    (folder / "vocab.txt").write_text("\n".join(sorted(words.get_vocab(), key=words.get_vocab().get)) + "\n")
    fast = BertTokenizerFast.from_pretrained(folder, do_lower_case=True, model_max_length=32)
    fast.save_pretrained(folder)
    return fast


def wide(model, seed, dtype, ending=0.0, added=0.5):
    """Random weights, wide and such as the type holds exactly. What a text's layers add is `added` times as wide as what they have."""
    generator = torch.Generator().manual_seed(seed)
    for name, value in model.named_parameters():
        noise = torch.randn(value.shape, generator=generator)
        if "norm" in name.lower() and name.endswith("weight"):
            value.data = 1 + 0.3 * noise
        elif value.ndim >= 2 and "embed" not in name:
            # Of a text's layers little is added, so that what was written last matters beside what it is about.
            value.data = noise * (added if name.startswith("text") and "output.dense" in name else 1.8) / (value[0].numel() ** 0.5)
        elif "embed" in name and name.startswith("text"):
            value.data = noise * 0.8
        else:
            value.data = noise * 0.15
        if name.endswith("predictions.bias"):
            value.data[3] += ending
    return model.to(dtype).float().eval()


def photos():
    return [Image.open(HERE.parent / "media" / name).convert("RGB") for name in PHOTOS]


def rounded(tensor):
    return [[round(float(x), 6) for x in row] for row in tensor]


def fresh(name):
    shutil.rmtree(HERE / name, ignore_errors=True)
    (HERE / name).mkdir()
    return HERE / name


def save(name, model, dtype, processor):
    model.to(dtype).save_pretrained(HERE / name)
    model.float()
    processor.save_pretrained(HERE / name)


WAYS = {
    "greedy": {},
    "beams 3": dict(num_beams=3),
    "beams 5, long": dict(num_beams=5, length_penalty=2.0, max_new_tokens=12),
    "beams 5, short": dict(num_beams=5, length_penalty=-1.0, max_new_tokens=12),
    "beams 4, early": dict(num_beams=4, early_stopping=True, num_return_sequences=3),
    "no repeats": dict(max_new_tokens=15, no_repeat_ngram_size=2, min_length=8, repetition_penalty=1.3),
}


def written(generate, begin):
    """The tokens behind the beginning, without padding, of each way to generate."""
    found = {}
    for way, options in WAYS.items():
        rows = generate(**options).tolist()
        found[way] = []
        for row in rows:
            row = row[begin:]
            found[way].append(row[: row.index(3) + 1] if 3 in row else row)
    return found


def texts(words, ways, prompt):
    return {way: [words.decode(prompt + row, skip_special_tokens=True).strip() for row in rows] for way, rows in ways.items()}


@torch.inference_mode()
def caption(golden):
    words = tokenizer(fresh("caption"))
    size = len(words) + 2
    text = dict(vocab_size=size, hidden_size=40, intermediate_size=72, num_hidden_layers=2, num_attention_heads=2, max_position_embeddings=32, bos_token_id=size - 2, sep_token_id=3, eos_token_id=2, pad_token_id=0)
    vision = dict(hidden_size=48, intermediate_size=88, num_hidden_layers=2, num_attention_heads=4, image_size=64, patch_size=16, initializer_range=0.02)
    model = wide(BlipForConditionalGeneration(BlipConfig(text_config=text, vision_config=vision)), 1, torch.float16, ending=9.0)
    processor = BlipImageProcessorPil(size={"height": 64, "width": 64})
    save("caption", model, torch.float16, processor)
    pixels = processor(photos(), return_tensors="pt").pixel_values
    cases = []
    for photo in [0, 1, 3]:
        for prompt in PROMPTS:
            ids = None if prompt is None else words(prompt, return_tensors="pt").input_ids
            begin = 1 if ids is None else ids.shape[1] - 1
            one = pixels[photo : photo + 1]
            ways = written(lambda **options: model.generate(one, input_ids=None if ids is None else ids.clone(), **options), begin)
            cases.append({"photo": photo, "prompt": prompt, "tokens": ways, "text": texts(words, ways, [] if ids is None else ids[0, 1:-1].tolist())})
    given = torch.tensor([[size - 2, 5, 9, 14, 21]]).expand(len(PHOTOS), -1)
    logits = model(pixels, given).logits
    golden["caption"] = {"given": given[0].tolist(), "logits": [rounded(one) for one in logits], "cases": cases, "vision": rounded(model.vision_model(pixels).last_hidden_state[:, 1])}


@torch.inference_mode()
def questions(golden):
    words = tokenizer(fresh("vqa"))
    size = len(words) + 2
    text = dict(vocab_size=size, hidden_size=48, intermediate_size=40, num_hidden_layers=2, num_attention_heads=3, max_position_embeddings=32, bos_token_id=size - 2, sep_token_id=3, eos_token_id=2, pad_token_id=0, hidden_act="gelu_new")
    vision = dict(hidden_size=48, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4, image_size=48, patch_size=16, initializer_range=0.02)
    model = wide(BlipForQuestionAnswering(BlipConfig(text_config=text, vision_config=vision)), 2, torch.bfloat16, ending=3.0)
    processor = BlipImageProcessorPil(size={"height": 48, "width": 48}, resample=2)
    save("vqa", model, torch.bfloat16, processor)
    pixels = processor(photos(), return_tensors="pt").pixel_values
    cases = []
    for photo in [0, 1, 3]:
        for question in QUESTIONS:
            one = pixels[photo : photo + 1]
            ids = words(question, return_tensors="pt").input_ids
            ways = written(lambda **options: model.generate(ids, one, **options), 1)
            encoded = model.text_encoder(ids, encoder_hidden_states=model.vision_model(one)[0]).last_hidden_state
            logits = model.text_decoder(torch.tensor([[size - 2, 7, 30]]), encoder_hidden_states=encoded).logits
            cases.append({"photo": photo, "question": question, "tokens": ways, "logits": rounded(logits[0]), "text": texts(words, ways, [])})
    golden["vqa"] = {"given": [size - 2, 7, 30], "cases": cases}


@torch.inference_mode()
def retrieval(golden):
    words = tokenizer(fresh("retrieval"))
    size = len(words) + 2
    text = dict(vocab_size=size, hidden_size=40, intermediate_size=20, num_hidden_layers=2, num_attention_heads=2, max_position_embeddings=32, bos_token_id=size - 2, sep_token_id=3, eos_token_id=2, pad_token_id=0)
    vision = dict(hidden_size=48, intermediate_size=20, num_hidden_layers=2, num_attention_heads=4, image_size=40, patch_size=8, initializer_range=0.02)
    model = wide(BlipForImageTextRetrieval(BlipConfig(text_config=text, vision_config=vision, image_text_hidden_size=24)), 3, torch.float32)
    processor = BlipImageProcessorPil(size={"height": 40, "width": 40})
    save("retrieval", model, torch.float32, processor)
    pixels = processor(photos(), return_tensors="pt").pixel_values
    matches, images, texts = [], [], []
    for photo in range(len(PHOTOS)):
        one = pixels[photo : photo + 1]
        images.append(torch.nn.functional.normalize(model.vision_proj(model.vision_model(one)[0][:, 0]), dim=-1)[0])
        for place, text in enumerate(TEXTS):
            ids = words(text, return_tensors="pt").input_ids
            found = model(ids, one).itm_score[0]
            matches.append({"photo": photo, "text": place, "logits": rounded([found])[0], "scores": rounded([found.softmax(-1)])[0], "cosine": round(float(model(ids, one, use_itm_head=False).itm_score), 6)})
    for text in TEXTS:
        states = model.text_encoder(words(text, return_tensors="pt").input_ids)[0]
        texts.append(torch.nn.functional.normalize(model.text_proj(states[:, 0]), dim=-1)[0])
    golden["retrieval"] = {"matches": matches, "images": rounded(images), "texts": rounded(texts)}


def main():
    torch.set_num_threads(1)
    golden = {"photos": PHOTOS, "texts": TEXTS, "ways": WAYS}
    caption(golden)
    questions(golden)
    retrieval(golden)
    for name in ["caption", "vqa"]:
        found = {tuple(case["tokens"]["greedy"][0]) for case in golden[name]["cases"]}
        assert len(found) > 7, f"answers of {name} differ from picture to picture: {len(found)}"
    (HERE / "golden.json").write_text(json.dumps(golden))


if __name__ == "__main__":
    main()
