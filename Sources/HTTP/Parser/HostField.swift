/// `uri-host [ ":" port ]` (RFC 9112 section 3.2), narrowed to names, IPv4 and bracketed IPv6.
enum HostField {
    /// Empty hosts are refused too: no target here lacks an authority.
    static func isValid(_ bytes: Span<UInt8>) -> Bool {
        var index = 0
        if bytes.count > 0, bytes[0] == Byte.leftBracket {
            guard let end = bytes.first(Byte.rightBracket), end > 1 else { return false }
            for inside in 1..<end where bytes[inside].hexValue == nil {
                guard bytes[inside] == Byte.colon || bytes[inside] == Byte.dot else { return false }
            }
            index = end + 1
        } else {
            while index < bytes.count, isNameCharacter(bytes[index]) { index += 1 }
            guard index > 0 else { return false }
        }
        if index == bytes.count { return true }
        guard bytes[index] == Byte.colon else { return false }
        var port = 0
        for digit in bytes.indices where digit > index {
            guard bytes[digit].isDigit else { return false }
            port = port * 10 + Int(bytes[digit] - 0x30)
            guard port <= 65_535 else { return false }
        }
        return true
    }

    private static func isNameCharacter(_ byte: UInt8) -> Bool {
        byte.isLetter || byte.isDigit || byte == Byte.dot || byte == 0x2D || byte == 0x5F || byte == 0x7E
    }
}
