import JSON

/// A string in a JSON text that stands for a file, bare base64 or a `data:` URL (RFC 2397), read while it comes. Its escapes are
/// resolved and its base64 is decoded at once; nothing is kept but the bytes of the file.
struct JSONFileString {
    /// What the string turned out to be.
    enum Content: Equatable {
        case file([UInt8])
        case notBase64
        /// A `data:` URL whose data is not said to be base64.
        case otherData
        /// Another URL. Nothing is ever fetched.
        case url
        case tooLarge
    }

    /// How the string goes on after a piece of the text.
    enum Ending: Equatable {
        case none
        /// Its closing quote was read.
        case closed
        /// These bytes, the last that were read, are not JSON.
        case broken([UInt8])
    }

    /// Where a `data:` URL must have come to its data, in bytes.
    private static let longestHead = 256

    private let limit: Int
    /// What was read of an escape that is not complete.
    private(set) var escape: [UInt8] = []
    private var utf8 = UTF8Validation()
    /// The begin of the text, until it is known what it is.
    private var head: [UInt8]? = []
    private var refusal: Content?
    private var decoder = Base64.Decoder()
    private var base64Count = 0
    private var bytes = GatheredBytes()

    /// - Parameter limit: the largest file, in bytes.
    init(limit: Int) {
        self.limit = limit
    }

    /// Bytes of memory that it takes up.
    var keptBytes: Int { bytes.capacity }

    /// Whether the text, which is complete, is valid UTF-8.
    var isUTF8: Bool { utf8.isComplete }

    /// Reads on from a position in the text, up to behind the closing quote at most.
    mutating func read(_ text: UnsafeRawBufferPointer, from position: inout Int) -> Ending {
        while position < text.count {
            let start = position
            var all: UInt8 = 0
            while escape.isEmpty, position < text.count {
                let byte = text[position]
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { break }
                all |= byte
                position += 1
            }
            if position > start { take(text[start..<position], isASCII: all < 0x80) }
            guard position < text.count else { break }
            let byte = text[position]
            position += 1
            if escape.isEmpty, byte == UInt8(ascii: "\"") { return .closed }
            escape.append(byte)
            switch JSONEscape(escape) {
            case .incomplete: break
            case .broken: return .broken(escape)
            case .character(let scalar):
                escape = []
                take(Array(String(scalar).utf8), isASCII: scalar.isASCII)
            }
        }
        return .none
    }

    /// What the string is, now that it is complete.
    mutating func finish() -> Content {
        decideHead()
        if base64Count / 4 * 3 > limit + 3 { return .tooLarge }
        var last: [UInt8] = []
        if refusal == nil, !decoder.finish(into: &last) { refusal = .notBase64 }
        if let refusal { return refusal }
        bytes.append(last)
        return .file(bytes.takeJoined())
    }

    private mutating func take(_ text: some Collection<UInt8>, isASCII: Bool) {
        if !isASCII || !utf8.isComplete { utf8.read(text) }
        guard let begin = head else { return decode(text) }
        head?.append(contentsOf: text.prefix(Self.longestHead - begin.count))
        if begin.count + text.count >= Self.longestHead {
            decideHead()
            decode(text.dropFirst(Self.longestHead - begin.count))
        }
    }

    /// Tells from the begin of the text, as much as is read of it at most, what it is, and decodes what of it is base64.
    private mutating func decideHead() {
        guard let begin = head else { return }
        head = nil
        let lowercased = String(decoding: begin, as: UTF8.self).lowercased()
        if lowercased.utf8.starts(with: "data:".utf8) {
            let comma = begin.firstIndex(of: UInt8(ascii: ","))
            let type = comma.map { String(decoding: begin[..<$0], as: UTF8.self).lowercased() }
            guard let comma, type?.hasSuffix(";base64") == true else { return refusal = .otherData }
            decode(begin[(comma + 1)...])
        } else if begin.prefix(12).contains(UInt8(ascii: ":")) {
            refusal = .url
        } else {
            decode(begin[...])
        }
    }

