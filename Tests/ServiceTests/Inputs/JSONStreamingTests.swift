import Foundation
import HTTP
import JSON
import Tasks
import Testing

@testable import Service

/// A JSON body that is decoded while it comes, against one that is parsed when it is there.
@Suite struct `Files in JSON` {
    private static let rules = InputRules(
        parts: [
            .init(name: "image", kind: .image), .init(name: "audio", kind: .audio), .init(name: "text", kind: .text),
            .init(name: "filter", kind: .object), .init(name: "embedding", kind: .vector),
            .init(name: "candidate", kind: .candidate),
        ], options: [InputOption.integer("top", in: 1...9, standard: 1).rule])
    private static let limits = BodyLimits(body: 1 << 20, part: 3000, parts: 8, text: 100)

    /// What becomes of a body: everything of its inputs, or the problem.
    private enum Outcome: Equatable {
        case inputs(
            files: [String: [UInt8]], texts: [String: String], values: [String: JSONValue], candidates: [String])
        case problem(Problem)

        init(_ read: () throws -> RequestInputs) {
            do {
                let inputs = try read()
                let names = rules.parts.map(\.name) + inputs.candidates
                self = .inputs(
                    files: Self.given(names, inputs.peek), texts: Self.given(names, inputs.text),
                    values: Self.given(names, inputs.value), candidates: inputs.candidates)
            } catch let problem as Problem {
                self = .problem(problem)
            } catch {
                self = .problem(.internalError)
            }
        }

        private static func given<Value>(_ names: [String], _ value: (String) -> Value?) -> [String: Value] {
            Dictionary(uniqueKeysWithValues: names.compactMap { name in value(name).map { (name, $0) } })
        }
    }

    private func streamed(_ body: [UInt8], split: (Int) -> Int) -> Outcome {
        Outcome {
            var reader = JSONBodyReader(inputs: try RequestInputs(Self.rules, query: nil), limits: Self.limits)
            var start = 0
            while start < body.count {
                let end = min(body.count, start + max(1, split(start)))
                body[start..<end].withUnsafeBytes { reader.receive($0) }
                start = end
            }
            switch try reader.finish() {
            case .inputs(let inputs): return inputs
            case .unparsed(let parse): return try parse()
            }
        }
    }

    private func whole(_ body: [UInt8]) -> Outcome {
        Outcome { try WholeJSONBody(body, Self.rules, Self.limits).inputs() }
    }

    private static let photo = (0..<200).map { UInt8(truncatingIfNeeded: $0 &* 77) }
    private static let base64 = Base64.encode(photo)

    static let bodies: [String] = [
        "{\"image\":\"\(base64)\",\"top\":3}", "{ \"text\" : \"a\", \"image\" : \"data:image/png;base64,\(base64)\" }",
        "{\"image\":\"\(base64.replacing("/", with: "\\/"))\"}", "{\"image\":\"\\u0041\\u0041\\u003D\\n=\"}",
        "{\"im\\u0061ge\":\"AAAA\"}",
        "{\"candidate\":[\"a\",{\"image\":\"\(base64)\"},{\"text\":\"b\"},{\"audio\":\"AAAA\"}]}",
        "{\"candidate\":[{\"image\":\"AAAA\",\"audio\":\"AAAA\"}]}", "{\"candidate\":{\"image\":\"AAAA\"}}",
        "{\"candidate\":[[{\"image\":\"AAAA\"}]]}", "{\"candidate\":[{\"image\":{\"image\":\"AAAA\"}}]}",
        "{\"candidate\":[{\"embedding\":[1,2]}],\"embedding\":\"AAAA\"}", "{\"filter\":{\"image\":\"\\\"AAAA\"}}",
        "{\"image\":\"AAAA\",\"image\":\"AAAA\"}", "{\"image\":\"AAAA\",\"audio\":7}", "{\"image\":null}",
        "{\"image\":[\"AAAA\"]}", "{\"image\":\"\"}", "{\"image\":\"AAA\"}", "{\"image\":\"A\"}", "{\"image\":\"AA=\"}",
        "{\"image\":\"AA==AA\"}", "{\"image\":\"A*AA\"}", "{\"image\":\"HTTP://x/y\"}", "{\"image\":\"data:,AAAA\"}",
        "{\"image\":\"DATA:;BASE64,AAAA\"}", "{\"image\":\"data:\(String(repeating: "x", count: 300));base64,AAAA\"}",
        "{\"image\":\"\(String(repeating: "A", count: 4004))\"}",
        "{\"image\":\"\(String(repeating: "A", count: 4008))\"}",
        "{\"image\":\"*\(String(repeating: "A", count: 5000))\"}", "{\"image\":\"é\(base64)\"}",
        "{\"image\":\"AA\\uD83D\\uDE00\"}", "{\"image\":\"AA\\uD83D\"}", "{\"image\":\"AA\\uD83DAA\"}",
        "{\"image\":\"AA\\uD83D\\u0041\"}", "{\"image\":\"AA\\uDE00\"}", "{\"image\":\"AA\\uD8\"}",
        "{\"image\":\"AA\\uD83D\\n\"}", "{\"image\":\"AA\\x\"}", "{\"image\":\"AA\tAA\"}", "{\"image\":\"AAAA",
        "{\"image\":\"AA\\",
        "{\"image\":\"AA\\u00", "{\"image\":\"AA\\uD83D\\", "{\"image\":\"AAAA\"", "{\"image\":\"AAAA\" \"x\"}",
        "{\"image\":\"AAAA\",}", "{\"image\" \"AAAA\"}", "{\"image\":\"AAAA\"}{}", "[\"AAAA\"]", "\"image\"", "", "{",
        "{\"top\":[[[[[[[[[[[[[1]]]]]]]]]]]]]}", "{\"image\":\"AAAA\",\"top\":[[[[[[[[[[[[[\"AAAA\"]]]]]]]]]]]]]}",
        "{\"imagine\":\"AAAA\"}", "{\"text\":\"\\\\\",\"image\":\"AAAA\"}", "{\"text\":\"\\\"image\\\":\",\"top\":1}",
        "{\"image\":\"AAAA\",\"\\u00zz\":1}", "{\"image\":\"AAAA\",\"top\":01}",
    ]

