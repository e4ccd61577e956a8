/// Cuts a stream of octets into lines that end in CRLF, whatever pieces they come in.
///
/// A line inside one piece is never copied. A CR without LF and an LF without CR are refused: recipients that disagree
/// about them can be played against each other (RFC 9112 section 2.2 permits a lone LF; this server does not).
struct LineReader {
    /// Where a complete line is to be found.
    enum Line {
        /// In the piece just given.
        case inInput(Range<Int>)
        /// In this array: the line came in several pieces.
        case assembled([UInt8])
    }

    /// Why no line could be cut.
    enum Failure: Error {
        case tooLong
        case bareCarriageReturn
        case bareLineFeed
    }

    private var partial: [UInt8] = []
    private var sawCarriageReturn = false

    /// Whether a line has been begun.
    var isMidLine: Bool { !partial.isEmpty || sawCarriageReturn }

    /// The next line from `position`, which moves behind it; nil if `input` ends before the line does.
    ///
    /// The result is the same for every division of the octets into pieces: length is judged before the octet that follows.
    mutating func next(_ input: Span<UInt8>, from position: inout Int, room: Int) throws(Failure) -> Line? {
        let start = position
        if sawCarriageReturn {
            guard start < input.count else { return nil }
            guard input[start] == Byte.lineFeed else { throw .bareCarriageReturn }
            position = start + 1
            sawCarriageReturn = false
            var line: [UInt8] = []
            swap(&line, &partial)
            return .assembled(line)
        }
        let already = partial.count
        var index = start
        while index < input.count {
            let byte = input[index]
            guard byte == Byte.carriageReturn || byte == Byte.lineFeed else {
                index += 1
                continue
            }
            if already + index - start > room { throw .tooLong }
            if byte == Byte.lineFeed { throw .bareLineFeed }
            if index + 1 == input.count {
                keep(input, start..<index)
                sawCarriageReturn = true
                position = input.count
                return nil
            }
            guard input[index + 1] == Byte.lineFeed else { throw .bareCarriageReturn }
            position = index + 2
            if already == 0 { return .inInput(start..<index) }
            keep(input, start..<index)
            var line: [UInt8] = []
            swap(&line, &partial)
            return .assembled(line)
        }
        if already + index - start > room { throw .tooLong }
        keep(input, start..<index)
        position = index
        return nil
    }

    private mutating func keep(_ input: Span<UInt8>, _ range: Range<Int>) {
        partial.reserveCapacity(partial.count + range.count)
        for index in range { partial.append(input[index]) }
    }
}
