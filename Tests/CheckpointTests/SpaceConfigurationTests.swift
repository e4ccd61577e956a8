import Checkpoint
import Testing

/// Views, composition and concepts of the joint space: what is read of them, and that each lie is named.
@Suite struct SpaceConfigurationTests {
    private func space(_ configuration: String) throws -> SensoriumConfiguration.ProjectionHead {
        let folder = try TinyModel.folder(configuration: configuration)
        return try #require(try SensoriumCheckpoint.open(folder.path).configuration.heads.space?.head)
    }

    @Test func `views, composition and concepts are read`() throws {
        let space = try space(Self.everything)
        #expect(space.inputs.names == ["image", "sketch", "text"])
        #expect(space.parts == ["image", "text"])
        let views = try #require(space.views)
        #expect(views.head == "view" && views.inputs.names == ["photo", "sketch"])
        #expect(views.inputs["photo"] == "image" && views.inputs["sketch"] == "sketch")
        let composition = try #require(space.composition)
        #expect(composition.image == "image" && composition.text == "text" && composition.hidden == 20)
        #expect(space.concepts == ["a dog", "rain"])
    }

    @Test func `a space without them has none`() throws {
        let plain = Self.everything.replacing(", \(Self.extras)", with: "").replacing(Self.sketch, with: "")
        let space = try space(plain)
        #expect(space.views == nil && space.composition == nil && space.concepts.isEmpty)
        #expect(space.parts == ["image", "text"])
    }