    @Test(arguments: bodies)
    func `are the same whole, byte by byte and split anywhere`(_ text: String) {
        let body = Array(text.utf8)
        let expected = whole(body)
        #expect(streamed(body) { _ in body.count } == expected)
        #expect(streamed(body) { _ in 1 } == expected)
        for place in stride(from: 0, to: body.count, by: body.count > 600 ? 97 : 1) {
            #expect(streamed(body) { $0 < place ? place - $0 : body.count } == expected, "split at \(place)")
        }
    }

    @Test(arguments: [
        [0xC3], [0xC3, 0x28], [0xE2, 0x82], [0xF0, 0x9F, 0x98], [0xED, 0xA0, 0x80], [0x80], [0xFF], [0xC0, 0xAF],
    ])
    func `that are no UTF-8 are refused where the string begins`(_ bytes: [UInt8]) {
        for (before, after) in [("AAAA", "AAAA"), ("", ""), ("", "\\n"), ("AA", "\tA")] {
            let body = Array("{\"image\":\"\(before)".utf8) + bytes + Array("\(after)\",\"top\":1}".utf8)
            #expect(streamed(body) { _ in 1 } == whole(body))
            #expect(streamed(body) { _ in body.count } == whole(body))
        }
    }

    private static let iterations =
        ProcessInfo.processInfo.environment["SENSORIUM_FUZZ_ITERATIONS"].flatMap { Int($0) } ?? 4000

    private static let words = [
        "\"", "\\", "{", "}", "[", "]", ":", ",", "\\u", "\\uD83D", "\\uDE00", "\\/", "\\n", "image", "candidate",
        "audio", "AAAA",
        "=", "data:", ";base64,", "null", "\u{1}", "é", "😀", "1", "-",
    ]

    @Test func `damaged in any way are as wrong as they are whole`() {
        var random = SplitMix64(seed: 16)
        var problems = 0
        for number in 0..<Self.iterations {
            var body = Array(Self.bodies[number % Self.bodies.count].utf8)
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                let place = Int.random(in: 0...body.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: body.insert(contentsOf: (Self.words.randomElement(using: &random) ?? "").utf8, at: place)
                case 1 where place < body.count: body[place] = UInt8.random(in: 0...255, using: &random)
                case 2: body.removeSubrange(place..<min(body.count, place + Int.random(in: 0...9, using: &random)))
                default: body.insert(contentsOf: body.suffix(from: place).prefix(30), at: place)
                }
            }
            let expected = whole(body)
            if case .problem = expected { problems += 1 }
            let size = Int.random(in: 1...20, using: &random)
            #expect(streamed(body) { _ in size } == expected, "\(String(decoding: body, as: UTF8.self))")
        }
        #expect(problems < Self.iterations && problems > Self.iterations / 10)
    }

    @Test func `take no more memory than their bytes while they come`() throws {
        var reader = JSONBodyReader(
            inputs: try RequestInputs(Self.rules, query: nil), limits: BodyLimits(body: 8 << 20, part: 8 << 20))
        let piece = [UInt8](repeating: UInt8(ascii: "A"), count: 64 << 10)
        Array("{\"image\":\"".utf8).withUnsafeBytes { reader.receive($0) }
        for number in 1...64 {
            piece.withUnsafeBytes { reader.receive($0) }
            #expect(reader.keptBytes <= number * (48 << 10) + (320 << 10))
        }
    }
}

