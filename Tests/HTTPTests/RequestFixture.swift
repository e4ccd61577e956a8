import Foundation
import Testing

@testable import HTTP

/// A case of Tests/Fixtures/http: octets and what must be understood of them.
struct RequestFixture: Sendable, CustomTestStringConvertible {
    enum Verdict: Equatable, Sendable {
        /// The requests are all there is.
        case complete
        case refused(Int)
        case waits
    }

    struct ExpectedRequest: Sendable {
        var method: String
        var path: String
        /// `body`, `segments`, `query` or a field's name, with the value; "(none)" where there is none.
        var parts: [(key: String, value: [UInt8])] = []
    }

    var name: String
    var octets: [UInt8] = []
    var requests: [ExpectedRequest] = []
    var verdict = Verdict.complete

    var testDescription: String { name }

    /// Every case of every file.
    static let all: [RequestFixture] = {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../Fixtures/http").standardizedFileURL
        let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
        return files.filter { $0.pathExtension == "txt" }.sorted { $0.path < $1.path }.flatMap { file in
            cases(in: (try? String(contentsOf: file, encoding: .utf8)) ?? "")
        }
    }()

    private static func cases(in text: String) -> [RequestFixture] {
        var cases: [RequestFixture] = []
        for line in text.split(separator: "\n") {
            let rest = line.dropFirst(2)
            switch line.first {
            case "[": cases.append(RequestFixture(name: String(line)))
            case ">": cases[cases.count - 1].octets += unescape(rest)
            case "=": cases[cases.count - 1].requests.append(expected(rest))
            case "!": cases[cases.count - 1].verdict = .refused(Int(rest) ?? 0)
            case "~": cases[cases.count - 1].verdict = .waits
            default: break
            }
        }
        return cases
    }

    private static func expected(_ line: Substring) -> ExpectedRequest {
        let parts = line.components(separatedBy: " | ")
        let words = parts[0].split(separator: " ")
        return ExpectedRequest(
            method: String(words[0]), path: String(words[1]),
            parts: parts.dropFirst().map { part in
                let equals = part.firstIndex(of: "=") ?? part.endIndex
                return (String(part[..<equals]), unescape(part[equals...].dropFirst()))
            })
    }

    /// `\r \n \t \\ \xHH` and `\{count*octets}`, the last nested at will.
    private static func unescape(_ text: Substring) -> [UInt8] {
        var input = Array(text.utf8)[...]
        return unescape(&input, nested: false)
    }

    private static func unescape(_ input: inout ArraySlice<UInt8>, nested: Bool) -> [UInt8] {
        var output: [UInt8] = []
        while let byte = input.popFirst() {
            if nested, byte == UInt8(ascii: "}") { return output }
            guard byte == UInt8(ascii: "\\"), let kind = input.popFirst() else {
                output.append(byte)
                continue
            }
            switch kind {
            case UInt8(ascii: "r"): output.append(13)
            case UInt8(ascii: "n"): output.append(10)
            case UInt8(ascii: "t"): output.append(9)
            case UInt8(ascii: "x"):
                output.append(UInt8(String(decoding: input.prefix(2), as: UTF8.self), radix: 16) ?? 0)
                input = input.dropFirst(2)
            case UInt8(ascii: "{"):
                let count = Int(String(decoding: input.prefix { $0 != UInt8(ascii: "*") }, as: UTF8.self)) ?? 0
                input = input.drop { $0 != UInt8(ascii: "*") }.dropFirst()
                let repeated = unescape(&input, nested: true)
                for _ in 0..<count { output += repeated }
            default: output.append(kind)
            }
        }
        return output
    }
}

/// What a parser made of a stream of octets: requests with their bodies put together.
struct ParsedStream: Equatable {
    struct Request: Equatable {
        var method: String
        var path: String
        var segments: [String]
        var query: String?
        var headers: HTTPHeaders
        var minorVersion: Int
        var keepsAlive: Bool
        var expectsContinue: Bool
        var body: [UInt8] = []
        var isComplete = false
    }

    var requests: [Request] = []
    var failure: HTTPFailure?

    /// Parses pieces that end at the given offsets.
    init(_ octets: [UInt8], cuts: [Int] = [], limits: ParserLimits = ParserLimits(), bodyLimit: Int = .max) {
        var parser = RequestParser(limits: limits)
        var start = 0
        for end in cuts + [octets.count] {
            let piece = Array(octets[start..<end])
            start = end
            do throws(HTTPFailure) {
                try take(piece, &parser, bodyLimit)
            } catch {
                failure = error
                return
            }
        }
    }

    private mutating func take(_ piece: [UInt8], _ parser: inout RequestParser, _ bodyLimit: Int) throws(HTTPFailure) {
        var position = 0
        while true {
            switch try parser.next(piece.span, from: &position) {
            case .needsMore:
                return
            case .head(let head, let persistence):
                parser.bodyLimit = bodyLimit
                requests.append(
                    Request(
                        method: head.method, path: head.path, segments: head.segments, query: head.query,
                        headers: head.headers, minorVersion: head.minorVersion, keepsAlive: persistence.keepsAlive,
                        expectsContinue: persistence.expectsContinue))
            case .body(let range):
                requests[requests.count - 1].body += piece[range]
            case .end:
                requests[requests.count - 1].isComplete = true
            }
        }
    }
}