    @Test func `the summary names composition and concepts`() throws {
        let folder = try TinyModel.folder(configuration: Self.everything)
        let architecture = try SensoriumCheckpoint.open(folder.path).configuration.architecture
        #expect(
            architecture.last
                == "space: projection (image + sketch + text, 16 dimensions, gated_residual, 2 concepts)")
    }

    @Test(arguments: [
        ("\"head\": \"view\"", "\"head\": \"vista\"", "heads.space.views.head\" is vista", "which is missing"),
        ("\"head\": \"view\"", "\"head\": \"space\"", "heads.space.views.head\" is space", "which is projection"),
        ("\"head\": \"view\"", "\"head\": \"both\"", "heads.space.views.head\" is both", "image, text"),
        ("[\"photo\", \"sketch\"]", "[\"photo\", \"painting\"]", "heads.space.views.inputs", "photo, painting"),
        (
            "\"sketch\": \"sketch\"", "\"sketch\": \"lines\"", "views.inputs.sketch\" is lines",
            "inputs.lines\", which is missing"
        ),
        ("\"sketch\": \"sketch\"", "\"sketch\": \"text\"", "views.inputs.sketch\" is text", "inputs.image.tower"),
        (
            "\"photo\": \"image\", \"sketch\": \"sketch\"", "\"photo\": \"sketch\", \"sketch\": \"image\"",
            "views.inputs.photo\" is sketch", "which is image"
        ),
        ("\"photo\": \"image\", ", "", "heads.space.views.inputs\" is an object with sketch", "photo, sketch"),
        ("\"photo\": \"image\", ", "\"photos\": \"image\", ", "views.inputs.photos\" is no key", "photo, sketch"),
        ("\"head\": \"view\"", "\"haed\": 1, \"head\": \"view\"", "heads.space.views.haed\" is no key", "head, inputs"),
        (
            "\"sketch\": {\"tower\": \"image\"", "\"sketch\": {\"tower\": \"text\"", "views.inputs.sketch\" is sketch",
            "heads.view.inputs.image.tower\", which is image"
        ),
        (", \(views)", "", "heads.space.inputs.sketch", "image, audio, text"),
        ("gated_residual", "film", "heads.space.composition.type", "gated_residual"),
        ("\"image\": \"image\"", "\"image\": \"sketch\"", "composition.image\" is sketch", "which is image"),
        ("\"text\": \"text\"", "\"text\": \"audio\"", "composition.text\" is audio", "which is text"),
        ("\"hidden\": 20", "\"hidden\": 0", "heads.space.composition.hidden", "1"),
        (
            "\"hidden\": 20", "\"hidden\": 20, \"layers\": 1", "composition.layers\" is no key",
            "type, image, text, hidden"
        ),
        ("[\"a dog\", \"rain\"]", "[]", "concepts\" is an array of 0", "1 to 1000"),
        ("[\"a dog\", \"rain\"]", "[\"rain\", \"rain\"]", "concepts\" is an array of 2", "which is 1"),
        ("[\"a dog\", \"rain\"]", "[\"\"]", "concepts\" is an array with \"\"", "a text"),
        ("[\"a dog\", \"rain\"]", "[1]", "heads.space.concepts[0]", "a string"),
    ])
    func `a lie about the space is named with its key and value`(
        value: String, other: String, first: String, second: String
    ) throws {
        let folder = try TinyModel.folder(configuration: Self.everything.replacing(value, with: other))
        let error = #expect(throws: CheckpointError.self) { try SensoriumCheckpoint.open(folder.path) }
        let found = error?.problems.map(\.description) ?? []
        #expect(found.count == 1 && found[0].contains(first) && found[0].contains(second), "\(found)")
    }

    @Test func `a key too many hides nothing that is wrong elsewhere in its head`() throws {
        let configuration = Self.everything.replacing("\"hidden\": 20", with: "\"hidden\": 20, \"layers\": 1")
            .replacing("[\"a dog\", \"rain\"]", with: "[\"rain\", \"rain\"]")
        let folder = try TinyModel.folder(configuration: configuration)
        let error = #expect(throws: CheckpointError.self) { try SensoriumCheckpoint.open(folder.path) }
        let found = error?.problems.map(\.description) ?? []
        #expect(found.count == 2, "\(found)")
        #expect(found.first?.contains("composition.layers\" is no key") == true)
        #expect(found.last?.contains("heads.space.concepts\" is an array of 2") == true)
    }

    @Test func `a match of two parts in the space is read`() throws {
        let folder = try TinyModel.folder(configuration: Self.matched)
        guard case .classifier(let head)? = try SensoriumCheckpoint.open(folder.path).configuration.heads["both"] else {
            Issue.record("both is a classifier")
            return
        }
        let match = try #require(head.fusion.match)
        #expect(match.head == "space" && match.dimensions == 16)
        #expect(match.inputs["image"] == "image" && match.inputs["text"] == "text")
    }

    @Test(arguments: [
        ("\"match\": {\"head\": \"space\"", "\"match\": {\"head\": \"view\"", "match.head\" is view", "classifier"),
        ("\"match\": {\"head\": \"space\"", "\"match\": {\"head\": \"sky\"", "match.head\" is sky", "missing"),
        (
            "\"dimensions\": 16}}", "\"dimensions\": 15}}", "match.dimensions\" is 15",
            "heads.space.dimensions\", which is 16"
        ),
        (
            "\"text\": \"text\"}, \"dimensions\"", "\"text\": \"sketch\"}, \"dimensions\"",
            "match.inputs.text\" is sketch", "heads.space.inputs.sketch.tower\", which is image"
        ),
        (
            "\"text\": \"text\"}, \"dimensions\"", "\"text\": \"prose\"}, \"dimensions\"",
            "match.inputs.text\" is prose", "which is missing"
        ),
        (", \"text\": \"text\"}, \"dimensions\"", "}, \"dimensions\"", "an object with 1 keys", "of two parts"),
        ("\"type\": \"cross_attention\"", "\"type\": \"concat\"", "fusion.match\" is present", "which is concat"),
        ("\"combine\": \"concat\"", "\"combine\": \"max\"", "fusion.match\" is present", "which is max"),
        ("\"match\": {", "\"match\": {\"scale\": 2, ", "match.scale\" is no key", "head, inputs, dimensions"),
    ])
    func `a lie about a match is named with its key and value`(
        value: String, other: String, first: String, second: String
    ) throws {
        let folder = try TinyModel.folder(configuration: Self.matched.replacing(value, with: other))
        let error = #expect(throws: CheckpointError.self) { try SensoriumCheckpoint.open(folder.path) }
        let found = error?.problems.map(\.description) ?? []
        #expect(found.count == 1 && found[0].contains(first) && found[0].contains(second), "\(found)")
    }

    @Test func `more concepts than there may be are refused`() throws {
        let phrases = (0...1000).map { "\"\($0)\"" }.joined(separator: ", ")
        let folder = try TinyModel.folder(
            configuration: Self.everything.replacing("\"a dog\", \"rain\"", with: phrases))
        let error = #expect(throws: CheckpointError.self) { try SensoriumCheckpoint.open(folder.path) }
        #expect(error?.description.contains("an array of 1001") == true)
    }

    @Test(arguments: ["1", "null", "-1", "1.5", "{}", "[]", "\"a\"", "[[1]]", "[\"a\"]", "{\"a\": 1}"])
    func `a value of any kind in any place is read or refused`(value: String) throws {
        for key in ["views", "head", "photo", "sketch", "composition", "image", "text", "hidden", "concepts"] {
            let folder = try TinyModel.folder(
                configuration: Self.everything.replacing("\"\(key)\": ", with: "\"\(key)\": \(value), \"_\(key)\": "))
            let found = problems(folder.path)
            #expect(found.isEmpty || found.contains { $0.contains(key) }, "\(key): \(found)")
        }
    }

    /// What is wrong with a folder.
    private func problems(_ folder: String) -> [String] {
        do {
            _ = try SensoriumCheckpoint.open(folder)
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }

    private static let shape =
        "\"width\": 10, \"attention_heads\": 2, \"feed_forward\": 16, \"layer_norm_eps\": 1e-5"
    private static let views = """
        "views": {"head": "view", "inputs": {"photo": "image", "sketch": "sketch"}}
        """
    private static let extras = """
        \(views), "composition": {"type": "gated_residual", "image": "image", "text": "text", "hidden": 20},
        "concepts": ["a dog", "rain"]
        """
    private static let sketch = "\"sketch\": {\"tower\": \"image\", \"layers\": 1}, "

    private static let everything = TinyModel.full.replacing(
        "[5, 6, 40, 99]}}}",
        with: """
            [5, 6, 40, 99]},
            "view": {"type": "classifier", "labels": ["photo", "sketch"], \(shape), "hidden": 12,
              "inputs": {"image": {"tower": "image"}}, "fusion": {"type": "concat"}},
            "both": {"type": "classifier", "labels": ["photo", "sketch"], \(shape), "hidden": 12,
              "inputs": {"image": {"tower": "image"}, "text": {"tower": "text"}}, "fusion": {"type": "concat"}},
            "space": {"type": "projection", \(shape), "dimensions": 16, \(extras),
              "inputs": {"image": {"tower": "image"}, \(sketch)"text": {"tower": "text"}}}}}
            """)

    private static let matched = everything.replacing(
        "\"text\": {\"tower\": \"text\"}}, \"fusion\": {\"type\": \"concat\"}",
        with: """
            "text": {"tower": "text"}}, "fusion": {"type": "cross_attention", "combine": "concat",
              "match": {"head": "space", "inputs": {"image": "image", "text": "text"}, "dimensions": 16}}
            """)
}
