/// Recognises a delimiter byte by byte: CRLF `--` boundary, then either `--` or blanks and CRLF.
///
/// What begins like one and goes on differently is content: `CRLF--B` followed by another letter belongs to the part. Because CR
/// can only stand at a candidate's beginning and before its last LF, a byte that breaks a match can only begin the next candidate
/// itself; nothing is ever scanned twice.
struct DelimiterMatcher {
    /// What a byte led to.
    enum Step {
        /// It fits; more are needed.
        case more
        /// It does not fit. It was not taken, and no candidate is open now.
        case mismatch
        /// It completes a delimiter; headers follow.
        case delimiter
        /// It completes the closing delimiter.
        case close
    }

    private enum State {
        case none
        case prefix(Int)
        case padding(Int)
        case dash
        case carriageReturn
    }

    private let prefix: [UInt8]
    private var state: State

    /// A matcher at the beginning of a line: of the body, or of a part's content, where the blank line's CRLF may belong to the
    /// delimiter (RFC 2046: a part may consist of headers alone).
    init(_ boundary: MultipartBoundary) {
        prefix = Array("\r\n--".utf8) + Array(boundary.text.utf8)
        state = .prefix(2)
    }

    /// Whether no candidate is open, so that only a CR matters.
    var isIdle: Bool {
        if case .none = state { true } else { false }
    }

    /// Behaves as if a CRLF had just been taken.
    mutating func beginLine() {
        state = .prefix(2)
    }

    /// Takes the next byte; when idle, that byte is a CR or a mismatch.
    mutating func take(_ byte: UInt8) -> Step {
        switch state {
        case .none where byte == 0x0D:
            state = .prefix(1)
        case .prefix(let count) where byte == prefix[count]:
            state = count + 1 == prefix.count ? .padding(0) : .prefix(count + 1)
        case .padding(let count) where byte.isBlank && count < MultipartLimits.maxPadding:
            state = .padding(count + 1)
        case .padding where byte == 0x0D:
            state = .carriageReturn
        case .padding(0) where byte == UInt8(ascii: "-"):
            state = .dash
        case .dash where byte == UInt8(ascii: "-"):
            state = .none
            return .close
        case .carriageReturn where byte == 0x0A:
            state = .none
            return .delimiter
        case .none, .prefix, .padding, .dash, .carriageReturn:
            state = .none
            return .mismatch
        }
        return .more
    }
}
