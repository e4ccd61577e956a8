/// What transformers' code knows of a tokenizer by its class, where no tokenizer.json says it (transformers 5.24,
/// `models/*/tokenization_*.py`).
struct TokenizerClass: Sendable {
    enum Kind: Sendable {
        /// vocab.txt, BERT's stages.
        case bert
        /// vocab.json and merges.txt, GPT-2's stages.
        case byteLevel
        /// vocab.json and merges.txt, CLIP's stages.
        case clip
        /// A model of SentencePiece, in which the ids of XLM-R are fairseq's.
        case xlmRoberta
        /// A model of SentencePiece with sentinels behind it.
        case t5
        /// A model of SentencePiece for text that is lower-cased and without punctuation.
        case siglip
        /// vocab.json of characters, which is for decoding.
        case ctc
    }

    /// How special tokens stand around texts, by their roles.
    enum Around: Sendable {
        case nothing
        /// `[CLS] A [SEP] B [SEP]`
        case bert
        /// `<s> A </s></s> B </s>`
        case roberta
        /// `<|startoftext|> A <|endoftext|>`
        case clip
        /// `A </s> B </s>`
        case end
    }

    let kind: Kind
    let around: Around
    /// Special tokens by their keys in tokenizer_config.json, as they are where it is silent.
    let tokens: [(key: String, content: String)]

    /// The class of this name; `Fast` at its end says nothing.
    static func named(_ name: String) -> TokenizerClass? {
        switch name.hasSuffix("Fast") ? String(name.dropLast(4)) : name {
        case "BertTokenizer", "DistilBertTokenizer", "ElectraTokenizer": bert
        case "RobertaTokenizer": roberta
        case "GPT2Tokenizer": gpt2
        case "CLIPTokenizer": clip
        case "XLMRobertaTokenizer": xlmRoberta
        case "T5Tokenizer": t5
        case "SiglipTokenizer": siglip
        case "Wav2Vec2CTCTokenizer": ctc
        default: nil
        }
    }

    static let names =
        "BertTokenizer, DistilBertTokenizer, ElectraTokenizer, RobertaTokenizer, GPT2Tokenizer, CLIPTokenizer, "
        + "XLMRobertaTokenizer, T5Tokenizer, SiglipTokenizer, Wav2Vec2CTCTokenizer"

    static let bert = TokenizerClass(
        kind: .bert, around: .bert,
        tokens: [
            ("unk_token", "[UNK]"), ("sep_token", "[SEP]"), ("pad_token", "[PAD]"), ("cls_token", "[CLS]"),
            ("mask_token", "[MASK]"),
        ])
    static let roberta = TokenizerClass(
        kind: .byteLevel, around: .roberta,
        tokens: [
            ("bos_token", "<s>"), ("eos_token", "</s>"), ("unk_token", "<unk>"), ("sep_token", "</s>"),
            ("pad_token", "<pad>"), ("cls_token", "<s>"), ("mask_token", "<mask>"),
        ])
    static let gpt2 = TokenizerClass(
        kind: .byteLevel, around: .nothing,
        tokens: ["bos_token", "eos_token", "unk_token"].map { ($0, "<|endoftext|>") })
    static let clip = TokenizerClass(
        kind: .clip, around: .clip,
        tokens: [
            ("bos_token", "<|startoftext|>"), ("eos_token", "<|endoftext|>"), ("unk_token", "<|endoftext|>"),
            ("pad_token", "<|endoftext|>"),
        ])
    static let xlmRoberta = TokenizerClass(kind: .xlmRoberta, around: .roberta, tokens: roberta.tokens)
    static let t5 = TokenizerClass(
        kind: .t5, around: .end, tokens: [("eos_token", "</s>"), ("unk_token", "<unk>"), ("pad_token", "<pad>")])
    static let siglip = TokenizerClass(
        kind: .siglip, around: .end, tokens: [("eos_token", "</s>"), ("unk_token", "<unk>"), ("pad_token", "</s>")])
    static let ctc = TokenizerClass(
        kind: .ctc, around: .nothing,
        tokens: [
            ("bos_token", "<s>"), ("eos_token", "</s>"), ("unk_token", "<unk>"), ("pad_token", "<pad>"),
        ])
}
