import Foundation
import Testing

@testable import HTTP

/// Seeded mutations of the fixtures: whatever comes, the parser neither traps nor depends on how the octets were divided,
/// and what it understands is bounded.
struct RequestParserFuzzTests {
    static let iterations = Int(ProcessInfo.processInfo.environment["SENSORIUM_FUZZ_ITERATIONS"] ?? "") ?? 60_000

    @Test func `mutated requests give the same result however they are divided`() throws {
        let corpus = RequestFixture.all.map(\.octets).filter { $0.count < 600 }
        var random = SplitMix(seed: 0x5E15_0112)
        var accepted = 0
        for _ in 0..<Self.iterations {
            let octets = mutated(corpus, &random)
            let whole = ParsedStream(octets, bodyLimit: 1 << 20)
            var cuts: [Int] = []
            for _ in 0..<Int.random(in: 0...4, using: &random) {
                cuts.append(Int.random(in: 0...octets.count, using: &random))
            }
            let divided = ParsedStream(octets, cuts: cuts.sorted(), bodyLimit: 1 << 20)
            try #require(
                divided == whole,
                "divided at \(cuts.sorted()): \(String(decoding: octets, as: UTF8.self).debugDescription)")
            try #require(whole.requests.reduce(0) { $0 + $1.body.count } <= octets.count)
            for request in whole.requests {
                accepted += 1
                try #require(request.headers.fields.count <= ParserLimits().headers)
                try #require(!request.segments.contains { $0.isEmpty || $0 == "." || $0 == ".." })
                for field in request.headers.fields {
                    try #require(!field.name.isEmpty && field.name.utf8.allSatisfy { $0.isTokenByte })
                    try #require(!field.value.unicodeScalars.contains { $0 == "\r" || $0 == "\n" || $0 == "\0" })
                }
            }
            if let failure = whole.failure {
                try #require([400, 413, 414, 417, 431, 501, 505].contains(failure.status))
                try #require(!failure.detail.isEmpty)
            }
        }
        // A mutation that always breaks the request would test the refusals only.
        #expect(accepted > Self.iterations / 10)
    }

    /// What one request may be understood as is what a second strict reader would take it for: framing re-derived from
    /// the fields must agree with the body that was delivered.
    @Test func `an accepted body is as long as its framing says`() throws {
        let corpus = RequestFixture.all.map(\.octets).filter { $0.count < 600 }
        var random = SplitMix(seed: 0xB0D1_E500)
        for _ in 0..<Self.iterations / 4 {
            let octets = mutated(corpus, &random)
            for request in ParsedStream(octets, bodyLimit: 1 << 20).requests where request.isComplete {
                let lengths = request.headers.values("Content-Length")
                let codings = request.headers.values("Transfer-Encoding")
                try #require(lengths.count <= 1 && codings.count <= 1 && lengths.count + codings.count <= 1)
                if let coding = codings.first {
                    try #require(coding.lowercased() == "chunked")
                } else {
                    try #require(request.body.count == lengths.first.map { Int($0) ?? -1 } ?? 0)
                }
                if request.minorVersion == 1 { try #require(request.headers.values("Host").count == 1) }
            }
        }
    }

    private static let tokens: [[UInt8]] = [
        "\r\n", "\r", "\n", " ", "\t", ":", "\0", ";", ",", "0\r\n\r\n", "5", "chunked", "Content-Length: 5\r\n",
        "Transfer-Encoding: chunked\r\n", "Host: a\r\n", "HTTP/1.1", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "%2e",
        "\u{FF}",
        "Connection: close\r\n", "Expect: 100-continue\r\n",
    ].map { Array($0.utf8) }

    private func mutated(_ corpus: [[UInt8]], _ random: inout SplitMix) -> [UInt8] {
        var octets = corpus[Int.random(in: 0..<corpus.count, using: &random)]
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            let place = Int.random(in: 0...octets.count, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0 where place < octets.count: octets[place] = UInt8.random(in: 0...255, using: &random)
            case 1 where place < octets.count: octets.remove(at: place)
            case 2:
                octets.insert(contentsOf: Self.tokens[Int.random(in: 0..<Self.tokens.count, using: &random)], at: place)
            case 3: octets.removeSubrange(place..<min(octets.count, place + Int.random(in: 0...20, using: &random)))
            case 4:
                let end = min(octets.count, place + Int.random(in: 0...40, using: &random))
                octets.insert(contentsOf: octets[place..<end], at: place)
            default: octets += corpus[Int.random(in: 0..<corpus.count, using: &random)]
            }
        }
        return octets
    }
}

/// The generator of Steele, Lea and Flood (2014): the same sequence on every machine.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
