/// Collects the header lines of one part, byte by byte.
struct PartHeaders {
    /// What a byte led to.
    enum Step {
        case more
        case complete(MultipartPart)
    }

    private let limits: MultipartLimits
    /// How messages call the part before its name is known.
    private let position: String
    private var line: [UInt8] = []
    private var sawCarriageReturn = false
    private var count = 0
    private var name: String?
    private var filename: String?
    private var contentType: String?
    private var sawDisposition = false

    init(number: Int, limits: MultipartLimits) {
        position = "part \(number)"
        self.limits = limits
    }

    /// How messages call the part.
    private var label: String { name.map { MultipartPart(name: $0).label } ?? position }

    /// Takes the next byte of the header section.
    mutating func take(_ byte: UInt8) throws(MultipartError) -> Step {
        if sawCarriageReturn {
            guard byte == 0x0A else { throw .invalidHeader(part: label, reason: "a CR without LF") }
            sawCarriageReturn = false
            guard !line.isEmpty else { return .complete(try part()) }
            try takeLine()
            line.removeAll(keepingCapacity: true)
        } else if byte == 0x0D {
            sawCarriageReturn = true
        } else if byte == 0x0A {
            throw .invalidHeader(part: label, reason: "an LF without CR; lines end in CRLF")
        } else {
            guard byte == 0x09 || (byte >= 0x20 && byte != 0x7F) else {
                throw .invalidHeader(part: label, reason: "it holds the control character \(byte)")
            }
            guard line.count < limits.maxHeaderBytes else {
                throw .headersTooLarge(
                    part: label,
                    reason: "a header of more than \(limits.maxHeaderBytes) bytes, which is the most allowed")
            }
            line.append(byte)
        }
        return .more
    }

    private mutating func takeLine() throws(MultipartError) {
        count += 1
        guard count <= limits.maxHeaders else {
            throw .headersTooLarge(
                part: label, reason: "more than \(limits.maxHeaders) headers, which is the most allowed")
        }
        guard let first = line.first, !first.isBlank else {
            throw .invalidHeader(part: label, reason: "a line begins with a blank; folded lines are not supported")
        }
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
            throw .invalidHeader(part: label, reason: "a line has no colon")
        }
        guard colon > 0, line[..<colon].allSatisfy(\.isTokenByte) else {
            throw .invalidHeader(part: label, reason: "its name is empty or holds characters that are not allowed")
        }
        let value = line[(colon + 1)...].trimmingBlanks
        switch String(decoding: line[..<colon], as: UTF8.self).lowercased() {
        case "content-disposition": try takeDisposition(value)
        case "content-type": try takeContentType(value)
        case "content-transfer-encoding": try takeEncoding(value)
        default: break
        }
    }

    private mutating func takeDisposition(_ value: ArraySlice<UInt8>) throws(MultipartError) {
        guard !sawDisposition else {
            throw .invalidDisposition(part: label, reason: "has Content-Disposition twice")
        }
        sawDisposition = true
        guard let parsed = MIMEParameters(value) else {
            throw .invalidDisposition(part: label, reason: "has a malformed Content-Disposition")
        }
        guard parsed.value == "form-data" else {
            throw .invalidDisposition(part: label, reason: "has the disposition \(parsed.value)")
        }
        guard let name = parsed["name"], !name.isEmpty else {
            throw .invalidDisposition(part: label, reason: "has no name")
        }
        guard let text = String(validating: name, as: UTF8.self) else {
            throw .invalidDisposition(part: label, reason: "has a name that is not UTF-8")
        }
        self.name = text
        // RFC 7578 section 4.2 forbids `filename*`, which older clients send alone for names beyond ASCII: it says that this is
        // a file.
        filename = (parsed["filename"] ?? parsed["filename*"]).map { String(decoding: $0, as: UTF8.self) }
    }

    private mutating func takeContentType(_ value: ArraySlice<UInt8>) throws(MultipartError) {
        guard contentType == nil else {
            throw .invalidHeader(part: label, reason: "Content-Type stands there twice")
        }
        let text = String(decoding: value, as: UTF8.self)
        guard !text.lowercased().hasPrefix("multipart/") else { throw .nested(part: label) }
        contentType = text
    }

    private func takeEncoding(_ value: ArraySlice<UInt8>) throws(MultipartError) {
        let encoding = String(decoding: value, as: UTF8.self)
        guard ["binary", "8bit", "7bit"].contains(encoding.lowercased()) else {
            throw .unsupportedEncoding(part: label, encoding: encoding)
        }
    }

    private func part() throws(MultipartError) -> MultipartPart {
        guard let name else {
            throw .invalidDisposition(part: position, reason: "has no Content-Disposition")
        }
        return MultipartPart(name: name, filename: filename, contentType: contentType)
    }
}
