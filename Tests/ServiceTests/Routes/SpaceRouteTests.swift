import Foundation
import HTTP
import JSON
import Tasks
import TemporaryFolders
import Testing

@testable import Service

/// Any key finds the item, with a small joint space (Tests/Fixtures/space): words, sounds, photos, sketches, and what they are
/// together.
@Suite struct `Queries of a joint space` {
    static let fixtures = Photo.folder.deletingLastPathComponent().appending(path: "space")
    private let folder: TemporaryFolder
    private let harness: Harness

    init() throws {
        folder = try TemporaryFolder()
        harness = try Self.harness(folder)
    }

    /// A server of the fixture's model.
    static func harness(_ folder: TemporaryFolder) throws -> Harness {
        let path = folder.path + "/data"
        let harness = try Harness(isReady: false) { $0.data = path }
        try harness.service.serve(try LoadedModel.load(fixtures.path, threads: 2))
        return harness
    }

    static func picture(_ name: String) -> [UInt8] { Photo.file("../space/\(name).png") }

    /// A second of noise.
    private static let noise = Sound.wav((0..<16_000).map { Int16(truncatingIfNeeded: ($0 &* 7919) % 4001 - 2000) })

    private func put(_ id: String, _ form: Form, query: String = "") -> Answer {
        harness.send(
            "PUT", "/v1/collections/all/items/\(id)\(query)", [("Content-Type", form.contentType)], body: form.body)
    }

    private func retrieve(_ form: Form, _ options: String = "", from collection: String? = "all") -> Answer {
        harness.send(form: "/v1/retrieve?\(collection.map { "collection=\($0)" } ?? "")\(options)", form)
    }

    private static let photo = Form(image: picture("photo"))
    private static let sketch = Form(image: picture("sketch"))
    private static let words = Form([("text", "there is a triangle")], image: nil)
    private static let both = Form([("text", "there is a triangle")], image: picture("photo"))
    private static let sound = Sound.form(noise)

    /// An item of each kind.
    private func fill() {
        for (id, form) in [
            ("photo", Self.photo), ("sketch", Self.sketch), ("words", Self.words), ("sound", Self.sound),
        ] {
            let answer = put(id, form)
            #expect(answer.status == 201, "\(answer.text)")
        }
    }

