import JSON
import Testing

@testable import Service
@testable import Tasks

/// How sure answers are, and those that are withheld.
@Suite struct ConfidenceRouteTests {
    private let sure = Confidence(
        value: 0.7,
        grounds: [.init(measure: .seen, value: 0.12, weight: -0.6), .init(measure: .match, value: 0.5, weight: 0.2)])
    private let question = [("question", "what is it?")]

    private func harness(_ confidence: Confidence?, least: Double = 0) throws -> Harness {
        try Harness(FakeModel(confidence: confidence)) { $0.minConfidence = least }
    }

    @Test(arguments: [
        ("/v1/caption", "caption"), ("/v1/vqa", "answer"), ("/v1/emotion", "emotion"),
        ("/v1/classify/feelings", "label"),
    ])
    func `an answer says how sure it is, and below the least it is null, declined and explained`(
        _ path: String, _ field: String
    ) throws {
        let harness = try harness(sure)
        let fields = path == "/v1/vqa" ? question : []
        let given = harness.send(form: path, Form(fields + [("min_confidence", "0.7")]))
        #expect(given.status == 200, "\(given.text)")
        #expect(given.value("confidence") == .number(0.7))
        #expect(given.string(field) != nil && given.value("declined") == nil && given.value("reason") == nil)
        let declined = harness.send(form: path, Form(fields + [("min_confidence", "0.71")]))
        #expect(declined.status == 200)
        #expect(declined.value(field) == .null)
        #expect(declined.value("declined") == .boolean(true))
        #expect(
            declined.string("reason")
                == "The confidence is 0.70 and had to be 0.71 at least: nothing in the picture is recognised with certainty."
        )
    }

    @Test func `what was considered is told with a withheld answer`() throws {
        let harness = try harness(sure)
        let caption = harness.send(form: "/v1/caption", Form([("min_confidence", "1")]))
        #expect(
            caption.text.contains(
                /"candidates":\[\{"text":"grey\d+ very very","log_probability":-0.5,"confidence":0.7,/))
        let answer = harness.send(form: "/v1/vqa", Form(question + [("min_confidence", "1")]))
        guard case .array(let answers)? = answer.value("answers") else {
            Issue.record("\(answer.text)")
            return
        }
        #expect(answers.count == 4)
    }

    @Test func `the server's least confidence holds where a request says none`() throws {
        let harness = try harness(sure, least: 0.9)
        #expect(harness.send(form: "/v1/caption", Form()).value("declined") == .boolean(true))
        #expect(harness.send(form: "/v1/caption?min_confidence=0.5", Form()).value("declined") == nil)
        #expect(harness.send(form: "/v1/vqa", Form(question + [("min_confidence", "0")])).value("declined") == nil)
    }

    @Test func `what a confidence was computed from is told with an explanation`() throws {
        let harness = try harness(sure)
        let answer = harness.send(form: "/v1/caption", Form([("explain", "true")]))
        #expect(answer.text.contains(#""confidence":0.7,"confidence_from":{"seen":0.12,"match":0.5}"#))
        #expect(harness.send(form: "/v1/caption", Form()).value("confidence_from") == nil)
    }

    @Test func `a model that does not say how sure it is answers as ever, and cannot be asked to decline`() throws {
        let harness = try harness(nil, least: 0.9)
        let answer = harness.send(form: "/v1/caption", Form())
        #expect(answer.status == 200 && answer.string("caption") != nil && answer.value("confidence") == nil)
        #expect(harness.send(form: "/v1/caption", Form([("min_confidence", "0")])).status == 200)
        let refused = harness.send(form: "/v1/caption", Form([("min_confidence", "0.5")]))
        #expect(
            refused.status == 422 && refused.code == "invalid_option" && refused.string("option") == "min_confidence")
    }

    @Test func `a stream tells no words of a caption that may be withheld`() throws {
        let harness = try harness(sure)
        let form = Form([("stream", "true"), ("min_confidence", "0.9")])
        let events = harness.send(form: "/v1/caption", form).text.split(separator: "\n\n")
        #expect(events.count == 1)
        #expect(
            events.first?.hasPrefix("event: result\ndata: {\"caption\":null,\"confidence\":0.7,\"declined\":true")
                == true)
        #expect(harness.send(form: "/v1/caption", Form([("stream", "true")])).text.contains("event: token"))
    }

    @Test(arguments: ["-0.1", "1.01", "nan", "high"]) func `only shares are least confidences`(_ value: String) throws {
        let answer = try harness(sure).send(form: "/v1/caption", Form([("min_confidence", value)]))
        #expect(answer.status == 422 && answer.code == "invalid_option")
    }

    private let exit = FakeLine("EXIT", 0.95, x: 2, y: 2, width: 30, height: 10)

    @Test func `an alt text is a sentence of the caption and the words in the picture`() throws {
        let harness = try Harness(FakeModel(lines: [exit], confidence: sure))
        let answer = harness.send(form: "/v1/caption?style=alt", Form())
        #expect(answer.status == 200, "\(answer.text)")
        #expect(
            answer.string("caption")?.contains(/^Grey\d+ very very, with the words “EXIT”\.$/) == true, "\(answer.text)"
        )
        #expect(answer.value("words") == nil)
        #expect(harness.send(form: "/v1/caption?style=alt&read=true", Form()).value("words") != nil)
    }

    @Test func `an alt text leaves out a caption that is not sure, and is none where nothing is`() throws {
        let unsure = Confidence(value: 0.3)
        let words = try Harness(FakeModel(lines: [exit], confidence: unsure)).send(
            form: "/v1/caption?style=alt", Form())
        #expect(words.string("caption") == "A picture of the words “EXIT”.")
        #expect(words.value("confidence") == .number(0.95) && words.value("declined") == nil)
        let none = try Harness(FakeModel(confidence: unsure)).send(form: "/v1/caption?style=alt", Form())
        #expect(none.value("caption") == .null && none.value("declined") == .boolean(true))
        #expect(none.string("reason")?.hasPrefix("The confidence is 0.30 and had to be 0.50 at least") == true)
    }

    @Test func `a stream of an alt text is its result alone`() throws {
        let harness = try Harness(FakeModel(confidence: sure))
        let answer = harness.send(form: "/v1/caption", Form([("stream", "true"), ("style", "alt")]))
        #expect(answer.text.split(separator: "\n\n").count == 1)
    }
}
