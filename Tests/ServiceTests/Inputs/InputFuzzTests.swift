import Foundation
import JSON
import Tasks
import Testing

@testable import Service

/// Bodies and queries that a seeded generator damages: whatever comes, there is one answer, and it is never the server's fault.
@Suite struct `Damaged inputs` {
    private static let iterations =
        ProcessInfo.processInfo.environment["SENSORIUM_FUZZ_ITERATIONS"].flatMap { Int($0) } ?? 3000

    private static let seeds: [(target: String, type: String, body: [UInt8])] = {
        let base64 = Base64.encode(Photo.jpeg)
        let form = Form([("beams", "2"), ("temperature", "0.5"), ("prompt", "a dog"), ("stream", "false")])
        let text = Form([("text", "a dog runs"), ("normalize", "false")], image: nil)
        let question = Form([("question", "why is it red?"), ("top", "3")])
        let feelings = Form(
            [("text", "oh no")],
            files: [("audio", Sound.wav([Int16](repeating: 5, count: 800))), ("features", npy([[1, 2, 3]]))])
        let json = "{\"image\":\"data:image/jpeg;base64,\(base64)\",\"beams\":1,\"seed\":7,\"stream\":true}"
        return [
            ("/v1/caption?max_tokens=3", form.contentType, form.body),
            ("/v1/embed", text.contentType, text.body),
            ("/v1/vqa?explain=true", question.contentType, question.body),
            ("/v1/emotion?face=whole&explain=true", feelings.contentType, feelings.body),
            ("/v1/classify/mood?top=1", "application/json", Array("{\"text\":\"a dog\"}".utf8)),
            ("/v1/caption?beams=1&seed=%31", "application/json", Array(json.utf8)),
            ("/v1/embed?encoding=base64", "application/json", Array("{\"text\":\"a dog\",\"normalize\":true}".utf8)),
            ("/v1/caption?prompt=a+dog", "image/jpeg", Photo.jpeg),
            ("/v1/embed?model=fake", "text/plain; charset=\"utf-8\"", Array("a dog runs".utf8)),
        ]
    }()

    private static let words = [
        "\"", "\\", "{", "}", "[", ":", ",", "--XYZ", "--XYZ--", "\r\n", "\r", "\n", "\0", "=", "%", "&", "\u{FEFF}",
        "é",
        "1e999", "-1", "18446744073709551616", "null", "data:", "http://", "; name=\"image\"", "Content-Disposition: ",
        "image", "beams", "text", "nan", "\u{7F}",
    ]

    private static func damage(_ bytes: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let place = Int.random(in: 0...bytes.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes.insert(contentsOf: Array((words.randomElement(using: &random) ?? "").utf8), at: place)
            case 1 where place < bytes.count: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 2: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 0...20, using: &random)))
            case 3: bytes = Array(bytes.prefix(place))
            default: bytes.insert(contentsOf: bytes.suffix(from: place).prefix(40), at: place)
            }
        }
        return bytes
    }

    @Test func `every damaged request gets one answer that is not the server's fault`() throws {
        let harness = try Harness { $0.maxText = 1000 }
        var random = SplitMix64(seed: 1)
        var statuses: [Int: Int] = [:]
        for number in 0..<Self.iterations {
            let seed = Self.seeds[number % Self.seeds.count]
            var (target, type, body) = seed
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                // A query is visible ASCII: the HTTP server has refused everything else.
                let damaged = Self.damage(Array(target.utf8), &random).filter {
                    (0x21...0x7E).contains($0) && $0 != 0x23
                }
                target = seed.target.prefix { $0 != "?" } + "?" + String(decoding: damaged, as: UTF8.self)
            case 1: type = String(decoding: Self.damage(Array(type.utf8), &random), as: UTF8.self)
            default: body = Self.damage(body, &random)
            }
            let pieces = Int.random(in: 1...5, using: &random)
            let answer = harness.send("POST", target, [("Content-Type", type)], body: body, pieces: pieces)
            statuses[answer.status, default: 0] += 1
            #expect([200, 400, 413, 415, 422, 404].contains(answer.status), "\(target) \(type) \(answer.text)")
            if answer.status != 200 { #expect(answer.code.flatMap(ProblemCode.init) != nil) }
        }
        #expect(statuses.count > 3, "the damage reaches different checks: \(statuses)")
        // The last task lets go of its inputs only after it has answered.
        wait { harness.service.memory.reserved == 0 }
    }
}