    private func ids(_ answer: Answer) -> [String] {
        answer.text.matches(of: /\{"id":"(\w+)"/).map { String($0.output.1) }
    }

    private func vector(_ form: Form, _ options: String = "") throws -> [Double] {
        let answer = harness.send(form: "/v1/embed?\(options)", form)
        #expect(answer.status == 200, "\(answer.text)")
        guard case .array(let values)? = answer.value("embedding") else { throw Missing() }
        return values.compactMap { value in
            switch value {
            case .number(let number): number
            case .integer(let number): Double(number)
            default: nil
            }
        }
    }

    private struct Missing: Error {}

    @Test(arguments: [("photo", photo), ("sketch", sketch), ("words", words), ("sound", sound)])
    func `every kind of key finds the item that was made of it`(id: String, form: Form) {
        fill()
        let answer = retrieve(form)
        #expect(answer.status == 200, "\(answer.text)")
        #expect(ids(answer).count == 4 && ids(answer).first == id)
        let part = id == "photo" || id == "sketch" ? "image" : id == "words" ? "text" : "audio"
        #expect(answer.text.contains(#""hits":[{"id":"\#(id)","score":1,"scores":{"\#(part)":1},"kind":"\#(part)","#))
    }

    @Test func `each hit says how near it is to each part of the query, and only to those`() throws {
        fill()
        let answer = retrieve(Self.both)
        #expect(answer.text.matches(of: /"scores":\{"image":-?[\d.]+,"text":-?[\d.]+\}/).count == 4)
        #expect(answer.text.contains(/"id":"photo","score":-?[\d.]+,"scores":\{"image":1,/))
        let alone = retrieve(Self.words)
        let inBoth = answer.text.matches(of: /"id":"(\w+)"[^}]*"text":(-?[\d.]+)\}/).map {
            "\($0.output.1) \($0.output.2)"
        }
        let inOne = alone.text.matches(of: /"id":"(\w+)"[^}]*"text":(-?[\d.]+)\}/).map {
            "\($0.output.1) \($0.output.2)"
        }
        #expect(inBoth.sorted() == inOne.sorted() && inOne.count == 4)
    }

    @Test func `the answer says what the picture was taken for, told or said`() {
        fill()
        for (form, options, view) in [
            (Self.photo, "", "photo"), (Self.sketch, "", "sketch"), (Self.photo, "&view=auto", "photo"),
            (Self.photo, "&view=sketch", "sketch"), (Self.sketch, "&view=photo", "photo"),
            (Self.sketch, "&view=sketch", "sketch"),
        ] {
            for answer in [
                retrieve(form, options), harness.send(form: "/v1/embed?\(options.dropFirst())", form),
                put("again", form, query: "?\(options.dropFirst())"),
            ] {
                #expect(answer.status < 300, "\(answer.text)")
                #expect(answer.value("inputs", "image", "view") == .string(view), "\(options): \(answer.text)")
            }
        }
        #expect(retrieve(Self.words).text.contains("view") == false)
    }

    @Test func `a weight of 0 is the picture alone, 1 the words alone, a half what is usual`() throws {
        for (other, form) in [
            (Self.photo, Self.both),
            (Self.sound, Form([("text", "there is a triangle")], image: nil, files: [("audio", Self.noise)])),
        ] {
            let alone = [try vector(other), try vector(Self.words)]
            for (leaning, expected) in zip([try vector(form, "weight=0"), try vector(form, "weight=1")], alone) {
                #expect(zip(leaning, expected).allSatisfy { abs($0 - $1) <= 1e-6 })
            }
            #expect(try vector(form, "weight=0.5") == vector(form))
            #expect(try vector(form, "weight=0.75") != vector(form))
        }
        fill()
        #expect(ids(retrieve(Self.both, "&weight=0")).first == "photo")
        #expect(ids(retrieve(Self.both, "&weight=1")).first == "words")
    }

    @Test func `the order of the parts does not matter`() throws {
        func form(_ order: [Int]) -> Form {
            let parts: [(String, String)] = [("text", "a triangle")]
            var form = Form()
            form.body = []
            for part in order {
                let one = part == 0 ? Form(parts, image: nil) : part == 1 ? Self.photo : Self.sound
                form.body += one.body.dropLast("--XYZ--\r\n".utf8.count)
            }
            form.body += Array("--XYZ--\r\n".utf8)
            return form
        }
        let usual = try vector(form([0, 1, 2]))
        for order in [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            #expect(try vector(form(order)) == usual)
        }
    }

    @Test func `explain adds the nearest concepts, and changes nothing else`() throws {
        fill()
        let concept = /,"concept":\{"phrase":"[a-z ]+","score":-?[\d.]+\}/
        let explanation = /,"explanation":\{"keys":\{("\w+":\{"phrase":"[a-z ]+","score":-?[\d.]+\},?)+\}\}/
        func stable(_ answer: Answer) -> String {
            answer.text.replacing(concept, with: "").replacing(explanation, with: "")
                .replacing(/"request_id":"[^"]*"/, with: "").replacing(/"timing":\{[^}]*\}/, with: "")
        }
        for form in [Self.photo, Self.words, Self.sound, Self.both] {
            let (plain, explained) = (retrieve(form), retrieve(form, "&explain=true"))
            #expect(explained.status == 200, "\(explained.text)")
            #expect(plain.text.firstMatch(of: concept) == nil && plain.value("explanation") == nil)
            #expect(explained.text.matches(of: concept).count == 4)
            #expect(stable(plain) == stable(explained))
        }
        let both = retrieve(Self.both, "&explain=true")
        #expect(both.value("explanation", "keys", "image", "phrase") != nil)
        #expect(both.value("explanation", "keys", "text", "phrase") != nil)
        #expect(both.value("explanation", "keys", "audio") == nil)
    }

    @Test func `candidates are ranked, scored and explained as items are, each picture told for itself`() {
        let form = Form(
            [("candidate", "a square"), ("candidate", "there is a triangle"), ("text", "there is a triangle")],
            image: Self.picture("photo"), files: [("candidate", Self.picture("sketch")), ("candidate", Self.noise)])
        let answer = retrieve(form, "explain=true&view=photo", from: nil)
        #expect(answer.status == 200, "\(answer.text)")
        #expect(Set(ids(answer)) == ["0", "1", "2", "3"])
        #expect(answer.text.contains(/"id":"1","score":-?[\d.]+,"scores":\{"image":-?[\d.]+,"text":1\},"concept":\{/))
        let understood = /"candidate":\[\{"text".*\},\{"text".*\},\{"image".*"view":"sketch"\}\},\{"audio"/
        #expect(answer.text.contains(understood), "\(answer.text)")
        // A sketch as the query finds the sketch among the candidates, although the query is said to be one and they are not.
        let sketched = Form(
            image: Self.picture("sketch"),
            files: [("candidate", Self.picture("photo")), ("candidate", Self.picture("sketch"))])
        let found = retrieve(sketched, "view=sketch", from: nil)
        #expect(
            found.text.hasPrefix(#"{"hits":[{"id":"1","score":1,"scores":{"image":1}},{"id":"0","#), "\(found.text)")
    }

    @Test func `an embedding is explained where it is the model's own`() throws {
        fill()
        let numbers = try vector(Self.words).map { "\($0)" }.joined(separator: ",")
        let own = Form([("embedding", "[\(numbers)]"), ("model", "space")], image: nil)
        let answer = retrieve(own, "&explain=true")
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer.value("explanation", "keys", "embedding", "phrase") != nil)
        #expect(!answer.text.contains("\"scores\""))
        let anyone = retrieve(Form([("embedding", "[\(numbers)]")], image: nil), "&explain=true")
        #expect(anyone.status == 422 && anyone.code == "invalid_option" && anyone.string("option") == "explain")
        let short = Form(
            [("embedding", "[1,2]"), ("candidate", "{\"embedding\":[1,2]}"), ("model", "space")], image: nil)
        #expect(retrieve(short, "explain=true", from: nil).status == 422)
        let json = #"{"embedding":[1,2],"model":"space","explain":true,"candidate":[{"embedding":[1,2]}]}"#
        let ranked = harness.send(
            "POST", "/v1/retrieve", [("Content-Type", "application/json")], body: Array(json.utf8))
        #expect(ranked.status == 422 && ranked.code == "invalid_features", "\(ranked.text)")
    }

    @Test func `a collection without photos is searched by a photo, and an empty one has no hits`() {
        #expect(put("words", Self.words).status == 201 && put("sound", Self.sound).status == 201)
        #expect(Set(ids(retrieve(Self.photo, "&explain=true"))) == ["words", "sound"])
        for id in ["words", "sound"] {
            #expect(harness.send("DELETE", "/v1/collections/all/items/\(id)").status == 204)
        }
        for options in ["", "&explain=true"] {
            let answer = retrieve(Self.photo, options)
            #expect(answer.status == 200)
            #expect(answer.value("hits") == .array([]))
        }
    }

    @Test(arguments: [
        ("view=drawing", "view"), ("view=", "view"), ("view=Sketch", "view"), ("weight=1.01", "weight"),
        ("weight=-0.01", "weight"), ("weight=nan", "weight"), ("weight=inf", "weight"), ("weight=half", "weight"),
        ("weight=", "weight"), ("explain=yes", "explain"),
    ])
    func `an option that cannot be is refused by name`(options: String, name: String) {
        fill()
        let answer = retrieve(Self.both, "&\(options)")
        #expect(answer.status == 422 && answer.code == "invalid_option", "\(answer.text)")
        #expect(answer.string("option") == name)
    }

    @Test func `a weight that is no number in JSON is refused`() {
        for json in [
            #"{"collection":"all","text":"a","weight":NaN}"#, #"{"collection":"all","text":"a","weight":"0.5"}"#,
        ] {
            let answer = harness.send(
                "POST", "/v1/retrieve", [("Content-Type", "application/json")], body: Array(json.utf8))
            #expect([400, 422].contains(answer.status), "\(answer.text)")
        }
    }

    @Test func `a weight needs words and another part, a view needs a picture`() {
        fill()
        let pictureAndSound = Form(image: Self.picture("photo"), files: [("audio", Self.noise)])
        for form in [Self.photo, Self.words, Self.sound, pictureAndSound] {
            let refused = [
                retrieve(form, "&weight=0.5"), harness.send(form: "/v1/embed?weight=0.5", form),
            ]
            for answer in refused {
                #expect(answer.status == 422 && answer.code == "invalid_option", "\(answer.text)")
                #expect(answer.string("option") == "weight" && answer.detail.contains("text"))
            }
        }
        for form in [Self.words, Self.sound] {
            for answer in [
                retrieve(form, "&view=sketch"), harness.send(form: "/v1/embed?view=photo", form),
                put("x", form, query: "?view=sketch"),
            ] {
                #expect(answer.status == 422 && answer.string("option") == "view", "\(answer.text)")
            }
            #expect(retrieve(form, "&view=auto").status == 200)
        }
        #expect(put("x", Self.both, query: "?weight=0.5").code == "invalid_option")
    }

    @Test(arguments: ["white", "black"])
    func `an empty picture is answered, whatever it is said to be`(name: String) throws {
        fill()
        for view in ["auto", "photo", "sketch"] {
            let answer = retrieve(Form(image: Self.picture(name)), "&view=\(view)&explain=true")
            #expect(answer.status == 200, "\(answer.text)")
            #expect(ids(answer).count == 4)
            #expect(answer.value("inputs", "image", "view") != nil)
        }
    }
}
