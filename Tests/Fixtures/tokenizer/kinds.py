"""Small tokenizers of each kind that published checkpoints have, trained with Hugging Face tokenizers, and texts to try
them on. Used by make_stages.py and compare_stages.py. Last used with tokenizers 0.23.3 and sentencepiece 0.2.3."""

import base64
import random
import struct

from tokenizers import (AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors,
                        trainers)

CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
GPT4 = CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
TIKTOKEN = (r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]"
            r"|\s+(?!\S)|\s").replace("{1,3}+", "{1,3}")
QWEN2 = GPT4.replace("{1,3}", "")
QWEN35 = QWEN2.replace(r"\p{L}+", r"[\p{L}\p{M}]+").replace(r"[^\s\p{L}\p{N}]", r"[^\s\p{L}\p{M}\p{N}]")
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
O200K = (rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+{CONTRACTIONS}?|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*{CONTRACTIONS}?"
         r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
DEEPSEEK = (r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
            r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
CLIP = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"

BPE, UNIGRAM, WORDPIECE, WORDLEVEL = models.BPE, models.Unigram, models.WordPiece, models.WordLevel
byte_level = lambda prefix=False, regex=True: pre_tokenizers.ByteLevel(add_prefix_space=prefix, use_regex=regex)
split = lambda pattern, behavior="isolated", invert=False: pre_tokenizers.Split(Regex(pattern), behavior, invert)
meta = lambda scheme="always", cut=True: pre_tokenizers.Metaspace("▁", prepend_scheme=scheme, split=cut)
norm, pre = normalizers.Sequence, pre_tokenizers.Sequence


def charsmap(rules):
    """SentencePiece's map of characters in a double array (Darts-clone), for (text, what it becomes) pairs."""
    texts, values = b"", {}
    for source, target in rules:
        values[source.encode()] = len(texts)
        texts += target.encode() + b"\0"
    units, used, bases = {0: 0}, {0}, set()

    def place(node, prefix):
        children = sorted({key[len(prefix)] for key in values if key.startswith(prefix) and len(key) > len(prefix)})
        labels = ([0] if prefix in values else []) + children
        if not labels:
            return
        offset = 1
        while (node ^ offset) in bases or any((node ^ offset ^ label) in used for label in labels) or offset >= 1 << 21:
            offset += 1
        base = node ^ offset
        bases.add(base)
        units[node] = units[node] | offset << 10 | (1 << 8 if prefix in values else 0)
        for label in labels:
            used.add(base ^ label)
            units[base ^ label] = label if label else 1 << 31 | values[prefix]
        for label in children:
            place(base ^ label, prefix + bytes([label]))

    place(0, b"")
    size = (max(units) | 0xFF) + 1
    blob = b"".join(struct.pack("<I", units.get(i, 0)) for i in range(size))
    return struct.pack("<I", len(blob)) + blob + texts


RULES = [("\u00a0", " "), ("\u2003", " "), ("\t", " "), ("\n", " "), ("\r\n", " "), ("\u200b", ""), ("\u00ad", ""), ("ﬁ", "fi"),
         ("½", "1⁄2"), ("Ａ", "A"), ("ａ", "a"), ("e\u0301", "é"), ("가", "ga"), ("\u1112\u1161\u11ab", "한"),
         ("…", "..."), ("㌔", "キロ"), ("☎", "tel")]


def trained(texts, model, trainer, normalizer=None, pre_tokenizer=None, post=None, decoder=None, added=(), size=700):
    """A tokenizer of these parts with so many pieces."""
    tokenizer = Tokenizer(model)
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizer, pre_tokenizer
    tokenizer.train_from_iterator(texts, trainer(size))
    if added:
        tokenizer.add_tokens(list(added))
    if post:
        tokenizer.post_processor = post(tokenizer.token_to_id)
    tokenizer.decoder = decoder
    return tokenizer


def bpe(special=(), alphabet=None, **options):
    return lambda size: trainers.BpeTrainer(
        vocab_size=size, special_tokens=list(special), show_progress=False,
        initial_alphabet=alphabet if alphabet is not None else pre_tokenizers.ByteLevel.alphabet(), **options)


def unigram(special=("<unk>",)):
    return lambda size: trainers.UnigramTrainer(
        vocab_size=size, special_tokens=list(special), unk_token="<unk>", show_progress=False)


def template(single, pair, *specials):
    return lambda token_id: processors.TemplateProcessing(
        single=single, pair=pair, special_tokens=[(token, token_id(token)) for token in specials])


def kinds(texts, size=700, nmt_nfkc=None):
    """Tokenizers by name; `nmt_nfkc` is SentencePiece's map of that name where it is at hand."""
    bytes256 = [f"<0x{b:02X}>" for b in range(256)]
    sentencepiece_map = nmt_nfkc or charsmap(RULES)
    mask = AddedToken("<mask>", lstrip=True, special=True)
    end = AddedToken("<|end|>", special=True, normalized=False)
    make = lambda *parts, **named: trained(texts, *parts, **{"size": size, **named})
    single_end, pair_end = "$A </s>", "$A </s> $B </s>"
    yield "gpt2", make(BPE(), bpe(["<|endoftext|>"]), None, byte_level(), lambda _: processors.ByteLevel(),
                       decoders.ByteLevel())
    yield "roberta", make(
        BPE(), bpe(["<s>", "<pad>", "</s>", "<unk>"]), None, byte_level(True),
        lambda i: processors.RobertaProcessing(("</s>", i("</s>")), ("<s>", i("<s>"))), decoders.ByteLevel(), [mask])
    yield "clip", make(
        BPE(unk_token="<|endoftext|>", end_of_word_suffix="</w>"), bpe(
            ["<|startoftext|>", "<|endoftext|>"], end_of_word_suffix="</w>"),
        norm([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]),
        pre([split(CLIP, "removed", True), byte_level(False, True)]),
        lambda i: processors.RobertaProcessing(("<|endoftext|>", i("<|endoftext|>")),
                                               ("<|startoftext|>", i("<|startoftext|>")), False, False),
        decoders.Sequence([decoders.ByteLevel(), decoders.BPEDecoder("</w>")]))
    yield "llama3", make(BPE(ignore_merges=True), bpe(["<|begin|>"]), None, pre([split(GPT4), byte_level(False, False)]),
                         template("<|begin|> $A", "<|begin|> $A <|begin|>:1 $B:1", "<|begin|>"), decoders.ByteLevel(), [end])
    yield "qwen2", make(BPE(), bpe(), normalizers.NFC(), pre([split(QWEN2), byte_level(False, False)]), None,
                        decoders.ByteLevel(), [end])
    for name, pattern in [("tiktoken", TIKTOKEN), ("qwen35", QWEN35), ("o200k", O200K)]:
        yield name, make(BPE(), bpe(), None, pre([split(pattern), byte_level(False, False)]), None, decoders.ByteLevel())
    yield "deepseek", make(
        BPE(), bpe(), None, pre([split(r"\p{N}{1,3}"), split(r"[一-龥぀-ゟ゠-ヿ]+"), split(DEEPSEEK), byte_level(False, False)]),
        None, decoders.ByteLevel())
    yield "smollm", make(BPE(), bpe(), None, pre([pre_tokenizers.Digits(True), byte_level()]), None, decoders.ByteLevel())
    spaces = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    yield "llama2", make(
        BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True), bpe(["<unk>", "<s>", "</s>", *bytes256], []),
        norm([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]), None,
        template("<s> $A", "<s> $A <s>:1 $B:1", "<s>"), decoders.Sequence(spaces), size=size + 260)
    yield "gemma", make(
        BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True), bpe(["<pad>", "<unk>", *bytes256[:200]], []),
        normalizers.Replace(" ", "▁"), pre_tokenizers.Split(" ", "merged_with_previous"), None,
        decoders.Sequence(spaces[:3]), [AddedToken("\n\n", normalized=False), AddedToken("▁▁▁", normalized=True)], size=size + 260)
    yield "llama2_first", make(
        BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True), bpe(["<unk>", "<s>", *bytes256], []),
        None, meta("first", False), None, decoders.Sequence(spaces), [end], size=size + 260)
    yield "suffixed", make(
        BPE(unk_token="<unk>", continuing_subword_prefix="##", end_of_word_suffix="</w>"), bpe(
            ["<unk>"], [], continuing_subword_prefix="##", end_of_word_suffix="</w>"),
        normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer(), None, decoders.BPEDecoder("</w>"))
    yield "t5", make(
        UNIGRAM(), unigram(["<pad>", "</s>", "<unk>"]),
        normalizers.Precompiled(sentencepiece_map), pre([pre_tokenizers.WhitespaceSplit(), meta()]),
        template(single_end, pair_end, "</s>"), decoders.Metaspace("▁", prepend_scheme="always"),
        [AddedToken(f"<extra_id_{i}>", special=True, normalized=False) for i in range(3)])
    yield "xlmr", make(
        UNIGRAM(), unigram(["<s>", "<pad>", "</s>", "<unk>"]),
        norm([normalizers.Precompiled(sentencepiece_map), normalizers.Replace(Regex(" {2,}"), " ")]), meta(),
        template("<s> $A </s>", "<s> $A </s> </s> $B </s>", "<s>", "</s>"), decoders.Metaspace("▁"), [mask])
    yield "t5_first", make(
        UNIGRAM(), unigram(["<pad>", "</s>", "<unk>"]),
        norm([normalizers.Precompiled(sentencepiece_map), normalizers.Strip(False, True),
              normalizers.Replace(Regex(" {2,}"), "▁")]), meta("first"),
        template(single_end, pair_end, "</s>"), decoders.Metaspace("▁", prepend_scheme="first"), [end])
    yield "albert", make(
        UNIGRAM(), unigram(["<pad>", "<unk>", "[CLS]", "[SEP]"]),
        norm([normalizers.Replace("``", '"'), normalizers.Replace("''", '"'), normalizers.NFKD(),
              normalizers.StripAccents(), normalizers.Lowercase()]), meta("always"),
        template("[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1", "[CLS]", "[SEP]"), decoders.Metaspace("▁"))
    yield "unigram_bytes", with_byte_fallback(make(
        UNIGRAM(), unigram(["<unk>", *bytes256]), norm([normalizers.Nmt(), normalizers.NFKC(), normalizers.Strip()]),
        pre([meta("never"), pre_tokenizers.Punctuation("merged_with_next")]), None,
        decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace("▁", prepend_scheme="never")]), size=size + 260))
    yield "bert", make(
        WORDPIECE(unk_token="[UNK]"), lambda n: trainers.WordPieceTrainer(
            vocab_size=n, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]"], show_progress=False),
        normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer(),
        lambda i: processors.BertProcessing(("[SEP]", i("[SEP]")), ("[CLS]", i("[CLS]"))), decoders.WordPiece())
    yield "wordpiece", make(
        WORDPIECE(unk_token="[UNK]"), lambda n: trainers.WordPieceTrainer(
            vocab_size=n, special_tokens=["[UNK]"], show_progress=False),
        normalizers.NFD(), pre([pre_tokenizers.Whitespace(), pre_tokenizers.Digits(False),
                                pre_tokenizers.Punctuation("merged_with_previous")]), None, decoders.WordPiece("##", False))
    yield "wordlevel", make(
        WORDLEVEL(unk_token="<unk>"), lambda n: trainers.WordLevelTrainer(
            vocab_size=n, special_tokens=["<pad>", "<unk>", "|"], show_progress=False),
        normalizers.NFKC(), pre([pre_tokenizers.CharDelimiterSplit("|"), pre_tokenizers.Punctuation("contiguous"),
                                 pre_tokenizers.WhitespaceSplit(), pre_tokenizers.FixedLength(4)]), None,
        decoders.CTC("<pad>", "|", True))
    yield "plain", make(WORDLEVEL(unk_token="<unk>"), lambda n: trainers.WordLevelTrainer(
        vocab_size=n, special_tokens=["<unk>"], show_progress=False), normalizers.ByteLevel(), split(r"\W", "removed"), size=300)


