import Checkpoint
import Testing

/// Towers and heads of every type: what is read of them, and that each lie is named with key and value.
@Suite struct HeadConfigurationTests {
    @Test func `towers and heads come in the order of the file with their values`() throws {
        let folder = try folder(Self.everything)
        let configuration = try SensoriumCheckpoint.open(folder.path).configuration
        #expect(configuration.towers.names == ["image", "text", "late", "first", "audio", "face", "finder", "aus"])
        #expect(configuration.heads.names == ["caption", "emotion", "vqa", "things", "space"])
        #expect(
            configuration.architecture == [
                "image: efficientnet_lite2", "text: bert", "late: bert_branch", "first: efficientnet_lite2_branch",
                "audio: whisper_encoder",
                "face: face_cnn", "finder: blazeface_short", "aus: features", "caption: decoder",
                "emotion: classifier (image + audio + text + features.aus, hybrid, 3 labels)",
                "vqa: classifier (image + question, cross_attention, 2 labels)", "things: linear (image, 2 labels)",
                "space: projection (image + text, 16 dimensions)",
            ])
        #expect(configuration.tasks == ["caption", "emotion", "vqa", "classify", "embed"])

        guard case .classifier(let emotion)? = configuration.heads["emotion"] else { throw Missing() }
        #expect(emotion.labels == ["joy", "fear", "neutral"])
        #expect(emotion.task == .emotion && emotion.required.isEmpty && emotion.hidden == 12)
        let audio = try #require(emotion.inputs["audio"])
        #expect(audio.hiddenStates == [0, 2] && audio.layers == 1 && audio.pooling == .meanDeviation)
        #expect(emotion.fusion.kind == .hybrid && emotion.fusion.combination == .max && emotion.fusion.layers == 2)
        #expect(emotion.fusion.directions == [.init(from: "text", to: "audio"), .init(from: "audio", to: "text")])

        guard case .classifier(let vqa)? = configuration.heads["vqa"] else { throw Missing() }
        #expect(vqa.fusion.directions == nil && !vqa.fusion.triple && vqa.fusion.layers == 1)
        #expect(vqa.fusion.combination == .concat && vqa.fusion.late == .weighted)
        #expect(vqa.required == ["image", "question"])
        let question = try #require(vqa.inputs["question"])
        #expect(question.hiddenStates == nil && question.positions == 0 && question.pooling == .mean)

