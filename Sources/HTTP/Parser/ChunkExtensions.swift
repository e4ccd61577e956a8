/// `*( ";" token [ "=" ( token / quoted-string ) ] )` (RFC 9112 section 7.1.1), without the optional blanks, which no
/// client sends and strict readers refuse. Nothing is done with extensions; a malformed one may mean something else to
/// another reader of the same octets.
enum ChunkExtensions {
    private static let quote: UInt8 = 0x22
    private static let equals: UInt8 = 0x3D
    private static let backslash: UInt8 = 0x5C

    /// Whether the octets of `line` from `start` to its end are well formed.
    static func areValid(_ line: Span<UInt8>, from start: Int) -> Bool {
        var index = start
        while index < line.count {
            guard line[index] == Byte.semicolon, skipToken(line, &index, from: index + 1) else { return false }
            guard index < line.count, line[index] == equals else { continue }
            index += 1
            if index < line.count, line[index] == quote {
                guard skipQuoted(line, &index) else { return false }
            } else if !skipToken(line, &index, from: index) {
                return false
            }
        }
        return true
    }

    private static func skipToken(_ line: Span<UInt8>, _ index: inout Int, from start: Int) -> Bool {
        index = start
        while index < line.count, line[index].isTokenByte { index += 1 }
        return index > start
    }

    /// From an opening quotation mark to behind the closing one; a backslash takes the next octet as it is.
    private static func skipQuoted(_ line: Span<UInt8>, _ index: inout Int) -> Bool {
        index += 1
        while index < line.count, line[index].isFieldContent {
            switch line[index] {
            case quote:
                index += 1
                return true
            case backslash:
                guard index + 1 < line.count, line[index + 1].isFieldContent else { return false }
                index += 2
            default: index += 1
            }
        }
        return false
    }
}
