import Testing

@testable import HTTP

/// What a parser made of a body, whatever the pieces it came in.
struct MultipartOutcome: Equatable {
    struct Part: Equatable {
        var part: MultipartPart
        var content: [UInt8] = []
        var isComplete = false
    }

    var parts: [Part] = []
    var error: MultipartError?

    /// Names and contents: `text=hi`; parts that were not completed are left out.
    var fields: [String] {
        parts.filter(\.isComplete).map { "\($0.part.name)=\(String(decoding: $0.content, as: UTF8.self))" }
    }
}

enum Multipart {
    static let boundary = "B"

    /// Parses a body given in these pieces.
    static func parse(
        pieces: [ArraySlice<UInt8>], boundary: String = boundary, limits: MultipartLimits = MultipartLimits()
    ) throws -> MultipartOutcome {
        var outcome = MultipartOutcome()
        var parser = MultipartParser(boundary: try MultipartBoundary(boundary), limits: limits)
        do throws(MultipartError) {
            for piece in pieces {
                let bytes = Array(piece)
                var failure: MultipartError?
                bytes.withUnsafeBytes { buffer in
                    do throws(MultipartError) {
                        try parser.feed(buffer) { outcome.take($0) }
                    } catch {
                        failure = error
                    }
                }
                if let failure { throw failure }
            }
            try parser.finish()
        } catch {
            outcome.error = error
        }
        return outcome
    }

    /// Parses a body whole, byte by byte and cut in two at every offset, expects the same each time, and returns that.
    static func parse(
        _ body: [UInt8], boundary: String = boundary, limits: MultipartLimits = MultipartLimits(),
        at location: SourceLocation = #_sourceLocation
    ) throws -> MultipartOutcome {
        let whole = try parse(pieces: [body[...]], boundary: boundary, limits: limits)
        let single = try parse(
            pieces: body.indices.map { body[$0...$0] }, boundary: boundary, limits: limits)
        #expect(single == whole, "byte by byte", sourceLocation: location)
        for offset in body.indices {
            let cut = try parse(pieces: [body[..<offset], body[offset...]], boundary: boundary, limits: limits)
            #expect(cut == whole, "cut at \(offset)", sourceLocation: location)
        }
        return whole
    }

    static func parse(
        _ body: String, boundary: String = boundary, limits: MultipartLimits = MultipartLimits(),
        at location: SourceLocation = #_sourceLocation
    ) throws -> MultipartOutcome {
        try parse(Array(body.utf8), boundary: boundary, limits: limits, at: location)
    }

    /// A body of one part with these header lines and this content.
    static func body(headers: [String], content: String = "x") -> String {
        "--B\r\n" + headers.map { $0 + "\r\n" }.joined() + "\r\n" + content + "\r\n--B--\r\n"
    }

    /// A body of one text field.
    static func field(_ content: String, name: String = "text") -> String {
        body(headers: ["Content-Disposition: form-data; name=\"\(name)\""], content: content)
    }

    static func field(_ content: [UInt8]) -> [UInt8] {
        let parts = field("|").split(separator: "|")
        return Array(parts[0].utf8) + content + Array(parts[1].utf8)
    }
}

extension MultipartOutcome {
    mutating func take(_ event: MultipartEvent) {
        switch event {
        case .partBegin(let part): parts.append(Part(part: part))
        case .partData(let bytes): parts[parts.count - 1].content += bytes
        case .partEnd: parts[parts.count - 1].isComplete = true
        }
    }
}
