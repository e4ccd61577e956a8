import Foundation
import JSON
import Tasks
import Testing
import Tokenizer

@testable import Service

/// Small published models of Tests/Fixtures/blip and Tests/Fixtures/smolvlm behind the service.
@Suite struct `Pictures that published models see` {
    private static let fixtures = Photo.folder.deletingLastPathComponent()

    private func harness(_ names: String...) throws -> Harness {
        let harness = try Harness(isReady: false)
        let compute = Compute(threads: 2)
        try harness.service.serve(
            names.map { try Families.load(Self.fixtures.appending(path: $0).path, compute: compute) })
        return harness
    }

    private static func golden<Golden: Decodable>(_ file: String) throws -> Golden {
        try JSONDecoder().decode(Golden.self, from: Data(contentsOf: fixtures.appending(path: file)))
    }

    private struct BLIP: Decodable {
        struct Written: Decodable {
            struct Case: Decodable {
                let photo: Int
                let prompt: String?, question: String?
                let text: [String: [String]]
            }
            let cases: [Case]
        }
        struct Retrieval: Decodable {
            struct Match: Decodable {
                let photo: Int, text: Int
                let scores: [Double]
            }
            let matches: [Match]
        }

        let photos: [String], texts: [String]
        let caption: Written, vqa: Written
        let retrieval: Retrieval
    }

    @Test(arguments: [("greedy", "1"), ("beams 3", "3")])
    func `have the captions that transformers writes, with and without a beginning`(
        _ way: String, _ beams: String
    ) throws {
        let (harness, golden) = (try harness("blip/caption"), try Self.golden("blip/golden.json") as BLIP)
        for wanted in golden.caption.cases {
            let prompt = wanted.prompt.map { [("prompt", $0)] } ?? []
            let image = Photo.file(golden.photos[wanted.photo])
            let answer = harness.send(form: "/v1/caption", Form([("beams", beams)] + prompt, image: image))
            #expect(answer.string("caption") == wanted.text[way]?.first, "\(answer.text)")
        }
    }

    @Test func `are asked about beside a model that writes captions alone`() throws {
        let harness = try harness("blip/caption", "blip/vqa")
        let golden: BLIP = try Self.golden("blip/golden.json")
        for wanted in golden.vqa.cases {
            let question = [("question", try #require(wanted.question)), ("beams", "1")]
            let image = Photo.file(golden.photos[wanted.photo])
            let answer = harness.send(form: "/v1/vqa", Form(question, image: image))
            #expect(answer.string("answer") == wanted.text["greedy"]?.first, "\(answer.text)")
            #expect(answer.string("model") == "vqa")
        }
        let wrong = harness.send(form: "/v1/vqa?model=caption", Form([("question", "why?")]))
        #expect(wrong.status == 422 && wrong.code == "task_not_available", "\(wrong.text)")
        #expect(wrong.detail.contains("vqa"), "\(wrong.detail)")
    }

    @Test func `are matched with texts`() throws {
        let (harness, golden) = (try harness("blip/retrieval"), try Self.golden("blip/golden.json") as BLIP)
        for wanted in golden.retrieval.matches {
            let form = Form([("text", golden.texts[wanted.text])], image: Photo.file(golden.photos[wanted.photo]))
            let answer = harness.send(form: "/v1/classify/match", form)
            let score = try #require(answer.value("scores", "match").flatMap { try? JSONCursor($0).number() })
            #expect(abs(score - wanted.scores[1]) < 1e-4, "\(answer.text)")
        }
        let vector = harness.send(form: "/v1/embed", Form())
        #expect(vector.status == 200 && vector.value("embedding") != nil, "\(vector.text)")
    }

    private struct Conversation: Decodable {
        struct Message: Decodable {
            struct Part: Decodable {
                let type: String
                let path: String?, text: String?
            }
            let role: String
            let content: [Part]
        }

        let messages: [Message]
        let greedy: [Int]

        /// The body of /v1/chat, with the pictures within.
        var body: String {
            let messages = messages.map { message in
                let parts = message.content.map { part in
                    part.path.map { #"{"type":"image","image":"\#(Base64.encode(Photo.file($0)))"}"# }
                        ?? #"{"type":"text","text":"\#(part.text ?? "")"}"#
                }
                return #"{"role":"\#(message.role)","content":[\#(parts.joined(separator: ","))]}"#
            }
            return #"{"messages":[\#(messages.joined(separator: ","))],"max_tokens":16,"beams":1}"#
        }
    }

    @Test(arguments: ["smolvlm", "idefics3"])
    func `are talked about as transformers does it`(_ name: String) throws {
        let harness = try harness("smolvlm/\(name)")
        let conversations: [String: [Conversation]] = try Self.golden("smolvlm/expected.json")
        let tokenizer = try Tokenizer(folder: Self.fixtures.appending(path: "smolvlm/\(name)").path)
        for conversation in try #require(conversations[name]) {
            let answer = harness.send(
                "POST", "/v1/chat", [("Content-Type", "application/json")], body: Array(conversation.body.utf8))
            let wanted = tokenizer.decode(conversation.greedy).trimmingCharacters(in: .whitespaces)
            #expect(answer.value("message", "content") == .string(wanted), "\(answer.text)")
            #expect(answer.string("finish_reason") == (conversation.greedy.count < 16 ? "stop" : "length"))
        }
    }

    @Test func `are refused where there are more of them than the context holds`() throws {
        let pictures = (0..<20).map { _ in ("image", Photo.file("chelsea.jpg")) }
        let messages = [("messages", #"[{"role":"user","content":"what is it?"}]"#)]
        let answer = try harness("smolvlm/smolvlm").send(form: "/v1/chat", Form(messages, image: nil, files: pictures))
        #expect(answer.status == 422 && answer.detail.contains("at most 511"), "\(answer.text)")
    }
}
