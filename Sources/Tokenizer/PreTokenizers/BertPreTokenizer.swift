/// Hugging Face's `BertPreTokenizer` (tokenizers, `pre_tokenizers/bert.rs`): words lie between white space, and each
/// character of punctuation is a word.
enum BertPreTokenizer {
    /// Calls `onWord` with the range of each word of `text[range]`, from left to right. Both ends of `range` lie
    /// between scalars of `text`, which is valid UTF-8.
    static func split(_ text: [UInt8], _ range: Range<Int>, onWord: (Range<Int>) -> Void) {
        var begin = range.lowerBound
        var position = begin
        while position < range.upperBound {
            let start = position
            let scalar = ScalarReader.next(text, &position)
            let isBlank = UnicodeProperties.isBlank(scalar)
            if !isBlank, !UnicodeProperties.contains(UnicodeTables.punctuation, scalar) { continue }
            if begin < start { onWord(begin..<start) }
            if !isBlank { onWord(start..<position) }
            begin = position
        }
        if begin < range.upperBound { onWord(begin..<range.upperBound) }
    }
}