    private mutating func decode(_ base64: some Collection<UInt8>) {
        guard refusal == nil || refusal == .notBase64 else { return }
        base64Count += base64.count
        guard refusal == nil else { return }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(base64.count / 4 * 3 + 3)
        if decoder.decode(base64, into: &decoded), base64Count / 4 * 3 <= limit + 3 {
            bytes.append(decoded)
        } else {
            refusal = .notBase64
            bytes = GatheredBytes()
        }
    }
}

/// What the first bytes of an escape in a JSON string are (RFC 8259 section 7), or a byte that must be escaped.
private enum JSONEscape {
    case incomplete
    case broken
    case character(Unicode.Scalar)

    init(_ bytes: [UInt8]) {
        guard bytes[0] == UInt8(ascii: "\\") else { self = .broken; return }
        guard bytes.count > 1 else { self = .incomplete; return }
        switch bytes[1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): self = .character(Unicode.Scalar(bytes[1]))
        case UInt8(ascii: "b"): self = .character("\u{08}")
        case UInt8(ascii: "f"): self = .character("\u{0C}")
        case UInt8(ascii: "n"): self = .character("\n")
        case UInt8(ascii: "r"): self = .character("\r")
        case UInt8(ascii: "t"): self = .character("\t")
        case UInt8(ascii: "u"): self = Self.unicode(bytes)
        default: self = .broken
        }
    }

    private static func unicode(_ bytes: [UInt8]) -> JSONEscape {
        guard let first = codeUnit(bytes[2...].prefix(4)) else { return .broken }
        guard bytes.count >= 6 else { return .incomplete }
        guard UTF16.isLeadSurrogate(first) else { return Unicode.Scalar(first).map { .character($0) } ?? .broken }
        // The other half of a character beyond U+FFFF must follow.
        guard bytes[6...].prefix(2).elementsEqual("\\u".utf8.prefix(bytes.count - 6)),
            let second = codeUnit(bytes.dropFirst(8))
        else { return .broken }
        guard bytes.count == 12 else { return .incomplete }
        guard UTF16.isTrailSurrogate(second) else { return .broken }
        return .character(UTF16.decode(UTF16.EncodedScalar([first, second])))
    }

    /// The number that up to four hexadecimal digits stand for; nil where one is none.
    private static func codeUnit(_ digits: ArraySlice<UInt8>) -> UInt16? {
        guard !digits.isEmpty else { return 0 }
        guard digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else { return nil }
        return UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
    }
}

/// Whether bytes that come one after the other are UTF-8 (The Unicode Standard, table 3-7).
private struct UTF8Validation {
    private var isBroken = false
    /// Bytes that the character under way still needs, and what the next of them may be.
    private var missing = 0
    private var next: ClosedRange<UInt8> = 0x80...0xBF

    /// Whether everything so far was valid, and no character is under way.
    var isComplete: Bool { !isBroken && missing == 0 }

    mutating func read(_ bytes: some Sequence<UInt8>) {
        for byte in bytes where !isBroken { read(byte) }
    }

    private mutating func read(_ byte: UInt8) {
        if missing > 0 {
            isBroken = !next.contains(byte)
            missing -= 1
            next = 0x80...0xBF
            return
        }
        switch byte {
        case 0x00...0x7F: break
        case 0xC2...0xDF: missing = 1
        case 0xE0: (missing, next) = (2, 0xA0...0xBF)
        case 0xED: (missing, next) = (2, 0x80...0x9F)
        case 0xE1...0xEF: missing = 2
        case 0xF0: (missing, next) = (3, 0x90...0xBF)
        case 0xF1...0xF3: missing = 3
        case 0xF4: (missing, next) = (3, 0x80...0x8F)
        default: isBroken = true
        }
    }
}
