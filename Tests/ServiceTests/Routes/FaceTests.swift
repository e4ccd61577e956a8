import JSON
import Media
import Testing

@testable import Service
@testable import Tasks

@Suite struct `Faces` {
    private static func face(_ x: Int, _ y: Int, _ side: Int) -> FaceBox {
        FaceBox(
            x: Float(x), y: Float(y), width: Float(side), height: Float(side), score: 0.75,
            crop: PixelRectangle(x: x, y: y, width: side, height: side))
    }

    /// Photo.jpeg has 61 × 45 pixels.
    private func harness(_ faces: [FaceBox]?) throws -> Harness { try Harness(FakeModel(faces: faces)) }

    private func faces(_ answer: Answer) -> [JSONValue]? {
        if case .array(let faces)? = answer.value("faces") { faces } else { nil }
    }

    private let two = [face(20, 4, 30), face(2, 3, 8)]

    @Test func `the largest face is looked at, and its box told`() throws {
        let answer = try harness(two).send(form: "/v1/emotion", Form())
        #expect(answer.status == 200, "\(answer.text)")
        #expect(
            answer.text.contains(
                #""faces":[{"box":{"x":20,"y":4,"width":30,"height":30},"confidence":0.75,"emotion":""#))
        #expect(faces(answer)?.count == 1)
    }

    @Test func `all faces are told, the largest first, and the answer is that of the largest`() throws {
        let answer = try harness(two).send(form: "/v1/emotion", Form([("face", "all"), ("text", "oh no")]))
        #expect(answer.status == 200, "\(answer.text)")
        let found = try #require(faces(answer))
        #expect(found.count == 2)
        #expect(answer.text.contains(#"{"box":{"x":2,"y":3,"width":8,"height":8}"#))
        guard case .object(let first)? = found.first else { return }
        #expect(first["scores"] == answer.value("modalities", "image", "scores"))
    }

    @Test func `more faces than are looked at leave the smallest out`() throws {
        let many = (1...40).reversed().map { Self.face(0, 0, $0) }
        let found = try #require(faces(try harness(many).send(form: "/v1/emotion?face=all", Form())))
        #expect(found.count == TakenFace.most)
    }

    @Test(arguments: ["auto", "all"])
    func `a photo without a face is refused, and left out where another part is there`(_ face: String) throws {
        let harness = try harness([])
        let alone = harness.send(form: "/v1/emotion", Form([("face", face)]))
        #expect(alone.status == 422)
        #expect(alone.code == "no_face")
        #expect(alone.detail.contains("face=whole"))
        #expect(harness.send(form: "/v1/classify/feelings", Form()).code == "no_face")
        let both = harness.send(form: "/v1/emotion", Form([("face", face), ("text", "oh no")]))
        #expect(both.status == 200)
        #expect(faces(both)?.isEmpty == true)
        #expect(both.value("modalities", "image") == nil)
        #expect(both.value("inputs", "image") != nil)
    }

    @Test func `the whole photo is taken where asked for, and by a model that looks for no faces`() throws {
        for answer in [
            try harness(two).send(form: "/v1/emotion?face=whole", Form()),
            try harness([]).send(form: "/v1/emotion?face=whole", Form()),
            try harness(nil).send(form: "/v1/emotion", Form()),
        ] {
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.value("faces") == nil)
        }
    }

    @Test func `an explanation shows the face that was looked at`() throws {
        let answer = try harness(two).send(form: "/v1/emotion?explain=true", Form([("text", "oh no")]))
        guard case .string(let base64)? = answer.value("explanation", "image", "heat_map") else {
            Issue.record("\(answer.text)")
            return
        }
        let map = try ImageDecoder.decode(try #require(Base64.decode(base64.utf8)))
        #expect(map.width == 30 && map.height == 30)
    }

    @Test func `a box in an image that was decoded smaller is told in pixels of the photo`() {
        let small = PixelImage(width: 10, height: 20, pixels: [UInt8](repeating: 0, count: 600))
        let face = FaceBox(
            x: 4, y: 10, width: 6, height: 5.2, score: 1, crop: PixelRectangle(x: 0, y: 0, width: 1, height: 1))
        let box = face.box(from: small, width: 21, height: 40)
        #expect(box == PixelRectangle(x: 8, y: 20, width: 13, height: 10))
    }
}