        guard case .features(let units)? = configuration.towers["aus"] else { throw Missing() }
        #expect(units.width == 2 && units.mean == [1, 2] && units.deviation == [0.5, 3])
        guard case .audio(let whisper)? = configuration.towers["audio"] else { throw Missing() }
        #expect(whisper.windowSamples == 480_000 && whisper.finalNorm)
    }

    @Test(arguments: [
        ("\"of\": \"text\"", "\"of\": \"image\"", "towers.late.of\" is image", "which is efficientnet_lite2"),
        ("\"of\": \"text\"", "\"of\": \"prose\"", "towers.late.of\" is prose", "which is missing"),
        ("\"from_layer\": 1", "\"from_layer\": 2", "towers.late.from_layer\" is 2", "num_hidden_layers\", which is 1"),
        ("\"of\": \"image\"", "\"of\": \"text\"", "towers.first.of\" is text", "which is bert"),
        ("\"of\": \"image\"", "\"of\": \"gone\"", "towers.first.of\" is gone", "which is missing"),
        ("\"from_block\": 7", "\"from_block\": 22", "towers.first.from_block", "22"),
        ("{\"image\": {\"tower\": \"first\"}}", "{}", "heads.things.inputs\" is an object with 0 keys", "for one part"),
        (
            "{\"image\": {\"tower\": \"first\"}}",
            "{\"image\": {\"tower\": \"first\"}, \"text\": {\"tower\": \"text\"}}",
            "heads.things.inputs\" is an object with 2 keys", "for one part"
        ),
        (
            "{\"tower\": \"first\"}", "{\"tower\": \"text\"}", "heads.things.inputs.image.tower\" is text",
            "which is bert"
        ),
        ("\"lion\", \"cup\"", "\"cup\", \"cup\"", "heads.things.labels\" is an array of 2", "which is 1"),
        ("\"mel_bins\": 80", "\"mel_bins\": 128", "\"towers.audio.mel_bins\" must be 80", "128"),
        ("\"soxr_hq\"", "\"linear\"", "towers.audio.resampler", "soxr_hq"),
        ("\"deviation\": [0.5, 3]", "\"deviation\": [0, 3]", "deviation\" is an array with 0", "above zero"),
        ("\"mean\": [1, 2]", "\"mean\": [1]", "towers.aus.mean", "an array of 2 numbers"),
        ("\"image\": {\"tower\"", "\"noise\": {\"tower\"", "heads.emotion.inputs.noise", "features.<tower>"),
        (
            "{\"tower\": \"late\"", "{\"tower\": \"gone\"", "inputs.text.tower\" is gone",
            "towers.gone\", which is missing"
        ),
        ("{\"tower\": \"late\"", "{\"tower\": \"face\"", "inputs.text.tower\" is face", "which is face_cnn"),
        ("{\"tower\": \"late\"", "{\"tower\": \"finder\"", "inputs.text.tower\" is finder", "blazeface_short"),
        ("\"tokens\": 9", "\"tokens\": 8", "towers.face.tokens\" is 8", "a grid of 3 x 3"),
        ("\"channels\": 8, \"mean", "\"channels\": 9, \"mean", "towers.face.channels\" is 9", "a last layer of 8"),
        ("\"features.aus\": {", "\"features.eeg\": {", "inputs.features.eeg.tower\" is aus", "features.eeg"),
        ("[0, 2]", "[0, 3]", "hidden_states\" is [0, 3]", "a tower of 3 hidden states"),
        ("[0, 2]", "[2, 2]", "hidden_states\" is [2, 2]", "which is 1"),
        ("\"positions\": 4", "\"positions\": 3", "inputs.image.positions\" is 3", "a tower of up to 4 tokens"),
        ("\"mean_deviation\"", "\"median\"", "inputs.audio.pooling", "mean, mean_deviation"),
        (
            "\"hybrid\"", "\"telepathy\"", "heads.emotion.fusion.type",
            "cross_attention, concat, weighted_sum, late, hybrid"
        ),
        ("[\"text\", \"audio\"]", "[\"text\", \"smell\"]", "an array with [text, smell]", "image, audio, text"),
        ("[\"text\", \"audio\"]", "[\"text\", \"text\"]", "an array with [text, text]", "image, audio, text"),
        ("[\"text\", \"audio\"]", "[\"text\"]", "heads.emotion.fusion.pairs[0]", "two names"),
        ("\"combine\": \"max\"", "\"combine\": \"min\"", "heads.emotion.fusion.combine", "concat, sum, max"),
        ("\"triple\": false", "\"triple\": true", "triple\" is true", "an object with 4 keys"),
        ("\"joy\", \"fear\"", "\"joy\", \"joy\"", "labels\" is an array of 3", "which is 2"),
        ("\"joy\", \"fear\"", "\"joy\", \"\"", "labels\" is an array with \"\"", "a text"),
        ("[\"joy\", \"fear\", \"neutral\"]", "[]", "heads.emotion.labels\" is an array of 0", "which is 0"),
        ("\"task\": \"emotion\"", "\"task\": \"chess\"", "heads.emotion.task", "emotion, vqa"),
        ("\"task\": \"vqa\"", "\"task\": \"emotion\"", "heads.vqa.task\" is emotion", "heads.emotion.task"),
        ("\"task\": \"emotion\"", "\"task\": \"vqa\"", "heads.emotion.task\" is vqa", "image, audio, text"),
        ("\"required\": [\"image\", ", "\"required\": [\"audio\", ", "an array with audio", "image, question"),
        (
            "\"required\": [\"image\", \"question\"]", "\"alone\": false", "heads.vqa.alone\" is false",
            "heads.vqa.required"
        ),
        (
            "\"required\": [\"image\", \"question\"]",
            "\"required\": [\"image\", \"question\"], \"alone\": \"no\"", "heads.vqa.alone", "true or false"
        ),
        ("\"space\": {", "\"late\": {", "heads.late\" is present", "towers.late"),
        ("\"space\": {", "\"sp/ce\": {", "the key \"sp/ce\"", "A-Z a-z 0-9 _ -"),
        ("\"space\": {", "\"caption2\": \(projection), \"space\": {", "heads.space.type", "heads.caption2.type"),
        (
            "\"width\": 10", "\"width\": 11", "heads.emotion.width\" is 11",
            "heads.emotion.attention_heads\", which is 2"
        ),
    ])
    func `a lie about towers or heads is named with its key and value`(
        value: String, other: String, first: String, second: String
    ) throws {
        let folder = try folder(Self.everything.replacing(value, with: other))
        let error = #expect(throws: CheckpointError.self) { try SensoriumCheckpoint.open(folder.path) }
        let found = error?.problems.map(\.description) ?? []
        #expect(found.count == 1 && found[0].contains(first) && found[0].contains(second), "\(found)")
    }

    @Test(arguments: ["1", "null", "-1", "1.5", "{}", "[]", "\"a\"", "[[1]]", "[\"a\"]", "{\"a\": 1}"])
    func `a value of any kind in any place is read or refused`(value: String) throws {
        for key in Self.everything.matches(of: #/"([\w.]+)": /#).map(\.output.1) {
            let folder = try folder(
                Self.everything.replacing("\"\(key)\": ", with: "\"\(key)\": \(value), \"_\(key)\": "))
            let found = problems(folder.path)
            // A stride that could be is told by the grid that it does not lead to.
            let named = key == "stride" ? ["stride", "layout"] : [key]
            #expect(found.isEmpty || found.contains { named.contains(where: $0.contains) }, "\(key): \(found)")
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

    @Test(arguments: ["labels", "hidden", "inputs", "fusion", "dimensions", "tower", "of", "max_tokens", "final_norm"])
    func `a missing key is named`(key: String) throws {
        let folder = try folder(Self.everything.replacing("\"\(key)\":", with: "\"_\(key)\":"))
        let error = #expect(throws: CheckpointError.self) { try SensoriumCheckpoint.open(folder.path) }
        #expect(error?.description.contains("The key \"\(key)\" is missing") == true)
    }

    private struct Missing: Error {}

    private func folder(_ configuration: String) throws -> CheckpointFolder {
        try TinyModel.folder(configuration: configuration)
    }

    private static let shape =
        "\"width\": 10, \"attention_heads\": 2, \"feed_forward\": 16, \"layer_norm_eps\": 1e-5"

    private static let projection =
        "{\"type\": \"projection\", \(shape), \"dimensions\": 16, \"inputs\": {\"image\": {\"tower\": \"image\"}}}"

    /// Every type of tower and head.
    private static let everything = TinyModel.full
        .replacing(
            "\"pooling\": \"mean\"}}",
            with: """
                "pooling": "mean"},
                "late": {"type": "bert_branch", "of": "text", "from_layer": 1, "layers": 1},
                "first": {"type": "efficientnet_lite2_branch", "of": "image", "from_block": 7},
                "audio": {"type": "whisper_encoder", "mel_bins": 80, "sample_rate": 16000, "hidden_size": 12, "layers": 2,
                  "attention_heads": 2, "intermediate_size": 16, "max_positions": 1500, "layer_norm_eps": 1e-5,
                  "final_norm": true, "resampler": "soxr_hq"},
                "face": {"type": "face_cnn", "image_size": 48, "tokens": 9, "channels": 8, "mean": 128, "deviation": 64,
                  "layout": [{"channels": 4, "stride": 2}, {"channels": 6, "stride": 2}, {"channels": 8, "stride": 2},
                    {"channels": 8, "stride": 2}, {"channels": 8, "stride": 1}]},
                "finder": {"type": "blazeface_short"},
                "aus": {"type": "features", "width": 2, "max_tokens": 9, "mean": [1, 2], "deviation": [0.5, 3],
                  "description": "two facial action units"}}
                """
        )
        .replacing(
            "[5, 6, 40, 99]}}}",
            with: """
                [5, 6, 40, 99]},
                "emotion": {"type": "classifier", "labels": ["joy", "fear", "neutral"], \(shape), "hidden": 12,
                  "task": "emotion",
                  "inputs": {"image": {"tower": "image", "positions": 4}, "audio": {"tower": "audio",
                      "hidden_states": [0, 2], "layers": 1, "pooling": "mean_deviation"},
                    "text": {"tower": "late"}, "features.aus": {"tower": "aus"}},
                  "fusion": {"type": "hybrid", "pairs": [["text", "audio"], ["audio", "text"]], "triple": false,
                    "combine": "max", "layers": 2}},
                "vqa": {"type": "classifier", "labels": ["yes", "no"], \(shape), "hidden": 12, "task": "vqa",
                  "required": ["image", "question"],
                  "inputs": {"image": {"tower": "image"}, "question": {"tower": "text"}},
                  "fusion": {"type": "cross_attention"}},
                "things": {"type": "linear", "labels": ["lion", "cup"], "inputs": {"image": {"tower": "first"}}},
                "space": {"type": "projection", \(shape), "dimensions": 16,
                  "inputs": {"image": {"tower": "image"}, "text": {"tower": "text"}}}}}
                """)
}
