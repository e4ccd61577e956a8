/// What is needed of a model of SentencePiece: fields of its protobuf (sentencepiece, `sentencepiece_model.proto`).
struct SentencePieceFile {
    struct Piece {
        enum Kind: Int { case normal = 1, unknown, control, userDefined, unused, byte }

        var text = ""
        var score = 0.0
        var kind = Kind.normal
    }

    private(set) var pieces: [Piece] = []
    /// 1 is Unigram, 2 is BPE.
    private(set) var modelType = 1
    private(set) var unknownID = 0
    private(set) var spellsBytes = false
    private(set) var charsmap: [UInt8] = []
    private(set) var addsDummyPrefix = true
    private(set) var removesExtraSpaces = true

    /// Reads the bytes of a `.model` file; nil where they are none.
    init?(_ bytes: [UInt8]) {
        guard let fields = Self.fields(bytes[...]) else { return nil }
        for field in fields {
            guard let message = field.bytes else { continue }
            switch field.number {
            case 1:
                guard let piece = Self.piece(message), pieces.count < FileEntry.ids.count else { return nil }
                pieces.append(piece)
            case 2:
                guard let inner = Self.fields(message) else { return nil }
                for field in inner {
                    switch field.number {
                    case 3: modelType = field.integer
                    case 35: spellsBytes = field.integer != 0
                    case 40: unknownID = field.integer
                    default: break
                    }
                }
            case 3:
                guard let inner = Self.fields(message) else { return nil }
                for field in inner {
                    switch field.number {
                    case 2: charsmap = field.bytes.map(Array.init) ?? []
                    case 3: addsDummyPrefix = field.integer != 0
                    case 4: removesExtraSpaces = field.integer != 0
                    default: break
                    }
                }
            default: break
            }
        }
        if pieces.isEmpty { return nil }
    }

    private static func piece(_ message: ArraySlice<UInt8>) -> Piece? {
        guard let fields = fields(message) else { return nil }
        var piece = Piece()
        for field in fields {
            switch field.number {
            case 1:
                guard let bytes = field.bytes, let text = String(validating: bytes, as: UTF8.self) else { return nil }
                piece.text = text
            case 2: piece.score = Double(Float(bitPattern: UInt32(truncatingIfNeeded: field.integer)))
            case 3:
                guard let kind = Piece.Kind(rawValue: field.integer) else { return nil }
                piece.kind = kind
            default: break
            }
        }
        return piece.text.isEmpty || piece.score.isNaN ? nil : piece
    }

    /// A field of a message: a number, or bytes.
    private struct Field {
        var number: Int
        var integer = 0
        var bytes: ArraySlice<UInt8>?
    }

    private static func fields(_ message: ArraySlice<UInt8>) -> [Field]? {
        var fields: [Field] = []
        var position = message.startIndex
        func varint() -> UInt64? {
            var (value, shift): (UInt64, UInt64) = (0, 0)
            while position < message.endIndex, shift < 64 {
                let byte = message[position]
                position += 1
                value |= UInt64(byte & 0x7F) << shift
                if byte < 0x80 { return value }
                shift += 7
            }
            return nil
        }
        func fixed(_ size: Int) -> Int? {
            guard message.endIndex - position >= size else { return nil }
            defer { position += size }
            return message[position..<position + size].reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        while position < message.endIndex {
            guard let key = varint(), key >> 3 < 1 << 29 else { return nil }
            var field = Field(number: Int(key >> 3))
            switch key & 7 {
            case 0:
                guard let value = varint() else { return nil }
                field.integer = Int(truncatingIfNeeded: value)
            case 1:
                guard let value = fixed(8) else { return nil }
                field.integer = value
            case 5:
                guard let value = fixed(4) else { return nil }
                field.integer = value
            case 2:
                guard let size = varint(), size <= UInt64(message.endIndex - position) else { return nil }
                field.bytes = message[position..<position + Int(size)]
                position += Int(size)
            default: return nil
            }
            fields.append(field)
        }
        return fields
    }
}
