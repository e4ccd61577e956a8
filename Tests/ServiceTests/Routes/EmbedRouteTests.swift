import HTTP
import JSON
import Testing

@testable import Service

@Suite struct `Embed route` {
    @Test func `a text or an image becomes a vector of length one`() throws {
        let harness = try Harness()
        let text = harness.send(form: "/v1/embed", Form([("text", "a")], image: nil))
        #expect(text.text.hasPrefix(#"{"embedding":[0.6,0,0.8],"dimensions":3,"model":"fake","request_id":""#))
        #expect(text.text.hasSuffix(#""inputs":{"text":{"tokens":3,"truncated":false}}}"#))
        let image = harness.send(form: "/v1/embed", Form())
        #expect(image.value("dimensions") == .integer(2))
    }

    @Test func `the vector is left as it is, or given in base64, where asked for`() throws {
        let harness = try Harness()
        let plain = harness.send(form: "/v1/embed?normalize=false", Form([("text", "a")], image: nil))
        #expect(plain.text.hasPrefix(#"{"embedding":[3,0,4],"#))
        let encoded = harness.send(
            form: "/v1/embed?normalize=false&encoding=base64", Form([("text", "a")], image: nil))
        let bytes: [UInt8] = [0, 0, 0x40, 0x40, 0, 0, 0, 0, 0, 0, 0x80, 0x40]
        #expect(encoded.string("embedding") == Base64.encode(bytes))
    }

    @Test func `a vector of length zero stays what it is`() {
        #expect(EmbedRoute.normalized([0, 0]) == [0, 0])
    }

    @Test func `a text beyond the model's limit is cut, and the answer says so`() throws {
        let answer = try Harness().send(form: "/v1/embed", Form([("text", "a b c d e")], image: nil))
        #expect(answer.text.hasSuffix(#""inputs":{"text":{"tokens":7,"truncated":true}}}"#))
    }

    @Test func `text and image of different spaces are not composed`() throws {
        let answer = try Harness().send(form: "/v1/embed", Form([("text", "a dog")]))
        #expect(answer.status == 422)
        #expect(answer.code == "task_not_available")
        #expect(answer.detail.contains("different spaces"))
    }

    @Test(arguments: ["/v1/vqa", "/v1/emotion", "/v1/classify/mood"])
    func `a task that the model cannot do says what it can`(_ path: String) throws {
        let answer = try Harness(FakeModel(hasHeads: false)).send("POST", path)
        #expect(answer.status == 422)
        #expect(answer.code == "task_not_available")
        #expect(answer.detail.contains("caption, embed and read"))
    }

    @Test func `parts of one space are composed to one vector, the mean of theirs`() throws {
        let harness = try Harness(FakeModel(hasSpace: true))
        let image = harness.send(form: "/v1/embed", Form())
        #expect(image.text.hasPrefix(#"{"embedding":[1,0,0],"dimensions":3,"#))
        let both = harness.send(form: "/v1/embed", Form([("text", "a dog")]))
        #expect(both.text.hasPrefix(#"{"embedding":[0.707107,0,0.707107],"dimensions":3,"#))
        #expect(both.value("inputs", "image") != nil)
        #expect(both.value("inputs", "text") != nil)
    }

    @Test func `a part that the model cannot embed is refused, and those that it can are named`() throws {
        let answer = try Harness().send(form: "/v1/embed", Form(image: nil, files: [("audio", [1, 2, 3])]))
        #expect(answer.status == 422)
        #expect(answer.code == "task_not_available")
        #expect(answer.detail.contains("it can embed \"image\" and \"text\""))
    }
}