def with_byte_fallback(tokenizer):
    import json
    description = json.loads(tokenizer.to_str())
    description["model"]["byte_fallback"] = True
    return Tokenizer.from_str(json.dumps(description))


def noise(count, seed):
    """Letters, marks, blanks, ideographs, punctuation, emoji, special tokens and pieces of words, mixed."""
    generator = random.Random(seed)
    blocks = [(0x20, 0x7F), (0x20, 0x7F), (0x0, 0x20), (0x80, 0x250), (0x300, 0x370), (0x370, 0x530), (0x590, 0x700),
              (0x900, 0xE00), (0x1100, 0x1200), (0x1D00, 0x2070), (0x2000, 0x2C00), (0x3000, 0x3100), (0x302A, 0x3030),
              (0x4E00, 0x4F00), (0xAC00, 0xD7A4), (0xF900, 0xFB00), (0xFE00, 0x10000), (0x1D100, 0x1D200),
              (0x1E000, 0x1E030), (0x1E900, 0x1E960), (0x1F300, 0x1FA00), (0x20000, 0x20100), (0x2F800, 0x2FA20),
              (0xE0000, 0xE0200), (0x10000, 0x11800), (0x0, 0x110000)]
    words = ["</s>", "<s>", "<mask>", " <mask> ", "<unk>", "<pad>", "[SEP]", "[CLS]", "[UNK]", "<|end|>", "<|endoftext|>",
             "<0x41>", "<extra_id_1>", "▁", "▁▁▁", "\r\n", "\n\n", " \n ", "\n  x", "   ", "\u200d", "can't", "I'LL", "'S",
             "'\u017f", "12345", "3.14", "the", " and", "snow", "İ", "ß", "e\u0301", "\u0344", " ", "  ", "\u00a0", "\u0085",
             "\ufeff", "``", "''", "½", "ﬁ", "\u1112\u1161\u11ab", "가", "👩\u200d👧", "🇩🇪", "|", "a|b", "##s", "x" * 20]
    for _ in range(count):
        parts = []
        for _ in range(generator.randint(1, 16)):
            if generator.random() < 0.35:
                parts.append(generator.choice(words))
                continue
            first, stop = generator.choice(blocks)
            for _ in range(generator.randint(1, 4)):
                c = generator.randrange(first, stop)
                if not 0xD800 <= c < 0xE000:
                    parts.append(chr(c))
        yield "".join(parts)


def sentencepiece_charsmap():
    """SentencePiece's own map `nmt_nfkc`, out of a model that is trained to get it."""
    import io

    import sentencepiece
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["a b c d e f g h"] * 40), model_writer=model, vocab_size=13, model_type="unigram",
        normalization_rule_name="nmt_nfkc", hard_vocab_limit=False, minloglevel=2)
    from transformers.utils import sentencepiece_model_pb2_new as protobuf
    proto = protobuf.ModelProto()
    proto.ParseFromString(model.getvalue())
    return proto.normalizer_spec.precompiled_charsmap
