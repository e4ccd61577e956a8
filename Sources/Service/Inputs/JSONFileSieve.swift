import JSON

/// Takes the files out of a JSON text while it comes: the strings of file parts, at the top, in candidates and in messages. What is left is read
/// by the strict parser, with a short string in the place of each file, and is as wrong as the whole text where that is wrong.
///
/// It follows the text only as far as it is valid JSON. Behind the first error nothing it makes of the text matters, since the
/// parser does not come so far; and up to there what is left differs from the text in the strings of files alone. A file's string
/// that is not JSON itself stays there with the bytes that are wrong.
struct JSONFileSieve {
    /// What the parser gets, once the text is complete.
    struct Rest: Sendable {
        let text: [UInt8]
        /// The files; the string in the place of each is its number.
        let files: [JSONFileString.Content]
        fileprivate let shifts: [Shift]

        /// Where in the whole text that stands what is at `offset` of the rest.
        func place(_ offset: Int) -> Int {
            offset + shifts.reduce(0) { $1.from <= offset ? $0 + $1.bytes : $0 }
        }
    }

    /// From an offset of the rest on, so many bytes more are missing.
    fileprivate struct Shift: Sendable {
        let from: Int
        let bytes: Int
    }

    private enum Frame {
        case members, candidates, candidate, other
        case messages, message, contents, content

        /// Whether its keys say what is a file.
        var hasNames: Bool { [.members, .candidate, .message, .content].contains(self) }
    }
    /// What the value behind a key is.
    private enum Meaning { case file, candidates, messages, contents, other }
    private enum Token {
        case structure
        case key
        case string
        case file
        /// The parser will find an error; the text does not matter any more.
        case error
    }

    private let rules: InputRules
    private let maxFile: Int
    private let maxDepth: Int
    /// Keys that are longer, every character escaped, are none of the names.
    private let maxKey: Int

    private var token = Token.structure
    /// The file that is read, and how many bytes of its string were.
    private var file: JSONFileString?
    private var fileLength = 0
    private var frames: [Frame] = []
    private var expectsKey = false
    private var key: [UInt8] = []
    private var meaning = Meaning.other
    /// Whether the last byte of a string was a backslash that is not escaped.
    private var isEscaped = false
    private var rest = GatheredBytes()
    private var files: [JSONFileString.Content] = []
    private var fileBytes = 0
    private var shifts: [Shift] = []

    init(_ rules: InputRules, maxFile: Int, maxDepth: Int) {
        self.rules = rules
        self.maxFile = maxFile
        self.maxDepth = maxDepth
        maxKey = 6 * (rules.names + Self.candidateFiles + ["content"]).reduce(0) { max($0, $1.utf8.count) }
    }

    private static let candidateFiles = ["image", "audio"]

    /// Bytes of memory that files and rest take up. The rest is joined, and its strings are copied, to be parsed.
    var keptBytes: Int {
        fileBytes + (file?.keptBytes ?? 0) + 3 * rest.capacity
            + files.count * (MemoryLayout<JSONFileString.Content>.stride + MemoryLayout<Shift>.stride)
    }

    /// Takes the next bytes of the text.
    mutating func read(_ text: UnsafeRawBufferPointer) {
        var position = 0
        while position < text.count {
            let start = position
            switch token {
            case .structure: readStructure(text, &position)
            case .key, .string: readString(text, &position)
            case .file:
                readFile(text, &position)
                continue
            case .error: return
            }
            rest.append(UnsafeRawBufferPointer(rebasing: text[start..<position]))
        }
    }

    /// The text is complete.
    mutating func finish() -> Rest {
        if let file { leave(file.escape) }
        return Rest(text: rest.takeJoined(), files: files, shifts: shifts)
    }

    /// Reads up to the first byte of a string.
    private mutating func readStructure(_ text: UnsafeRawBufferPointer, _ position: inout Int) {
        while position < text.count {
            let byte = text[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                token = expectsKey ? .key : meaning == .file ? .file : .string
                file = token == .file ? JSONFileString(limit: maxFile) : nil
                fileLength = 0
                meaning = .other
                key = []
                return
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                guard frames.count < maxDepth else { return token = .error }
                open(isObject: byte == UInt8(ascii: "{"))
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                _ = frames.popLast()
                expectsKey = false
            case UInt8(ascii: ","): expectsKey = frames.last?.hasNames == true
            case UInt8(ascii: ":"): expectsKey = false
            default: break
            }
        }
    }

    private mutating func open(isObject: Bool) {
        let frame: Frame =
            switch (frames.last, isObject) {
            case (nil, true): .members
            case (.members, false) where meaning == .candidates: .candidates
            case (.candidates, true): .candidate
            case (.members, false) where meaning == .messages: .messages
            case (.messages, true): .message
            case (.message, false) where meaning == .contents: .contents
            case (.contents, true): .content
            default: .other
            }
        frames.append(frame)
        expectsKey = frame.hasNames
        meaning = .other
    }

    /// Reads a string that stays, up to behind its closing quote.
    private mutating func readString(_ text: UnsafeRawBufferPointer, _ position: inout Int) {
        while position < text.count {
            let byte = text[position]
            position += 1
            if !isEscaped, byte == UInt8(ascii: "\"") {
                if token == .key {
                    meaning = self.meaning(of: key)
                    expectsKey = false
                }
                return token = .structure
            }
            isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
            if token == .key, key.count <= maxKey { key.append(byte) }
        }
    }

    /// What the value is whose key is written like this.
    private func meaning(of key: [UInt8]) -> Meaning {
        guard key.count <= maxKey,
            case .string(let name)? = try? JSONValue(parsing: [UInt8(ascii: "\"")] + key + [UInt8(ascii: "\"")])
        else { return .other }
        switch frames.last {
        case .candidate: return Self.candidateFiles.contains(name) ? .file : .other
        case .message: return name == "content" ? .contents : .other
        case .content: return name == "image" ? .file : .other
        default: break
        }
        return switch rules.meaning(of: name) {
        case .part(.candidate): .candidates
        case .part(.messages): .messages
        case .part(let kind) where kind.isFile: .file
        default: .other
        }
    }

    private mutating func readFile(_ text: UnsafeRawBufferPointer, _ position: inout Int) {
        let start = position
        let ending = file?.read(text, from: &position) ?? .closed
        fileLength += position - start
        switch ending {
        case .none: break
        case .broken(let bytes):
            leave(bytes)
            token = .error
        case .closed:
            endFile()
            token = .structure
        }
    }

    /// Puts its number in the place of a file whose closing quote was read.
    private mutating func endFile() {
        guard var file = file.take() else { return }
        let content = file.finish()
        // What is no UTF-8 is no string of JSON: the parser finds a byte that is none either.
        let number = file.isUTF8 ? Array(String(files.count).utf8) : [0xFF]
        rest.append(number)
        shifts.append(Shift(from: rest.count, bytes: fileLength - 1 - number.count))
        rest.append([UInt8(ascii: "\"")])
        if case .file(let bytes) = content { fileBytes += bytes.count }
        files.append(content)
    }

    /// Leaves the last bytes of a file's string, which is not complete, for the parser.
    private mutating func leave(_ bytes: [UInt8]) {
        shifts.append(Shift(from: rest.count, bytes: fileLength - bytes.count))
        rest.append(bytes)
        file = nil
    }
}
