/// Takes the answers of a connection apart as their bytes come in: as much of RFC 9112 (section 6.3) as a client of this server
/// needs.
struct AnswerReader {
    /// One answer.
    struct Answer: Sendable, Equatable {
        let status: Int
        /// Whether the connection may be used for another request.
        var staysOpen: Bool
        /// Seconds of its `Retry-After`; nil without one.
        let retryAfter: Int?
        /// Empty where the reader does not keep bodies.
        var body: [UInt8] = []
    }

    /// The bytes are no HTTP.
    struct Malformed: Error {}

    private enum Stage {
        case head
        case counted(Int)
        case chunkSize
        case chunk(Int)
        case chunkEnd
        case trailers
        case untilClosed
    }

    private let keepsBody: Bool
    private var buffer: [UInt8] = []
    private var start = 0
    private var stage = Stage.head
    private var answer = Answer(status: 0, staysOpen: false, retryAfter: nil)

    /// - Parameter keepsBody: whether answers carry their bodies, or only what they say about them.
    init(keepsBody: Bool) { self.keepsBody = keepsBody }

    /// Whether nothing of an answer has come since the last one was complete.
    var isBetweenAnswers: Bool {
        if case .head = stage { return start == buffer.count }
        return false
    }

    /// Adds what was received.
    mutating func append(_ bytes: some Collection<UInt8>) {
        if start == buffer.count {
            buffer.removeAll(keepingCapacity: true)
            start = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// The next answer that is complete; nil where more bytes are needed. Interim answers are skipped.
    mutating func next() throws(Malformed) -> Answer? {
        while true {
            switch stage {
            case .head:
                guard let head = takeHead() else { return nil }
                try begin(head)
            case .counted(let left):
                let missing = take(left)
                stage = .counted(missing)
                return missing == 0 ? finish() : nil
            case .chunkSize:
                guard let line = takeLine() else { return nil }
                guard let size = Int(line.prefix { $0 != ";" }, radix: 16), size >= 0 else { throw Malformed() }
                stage = size == 0 ? .trailers : .chunk(size)
            case .chunk(let left):
                let missing = take(left)
                stage = missing == 0 ? .chunkEnd : .chunk(missing)
                if missing > 0 { return nil }
            case .chunkEnd:
                guard let line = takeLine() else { return nil }
                guard line.isEmpty else { throw Malformed() }
                stage = .chunkSize
            case .trailers:
                guard let line = takeLine() else { return nil }
                if line.isEmpty { return finish() }
            case .untilClosed:
                _ = take(.max)
                return nil
            }
        }
    }

    /// The answer that the end of the connection completes; nil where it cuts one off, or comes between two.
    mutating func end() -> Answer? {
        guard case .untilClosed = stage else { return nil }
        return finish()
    }

    private mutating func begin(_ head: String) throws(Malformed) {
        let lines = head.split(separator: "\r\n")
        guard let line = lines.first, line.hasPrefix("HTTP/1."), let status = Int(line.dropFirst(9).prefix(3)) else {
            throw Malformed()
        }
        if (100..<200).contains(status) { return }
        let value: (String) -> String? = { name in
            lines.first { $0.lowercased().hasPrefix(name + ":") }
                .map { String($0.dropFirst(name.count + 1).drop { $0 == " " }) }
        }
        let closes = value("connection")?.lowercased().contains("close") ?? false
        answer = Answer(status: status, staysOpen: !closes, retryAfter: value("retry-after").flatMap { Int($0) })
        if status == 204 || status == 304 {
            stage = .counted(0)
        } else if value("transfer-encoding") != nil {
            stage = .chunkSize
        } else if let length = value("content-length") {
            guard let count = Int(length), count >= 0 else { throw Malformed() }
            stage = .counted(count)
        } else {
            answer.staysOpen = false
            stage = .untilClosed
        }
    }

    private mutating func finish() -> Answer {
        stage = .head
        defer { answer.body = [] }
        return answer
    }

    /// Moves up to `count` bytes of a body; how many are missing.
    private mutating func take(_ count: Int) -> Int {
        let taken = min(count, buffer.count - start)
        if keepsBody { answer.body += buffer[start..<start + taken] }
        start += taken
        return count - taken
    }

    /// The next line without its end.
    private mutating func takeLine() -> String? { take(before: Array("\r\n".utf8)) }

    /// A status line with its fields, without the empty line behind.
    private mutating func takeHead() -> String? { take(before: Array("\r\n\r\n".utf8)) }

    private mutating func take(before mark: [UInt8]) -> String? {
        var place = start
        while place + mark.count <= buffer.count {
            if buffer[place..<place + mark.count].elementsEqual(mark) {
                defer { start = place + mark.count }
                return String(decoding: buffer[start..<place], as: UTF8.self)
            }
            place += 1
        }
        return nil
    }
}