/// A body as RFC 8259 has it: parsed when all of it is there, then its members are taken one by one.
private struct WholeJSONBody {
    let body: [UInt8]
    let rules: InputRules
    let limits: BodyLimits

    init(_ body: [UInt8], _ rules: InputRules, _ limits: BodyLimits) {
        (self.body, self.rules, self.limits) = (body, rules, limits)
    }

    func inputs() throws(Problem) -> RequestInputs {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: body, limits: JSONBodyReader.limits(bytes: limits.body))
        } catch {
            throw Problem(.malformedJSON, error.description)
        }
        guard case .object(let members) = value else {
            throw Problem(.malformedJSON, "The body must be a JSON object such as {\"image\": \"<base64>\"}.")
        }
        var inputs = try RequestInputs(rules, query: nil)
        for (name, value) in members where value != .null || rules.meaning(of: name) == nil {
            switch rules.meaning(of: name) {
            case .option(let rule)?: try inputs.add(rule, .json(value))
            case .part(.text)?: try inputs.add(text: name, text(name, value), maxBytes: limits.text)
            case .part(.object)?, .part(.vector)?: try inputs.add(value: name, value)
            case .part(.candidate)?: try add(value, name, &inputs)
            case .part(let kind)?:
                try inputs.refuseSecond(name)
                try inputs.add(file: name, file(name, kind, value))
            case nil: throw rules.refusal(ofUnknown: name)
            }
        }
        return inputs
    }

    private func add(_ value: JSONValue, _ name: String, _ inputs: inout RequestInputs) throws(Problem) {
        guard case .array(let candidates) = value, (1...limits.parts).contains(candidates.count) else {
            throw refusal(
                .unexpectedPart, name, "takes an array of 1 to \(limits.parts) candidates, but is \(value.summary)")
        }
        let forms = "a text, or an object with one member \"image\", \"audio\", \"text\" or \"embedding\""
        for candidate in candidates {
            let kept = inputs.nameCandidate(name)
            switch candidate {
            case .string(let text): try inputs.add(text: kept, text, maxBytes: limits.text)
            case .object(let members):
                let kinds = ["image", "audio", "text", "embedding"]
                if let kind = members.keys.first(where: { !kinds.contains($0) }) {
                    throw refusal(.unexpectedPart, kept, "has a member \"\(kind.prefix(32))\"; it takes \(forms)")
                }
                let given = members.filter { $0.1 != .null }
                guard given.count == 1, let (kind, value) = given.first else {
                    throw refusal(.unexpectedPart, kept, "is \(candidate.summary); it takes \(forms)")
                }
                switch kind {
                case "text": try inputs.add(text: kept, text(kept, value), maxBytes: limits.text)
                case "image": try inputs.add(file: kept, file(kept, .image, value))
                case "audio": try inputs.add(file: kept, file(kept, .audio, value))
                default: try inputs.add(value: kept, value)
                }
            default: throw refusal(.unexpectedPart, kept, "is \(candidate.summary); it takes \(forms)")
            }
        }
    }

    private func text(_ name: String, _ value: JSONValue) throws(Problem) -> String {
        guard case .string(let text) = value else {
            throw refusal(.invalidText, name, "must be a string, but is \(value.summary)")
        }
        return text
    }

    private func file(_ name: String, _ kind: PartKind, _ value: JSONValue) throws(Problem) -> [UInt8] {
        guard case .string(let string) = value else {
            throw refusal(kind.undecodable, name, "must be a string of base64, but is \(value.summary)")
        }
        let text = Array(string.utf8)
        var payload = text[...]
        if String(decoding: text.prefix(5), as: UTF8.self).lowercased() == "data:" {
            guard let comma = text.prefix(256).firstIndex(of: UInt8(ascii: ",")),
                String(decoding: text[..<comma], as: UTF8.self).lowercased().hasSuffix(";base64")
            else {
                throw refusal(
                    kind.undecodable, name,
                    "is a data: URL without \";base64,\"; write data:image/jpeg;base64,<base64>")
            }
            payload = text[(comma + 1)...]
        } else if text.prefix(12).contains(UInt8(ascii: ":")) {
            throw refusal(
                kind.undecodable, name,
                "is a URL, and the server fetches nothing; send the bytes of the file in base64")
        }
        guard payload.count / 4 * 3 <= limits.part + 3 else {
            throw .tooLarge("part", name, limit: limits.part, flag: "--max-part")
        }
        guard let bytes = Base64.decode(payload) else {
            throw refusal(
                kind.undecodable, name, "is not valid base64; encode the bytes of the file with the standard alphabet")
        }
        return bytes
    }

    private func refusal(_ code: ProblemCode, _ name: String, _ what: String) -> Problem {
        Problem(code, "\"\(name)\" \(what).", members: ["part": .string(name)])
    }
}
