/// The chunked transfer coding (RFC 9112 section 7.1), strictly: sizes are up to 16 hexadecimal digits, extensions are
/// read over within a bound, trailers are checked like field lines and dropped.
struct ChunkedBody {
    /// What was found.
    enum Event {
        case needsMore
        case data(Range<Int>)
        case end
    }

    private enum State {
        case size
        case data(remaining: Int)
        case dataEnd
        case trailer
    }

    private static let mostDigits = 16

    let limits: ParserLimits
    /// Content bytes accepted in all chunks together.
    var limit = Int.max

    private var state = State.size
    private var lines = LineReader()
    private var announced = 0
    private var extensionBytes = 0
    private var trailers = FieldSection()

    init(limits: ParserLimits) {
        self.limits = limits
    }

    mutating func next(_ input: Span<UInt8>, from position: inout Int) throws(HTTPFailure) -> Event {
        while true {
            switch state {
            case .size:
                let room = Self.mostDigits + max(0, limits.chunkExtensionBytes - extensionBytes)
                guard let line = try nextLine(input, &position, room: room) else { return .needsMore }
                let size =
                    switch line {
                    case .inInput(let range): try takeSize(input.extracting(range))
                    case .assembled(let bytes): try takeSize(bytes.span)
                    }
                state = size == 0 ? .trailer : .data(remaining: size)
            case .data(let remaining):
                guard position < input.count else { return .needsMore }
                let range = position..<position + min(remaining, input.count - position)
                position = range.upperBound
                state = range.count == remaining ? .dataEnd : .data(remaining: remaining - range.count)
                return .data(range)
            case .dataEnd:
                guard let line = try nextLine(input, &position, room: 0) else { return .needsMore }
                switch line {
                case .inInput(let range) where range.isEmpty: state = .size
                case .assembled(let bytes) where bytes.isEmpty: state = .size
                default: throw .malformed("A chunk is longer than its size says.")
                }
            case .trailer:
                guard let line = try nextLine(input, &position, room: trailers.room(limits)) else { return .needsMore }
                switch line {
                case .inInput(let range):
                    if range.isEmpty { return .end }
                    try trailers.add(input.extracting(range), isTrailer: true, limits: limits)
                case .assembled(let bytes):
                    if bytes.isEmpty { return .end }
                    try trailers.add(bytes.span, isTrailer: true, limits: limits)
                }
            }
        }
    }

    private mutating func nextLine(
        _ input: Span<UInt8>, _ position: inout Int, room: Int
    ) throws(HTTPFailure) -> LineReader.Line? {
        do {
            return try lines.next(input, from: &position, room: room)
        } catch .tooLong {
            switch state {
            case .trailer: throw .headersTooLarge("The trailers are larger than \(limits.headerBytes) bytes.")
            case .dataEnd, .data: throw .malformed("A chunk is longer than its size says.")
            case .size: throw .malformed("A chunk's size line is too long.")
            }
        } catch {
            throw .malformed("A line of the chunked body does not end in CRLF.")
        }
    }

    /// `chunk-size [ chunk-ext ]`.
    private mutating func takeSize(_ line: Span<UInt8>) throws(HTTPFailure) -> Int {
        var size = 0
        var digits = 0
        while digits < line.count, let digit = line[digits].hexValue {
            digits += 1
            guard digits <= Self.mostDigits, size >> 59 == 0 else {
                throw .malformed("A chunk's size is too large a number.")
            }
            size = size << 4 | Int(digit)
        }
        guard digits > 0 else { throw .malformed("A chunk's size is not a hexadecimal number.") }
        if digits < line.count {
            guard line[digits] == Byte.semicolon else {
                throw .malformed("A chunk's size is not a hexadecimal number.")
            }
            guard ChunkExtensions.areValid(line, from: digits) else {
                throw .malformed("A chunk extension is not of the form name or name=value.")
            }
            extensionBytes += line.count - digits
            guard extensionBytes <= limits.chunkExtensionBytes else {
                throw .malformed("The chunk extensions are too long.")
            }
        }
        let (sum, overflow) = announced.addingReportingOverflow(size)
        guard !overflow, sum <= limit else { throw .bodyTooLarge(limit: limit) }
        announced = sum
        return size
    }
}
