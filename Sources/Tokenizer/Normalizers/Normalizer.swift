/// The first stage of a tokenizer.json: changes a text before it is cut (tokenizers, `normalizers/`).
enum Normalizer: Sendable {
    case bert(BertNormalizer)
    case form(NormalForm)
    case lowercase
    /// Removes combining marks.
    case stripAccents
    /// Removes white space at the ends.
    case strip(left: Bool, right: Bool)
    case replace(Replacement)
    /// Puts bytes before a text that is not empty.
    case prepend([UInt8])
    case precompiled(Charsmap)
    /// SentencePiece's cleaning of control characters and odd blanks.
    case nmt
    /// Spells bytes as ``ByteAlphabet`` has them.
    case byteLevel

    /// The normal form of a part of a text, valid UTF-8.
    func normalize(_ part: ArraySlice<UInt8>) -> [UInt8] {
        if case .bert(let bert) = self { return bert.normalize(part) }
        let text = Array(part)
        switch self {
        case .bert: return text
        case .form(let form): return form.normalize(text)
        case .lowercase: return Self.lowercase(text)
        case .stripAccents:
            if text.allSatisfy({ $0 < 0x80 }) { return text }
            return Self.map(text) { UnicodeProperties.contains(CategoryTables.combining, $0) ? nil : $0 }
        case .strip(let left, let right): return Array(text[Self.kept(text, left: left, right: right)])
        case .replace(let replacement): return replacement.apply(text)
        case .prepend(let prefix): return text.isEmpty ? text : prefix + text
        case .precompiled(let charsmap): return charsmap.normalize(text)
        case .nmt: return Self.map(text, Self.cleaned)
        case .byteLevel:
            var output: [UInt8] = []
            output.reserveCapacity(2 * text.count)
            ByteAlphabet.spell(text[...], into: &output)
            return output
        }
    }

    /// Whether the first character of `text`, which is not empty, leaves anything: what begins behind a part that was
    /// taken out is, for ``Metaspace``, not the beginning of the text.
    func keepsBeginning(of text: [UInt8]) -> Bool {
        var end = 0
        switch self {
        case .strip(true, _): return !UnicodeProperties.isBlank(ScalarReader.next(text, &end))
        case .bert, .stripAccents, .nmt:
            _ = ScalarReader.next(text, &end)
            return !normalize(text[..<end]).isEmpty
        case .replace(let replacement): return !replacement.content.isEmpty || !replacement.matchesBeginning(of: text)
        default: return true
        }
    }

    private static func kept(_ text: [UInt8], left: Bool, right: Bool) -> Range<Int> {
        var (begin, end) = (0, text.count)
        while left, begin < end {
            var behind = begin
            if !UnicodeProperties.isBlank(ScalarReader.next(text, &behind)) { break }
            begin = behind
        }
        while right, begin < end {
            let (scalar, start) = ScalarReader.previous(text, before: end)
            if !UnicodeProperties.isBlank(scalar) { break }
            end = start
        }
        return begin..<end
    }

    private static func lowercase(_ text: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(text.count + 8)
        var position = 0
        while position < text.count {
            let byte = text[position]
            if byte < 0x80 {
                position += 1
                output.append((0x41...0x5A).contains(byte) ? byte | 0x20 : byte)
                continue
            }
            let scalar = ScalarReader.next(text, &position)
            if scalar == 0x130 {
                // The one scalar whose lower case is two.
                output += "i\u{307}".utf8
            } else {
                ScalarReader.append(UnicodeProperties.lowercase(scalar), to: &output)
            }
        }
        return output
    }

    private static func map(_ text: [UInt8], _ change: (UInt32) -> UInt32?) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(text.count)
        var position = 0
        while position < text.count {
            if let scalar = change(ScalarReader.next(text, &position)) { ScalarReader.append(scalar, to: &output) }
        }
        return output
    }

    private static func cleaned(_ scalar: UInt32) -> UInt32? {
        switch scalar {
        case 0x1...0x8, 0xB, 0xE...0x1F, 0x7F, 0x8F, 0x9F: nil
        case 0x9, 0xA, 0xC, 0xD, 0x1680, 0x200B...0x200F, 0x2028, 0x2029, 0x2581, 0xFEFF, 0xFFFD: 0x20
        default: scalar
        }
    }
}
