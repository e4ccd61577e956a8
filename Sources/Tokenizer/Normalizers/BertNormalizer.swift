/// Hugging Face's `BertNormalizer` (tokenizers, `normalizers/bert.rs`): cleaning, blanks around ideographs, accents
/// off, lower case, in this order.
struct BertNormalizer: Sendable, Equatable {
    /// Removes control characters and turns white space into blanks.
    var cleansText: Bool
    /// Puts a blank on both sides of each CJK ideograph.
    var separatesIdeographs: Bool
    /// Decomposes canonically (NFD), then drops nonspacing marks.
    var stripsAccents: Bool
    /// Lower case, scalar by scalar.
    var lowercases: Bool

    /// The normal form of `text`, valid UTF-8.
    func normalize(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var output = NormalizedText(lowercases: lowercases)
        output.bytes.reserveCapacity(text.count + 16)
        let text = Array(text)
        var position = 0
        while position < text.count {
            let byte = text[position]
            if byte >= 0x80 {
                normalize(ScalarReader.next(text, &position), into: &output)
                continue
            }
            position += 1
            if cleansText, byte < 0x20 || byte == 0x7F {
                if byte == 0x09 || byte == 0x0A || byte == 0x0D { output.append(ascii: 0x20) }
            } else {
                output.append(ascii: byte)
            }
        }
        output.flush()
        return output.bytes
    }

    private func normalize(_ scalar: UInt32, into output: inout NormalizedText) {
        if cleansText {
            if UnicodeProperties.contains(UnicodeTables.removedByCleaning, scalar) { return }
            if UnicodeProperties.contains(UnicodeTables.blanks, scalar) { return output.append(ascii: 0x20) }
        }
        let isolated = separatesIdeographs && UnicodeProperties.contains(UnicodeTables.ideographs, scalar)
        if isolated { output.append(ascii: 0x20) }
        if stripsAccents { strip(scalar, into: &output) } else { output.append(scalar) }
        if isolated { output.append(ascii: 0x20) }
    }

    private func strip(_ scalar: UInt32, into output: inout NormalizedText) {
        if UnicodeProperties.contains(UnicodeTables.orderedMarks, scalar) { return }
        if UnicodeProperties.contains(UnicodeTables.neutralMarks, scalar) { return output.flush() }
        if (0xAC00...0xD7A3).contains(scalar) {
            // Hangul, Unicode 3.12: a syllable is a leading consonant, a vowel and perhaps a trailing consonant.
            let index = scalar - 0xAC00
            output.append(0x1100 + index / 588)
            output.append(0x1161 + index % 588 / 28)
            if index % 28 != 0 { output.append(0x11A7 + index % 28) }
        } else if let row = UnicodeProperties.row(UnicodeTables.letters, width: 2, scalar) {
            appendOrdered(UnicodeTables.letters[row + 1], to: &output)
        } else if let row = UnicodeProperties.row(UnicodeTables.severalLetters, width: 4, scalar) {
            for letter in UnicodeTables.severalLetters[row + 1...row + 3] where letter != 0 {
                appendOrdered(letter, to: &output)
            }
        } else {
            appendOrdered(scalar, to: &output)
        }
    }

    private func appendOrdered(_ scalar: UInt32, to output: inout NormalizedText) {
        if let row = UnicodeProperties.row(UnicodeTables.combiningClasses, width: 2, scalar) {
            output.hold(scalar, combiningClass: UnicodeTables.combiningClasses[row + 1])
        } else {
            output.append(scalar)
        }
    }
}

/// Text as it is written by the normalizer.
private struct NormalizedText {
    var bytes: [UInt8] = []
    private let lowercases: Bool
    /// Marks that wait for the end of their run, to be put in canonical order (Unicode 3.11, D109).
    private var held: [(scalar: UInt32, combiningClass: UInt32)] = []

    init(lowercases: Bool) {
        self.lowercases = lowercases
    }

    mutating func append(ascii byte: UInt8) {
        if !held.isEmpty { flush() }
        bytes.append(lowercases && (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte)
    }

    mutating func append(_ scalar: UInt32) {
        if !held.isEmpty { flush() }
        write(scalar)
    }

    mutating func hold(_ scalar: UInt32, combiningClass: UInt32) {
        held.append((scalar, combiningClass))
    }

    mutating func flush() {
        if held.isEmpty { return }
        // Swift's sort is stable in practice and not by contract, so the place breaks ties.
        let order = held.indices.sorted { (held[$0].combiningClass, $0) < (held[$1].combiningClass, $1) }
        for place in order { write(held[place].scalar) }
        held.removeAll()
    }

    private mutating func write(_ scalar: UInt32) {
        if !lowercases {
            ScalarReader.append(scalar, to: &bytes)
        } else if scalar == 0x130 {
            bytes.append(contentsOf: "i\u{307}".utf8)
        } else {
            ScalarReader.append(UnicodeProperties.lowercase(scalar), to: &bytes)
        }
    }
}
