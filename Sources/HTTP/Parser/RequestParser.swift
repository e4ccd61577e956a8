/// HTTP/1.1 requests from a stream of octets, strictly (RFC 9112).
///
/// A pure value: it reads no socket and keeps no time. The caller gives it pieces of the stream and takes one event after
/// the other; every division of the same octets gives the same events, adjacent `body` ranges apart. It copies lines
/// that span pieces and nothing else, and holds at most one line and one field section, both bounded.
/// After a failure no further octet of the stream has a meaning.
struct RequestParser {
    /// What was found.
    enum Event {
        /// The piece is used up.
        case needsMore
        /// A request whose framing is valid. Its body, if any, follows, then `end`.
        case head(HTTPRequestHead, Persistence)
        /// Content, as a range of the piece given.
        case body(Range<Int>)
        /// The request is complete.
        case end
    }

    /// What the head says about the connection.
    struct Persistence: Equatable {
        /// Whether another request may follow on the connection (RFC 9112 section 9.3).
        var keepsAlive: Bool
        /// Whether the client waits for `100 Continue` before it sends the body.
        var expectsContinue: Bool
    }

    private enum State {
        case requestLine
        case fieldLine
        case fixed(remaining: Int)
        case chunked
        case end
        case failed(HTTPFailure)
    }

    let limits: ParserLimits
    /// Content bytes accepted in the present request; the caller may set it after each `head`.
    var bodyLimit = Int.max {
        didSet { chunks.limit = bodyLimit }
    }

    private var state = State.requestLine
    private var lines = LineReader()
    private var skippedEmptyLine = false
    private var line: RequestLine?
    /// Why a request line that can be read is refused: said when the field lines are in, which tell whose request it was.
    private var refusal: HTTPFailure?
    private var fields = FieldSection()
    private var chunks: ChunkedBody

    init(limits: ParserLimits = ParserLimits()) {
        self.limits = limits
        chunks = ChunkedBody(limits: limits)
    }

    /// Whether the head of a request has begun and is not complete; an ignored empty line is no beginning.
    var isInHead: Bool {
        switch state {
        case .requestLine: lines.isMidLine
        case .fieldLine: true
        default: false
        }
    }

    /// What is known of a message of which the head is not complete.
    var messageStart: HTTPMessageStart { HTTPMessageStart(method: line?.method, headers: fields.headers) }

    /// The content still to come, if its length was given.
    var fixedRemainder: Int? {
        if case .fixed(let remaining) = state { return remaining }
        return nil
    }

    /// The next event of `input` from `position`, which moves behind what was used.
    mutating func next(_ input: Span<UInt8>, from position: inout Int) throws(HTTPFailure) -> Event {
        do {
            return try advance(input, from: &position)
        } catch {
            let failure = refusal ?? error
            state = .failed(failure)
            throw failure
        }
    }

    private mutating func advance(_ input: Span<UInt8>, from position: inout Int) throws(HTTPFailure) -> Event {
        while true {
            switch state {
            case .requestLine:
                guard let line = try nextLine(input, &position, room: RequestLine.room(target: limits.target)) else {
                    return .needsMore
                }
                switch line {
                case .inInput(let range): try takeRequestLine(input.extracting(range))
                case .assembled(let bytes): try takeRequestLine(bytes.span)
                }
            case .fieldLine:
                guard let line = try nextLine(input, &position, room: fields.room(limits)) else { return .needsMore }
                switch line {
                case .inInput(let range):
                    if range.isEmpty { return try finishHead() }
                    try fields.add(input.extracting(range), isTrailer: false, limits: limits)
                case .assembled(let bytes):
                    if bytes.isEmpty { return try finishHead() }
                    try fields.add(bytes.span, isTrailer: false, limits: limits)
                }
            case .fixed(let remaining):
                guard position < input.count else { return .needsMore }
                let range = position..<position + min(remaining, input.count - position)
                position = range.upperBound
                state = remaining == range.count ? .end : .fixed(remaining: remaining - range.count)
                return .body(range)
            case .chunked:
                switch try chunks.next(input, from: &position) {
                case .needsMore: return .needsMore
                case .data(let range): return .body(range)
                case .end: state = .end
                }
            case .end:
                state = .requestLine
                return .end
            case .failed(let failure):
                throw failure
            }
        }
    }

    private mutating func nextLine(
        _ input: Span<UInt8>, _ position: inout Int, room: Int
    ) throws(HTTPFailure) -> LineReader.Line? {
        do {
            return try lines.next(input, from: &position, room: room)
        } catch .tooLong {
            if case .requestLine = state { throw .targetTooLong(limit: limits.target) }
            throw .headersTooLarge("The field lines are larger than \(limits.headerBytes) bytes (--max-header-bytes).")
        } catch {
            throw .malformed("A line of the head does not end in CRLF.")
        }
    }

    private mutating func takeRequestLine(_ bytes: Span<UInt8>) throws(HTTPFailure) {
        if bytes.isEmpty {
            // RFC 9112 section 2.2: one empty line before the request line is ignored, for clients that add one to a body.
            guard !skippedEmptyLine else {
                throw .malformed("More than one empty line stands before the request line.")
            }
            skippedEmptyLine = true
            return
        }
        do {
            line = try RequestLine(bytes, limits: limits)
        } catch {
            // Behind a line that is not one, nothing is certain to be field lines.
            guard error.status != 400 else { throw error }
            refusal = error
        }
        fields = FieldSection()
        state = .fieldLine
    }

    private mutating func finishHead() throws(HTTPFailure) -> Event {
        if let refusal { throw refusal }
        // The state `fieldLine` is entered only where one of the two is set.
        guard let line else { preconditionFailure("field lines are read only after a request line") }
        try fields.finish(line)
        let hasBody = fields.isChunked || fields.contentLength ?? 0 > 0
        let head = HTTPRequestHead(
            method: line.method, path: line.target.path, segments: line.target.segments, query: line.target.query,
            headers: fields.headers, minorVersion: line.minorVersion, contentLength: fields.contentLength,
            hasBody: hasBody)
        let keepsAlive = line.minorVersion == 1 ? !fields.asksToClose : fields.asksToKeep && !fields.asksToClose
        if fields.isChunked {
            chunks = ChunkedBody(limits: limits)
            state = .chunked
        } else {
            state = hasBody ? .fixed(remaining: fields.contentLength ?? 0) : .end
        }
        let persistence = Persistence(keepsAlive: keepsAlive, expectsContinue: fields.expectsContinue && hasBody)
        bodyLimit = Int.max
        skippedEmptyLine = false
        self.line = nil
        fields = FieldSection()
        return .head(head, persistence)
    }
}
