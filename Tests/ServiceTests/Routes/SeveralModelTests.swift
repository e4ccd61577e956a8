import Testing

@testable import Service

/// A model that writes and reads but neither classifies nor has a space, and one that does both.
@Suite struct `Several models` {
    private let harness: Harness

    init() throws {
        harness = try Harness(FakeModel(name: "writer", hasHeads: false), isReady: false)
        try harness.service.serve(harness.model, FakeModel(name: "reader", hasSpace: true, reads: false))
    }

    private func ask(_ path: String, _ fields: [(String, String)] = [], photo: Bool = true) -> Answer {
        harness.send(form: path, photo ? Form(fields) : Form(fields, image: nil))
    }

    @Test func `are asked in the order in which they were named, each for what it can do`() {
        #expect(ask("/v1/caption").string("model") == "writer")
        #expect(ask("/v1/classify/tone", [("text", "hello")], photo: false).string("model") == "reader")
        #expect(ask("/v1/vqa", [("question", "what is it?")]).string("model") == "reader")
        #expect(ask("/v1/read").string("model") == "writer")
        #expect(ask("/v1/embed", [("text", "hello")], photo: false).value("dimensions") == .integer(3))
    }

    @Test func `are chosen by the query string, or by the body`() {
        #expect(ask("/v1/caption?model=reader").string("model") == "reader")
        #expect(ask("/v1/caption", [("model", "reader")]).string("model") == "reader")
        #expect(ask("/v1/embed?model=reader", [("text", "hello")], photo: false).string("model") == "reader")
    }

    @Test func `that lack what is asked of them say which has it`() {
        let vqa = ask("/v1/vqa?model=writer", [("question", "what is it?")])
        #expect(vqa.status == 422 && vqa.code == "task_not_available")
        #expect(vqa.detail.contains("\"reader\" can: choose with ?model=reader."))
        let head = ask("/v1/classify/tone?model=writer", [("text", "hello")], photo: false)
        #expect(head.status == 422 && head.detail.contains("?model=reader"))
    }

    @Test func `of other names are not served, and the nearest is told`() {
        for answer in [ask("/v1/caption?model=raeder"), ask("/v1/caption", [("model", "raeder")])] {
            #expect(answer.status == 404 && answer.code == "unknown_model")
            #expect(answer.detail.contains("did you mean \"reader\"?"))
        }
    }

    @Test func `that a body names are refused like those of the query string`() {
        let answer = ask("/v1/classify/mood", [("text", "hello"), ("model", "writer")], photo: false)
        #expect(answer.status == 422 && answer.detail.contains("?model=reader"))
    }

    @Test func `are listed with what each can do, and counted apart`() throws {
        let models = harness.send("GET", "/v1/models").text
        #expect(models.firstRange(of: #""name":"writer""#) != nil && models.firstRange(of: #""name":"reader""#) != nil)
        _ = ask("/v1/caption?model=reader")
        #expect(harness.hasMetric("sensorium_queue_depth{task=\"caption\",model=\"reader\"} 0"))
    }
}
