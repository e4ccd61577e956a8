import Glibc
import Testing

@testable import HTTP

/// A small generator of reproducible numbers (splitmix64, Steele et al. 2014).
private struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

@Suite struct MultipartFuzzTests {
    private static let iterations =
        getenv("SENSORIUM_FUZZ_ITERATIONS").flatMap { Int(String(cString: $0)) } ?? 8_000

    private static let corpus: [[UInt8]] = [
        Multipart.field("hi"), "pre\r\n" + Multipart.field("a\r\n--Bx\r\n--b") + "epilogue",
        Multipart.body(headers: [
            "Content-Disposition: form-data; name=\"image\"; filename=\"a\\\"b.jpg\"", "Content-Type: image/jpeg",
        ]),
        "--B\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--B \t\r\nContent-Disposition: form-data; name=b\r\n\r\n2\r\n--B--",
        "--B--\r\n",
    ].map { Array($0.utf8) }

    /// Pieces of syntax, so that mutations reach deep states.
    private static let tokens: [[UInt8]] = [
        "\r", "\n", "\r\n", "\r\n--B", "--B", "--B--", "\r\n--B--", "\r\n\r\n", "-", " ", "\t", ":", ";", "\"", "\\",
        "=", "\u{0}",
        "Content-Disposition: form-data; name=\"x\"\r\n", "Content-Type: text/plain\r\n", "B",
    ].map { Array($0.utf8) }

    private static func mutated(_ random: inout SeededGenerator) -> [UInt8] {
        var body = corpus[Int.random(in: 0..<corpus.count, using: &random)]
        for _ in 0..<Int.random(in: 0...4, using: &random) {
            let at = Int.random(in: 0...body.count, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: body.insert(contentsOf: tokens[Int.random(in: 0..<tokens.count, using: &random)], at: at)
            case 1: body.removeSubrange(at..<min(at + Int.random(in: 0...4, using: &random), body.count))
            case 2 where at < body.count: body[at] = UInt8.random(in: 0...255, using: &random)
            default: body.insert(contentsOf: body[..<at].suffix(Int.random(in: 0...20, using: &random)), at: at)
            }
        }
        return body
    }

    private static func cut(_ body: [UInt8], _ random: inout SeededGenerator) -> [ArraySlice<UInt8>] {
        var pieces: [ArraySlice<UInt8>] = []
        var start = 0
        while start < body.count {
            let end = min(start + Int.random(in: 0...9, using: &random), body.count)
            pieces.append(body[start..<end])
            start = end
        }
        return pieces
    }

    @Test func `whatever the bytes, cuts change nothing and the parts hold no more than was sent`() throws {
        let limits = MultipartLimits(
            maxBodyBytes: 400, maxPartBytes: 40, maxParts: 3, maxHeaders: 3, maxHeaderBytes: 80)
        var random = SeededGenerator(state: 0x5E45_0A1A)
        for _ in 0..<Self.iterations {
            let body = Self.mutated(&random)
            let whole = try Multipart.parse(pieces: [body[...]], limits: limits)
            let pieces = Self.cut(body, &random)
            guard try Multipart.parse(pieces: pieces, limits: limits) == whole else {
                Issue.record("cut as \(pieces.map(\.count)) differs: \(body)")
                return
            }
            #expect(whole.parts.count <= 3)
            #expect(whole.parts.allSatisfy { $0.content.count <= 40 })
            #expect(whole.parts.reduce(0) { $0 + $1.content.count } <= body.count)
            #expect(whole.error != nil || whole.parts.allSatisfy(\.isComplete))
        }
    }

    @Test func `any content without the boundary comes back as it was sent`() throws {
        var random = SeededGenerator(state: 7)
        for _ in 0..<Self.iterations / 4 {
            var content: [UInt8] = [0x2E]
            for _ in 0..<Int.random(in: 0...12, using: &random) {
                // Without LF, padding and dash after it, no piece completes a delimiter.
                content +=
                    ["\r", "\r\n", "\r\n-", "\r\n--", "\r\n--Bx", "a", "--B", "\r\n--C"].map { Array($0.utf8) }[
                        Int.random(in: 0..<8, using: &random)]
            }
            content.append(0x2E)
            let body = Multipart.field(content)
            guard !content.containsDelimiter else { continue }
            let outcome = try Multipart.parse(pieces: Self.cut(body, &random))
            #expect(outcome.parts.map(\.content) == [content])
            #expect(outcome.error == nil)
        }
    }
}

extension [UInt8] {
    /// Whether a plain search finds `CRLF--B` followed by CRLF or `--`.
    fileprivate var containsDelimiter: Bool {
        let text = String(decoding: self, as: UTF8.self).unicodeScalars.map(\.value)
        let ends: [[UInt32]] = [[0x0D, 0x0A], [0x2D, 0x2D]]
        let start: [UInt32] = [0x0D, 0x0A, 0x2D, 0x2D, 0x42]
        return text.indices.contains { index in
            text[index...].starts(with: start) && ends.contains { text[index...].dropFirst(5).starts(with: $0) }
        }
    }
}
