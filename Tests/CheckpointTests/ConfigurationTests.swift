import Checkpoint
import Testing

@Suite struct ConfigurationTests {
    private static let towers =
        "efficientnet_lite2, efficientnet_lite2_branch, bert, bert_branch, whisper_encoder, face_cnn, features, "
        + "blazeface_short, db_text_finder, svtr_text_reader"
    private static let heads = "classifier, linear, projection"

    @Test func `another model type is refused with the one that is supported`() throws {
        let error = try problems(TinyModel.full.replacing("\"sensorium\"", with: "\"clip\""))
        #expect(error == ["config.json: \"model_type\" is \"clip\"; this build supports sensorium."])
    }

    @Test(arguments: [
        ("\"efficientnet_lite2\"", "\"resnet50\"", "towers.image.type", "resnet50", towers),
        ("\"bert\"", "\"t5\"", "towers.text.type", "t5", towers),
        ("\"decoder\"", "\"lstm\"", "heads.caption.type", "lstm", "decoder"),
        ("\"heads\": {", "\"heads\": {\"mood\": {\"type\": \"svm\"}, ", "heads.mood.type", "svm", heads),
        ("\"heads\": {", "\"heads\": {\"mood\": {\"type\": \"decoder\"}, ", "heads.mood.type", "decoder", heads),
        ("\"mean\"", "\"cls\"", "towers.text.pooling", "cls", "mean"),
    ])
    func `an unknown type is refused with those that are supported`(
        value: String, other: String, key: String, found: String, supported: String
    ) throws {
        #expect(
            try problems(TinyModel.full.replacing(value, with: other)) == [
                "config.json: \"\(key)\" is \"\(found)\"; this build supports \(supported)."
            ])
    }

    @Test(arguments: [
        (
            "\"hidden_size\": 8", "\"hidden_size\": 9", "\"towers.text.hidden_size\" is 9",
            "num_attention_heads\", which is 2"
        ),
        (
            "\"max_tokens\": 12", "\"max_tokens\": 17", "\"towers.text.max_tokens\" is 17",
            "max_position_embeddings\", which is 16"
        ),
        ("\"width\": 8,", "\"width\": 9,", "\"width\" is 9", "heads.caption.attention_heads\", which is 2"),
        (
            "\"bos_token\": 0", "\"bos_token\": 4", "bos_token\" is 4",
            "heads.caption.vocabulary\", which is an array of 4"
        ),
        ("\"bos_token\": 0", "\"bos_token\": 1", "bos_token\" is 1", "heads.caption.eos_token\", which is 1"),
        ("[5, 6, 40, 99]", "[5, 6, 40, 100]", "an array with the id 100", "towers.text.vocab_size\", which is 100"),
        ("[5, 6, 40, 99]", "[5, 6, 5, 99]", "an array of 4", "its number of distinct ids\", which is 3"),
        ("\"image_size\": 64", "\"image_size\": 65", "\"size\" is 64 x 64", "towers.image.image_size\", which is 65"),
    ])
    func `values that contradict each other are both named`(
        value: String, other: String, first: String, second: String
    ) throws {
        let found = try problems(TinyModel.full.replacing(value, with: other))
        #expect(found.count == 1)
        #expect(found.first?.contains(first) == true && found.first?.contains(second) == true, "\(found)")
    }

    @Test(arguments: [
        "model_type", "name", "width", "towers", "heads", "image_size", "vocab_size", "num_hidden_layers", "pooling",
        "image_layers", "bos_token", "vocabulary",
    ])
    func `a missing key is named with its path`(key: String) throws {
        let found = try problems(TinyModel.full.replacing("\"\(key)\":", with: "\"_\(key)\":"))
        #expect(found.contains { $0.contains("The key \"\(key)\" is missing") }, "\(found)")
    }

    @Test(arguments: ["1", "null", "-1", "1.5", "{}", "[]", "\"a\"", "true", "1e-5", "99999999999999999999"])
    func `a value of any kind in any place is read or refused`(value: String) throws {
        let keys = TinyModel.full.matches(of: /"(\w+)":/).map(\.output.1)
        for key in keys {
            let configuration = TinyModel.full.replacing("\"\(key)\": ", with: "\"\(key)\": \(value), \"_\(key)\": ")
            let found = try problems(configuration)
            #expect(found.isEmpty || found.contains { $0.contains(key) }, "\(key): \(found)")
        }
    }

    @Test(arguments: [
        "[]", "1", "null", "\"x\"", "{", "", "{\"model_type\": \"sensorium\", \"model_type\": \"sensorium\"}",
    ])
    func `a configuration that is no object is refused`(text: String) throws {
        #expect(try problems(text).count == 1)
    }

    @Test func `an image tower needs a preprocessor`() throws {
        let folder = try TinyModel.folder()
        folder.remove("preprocessor_config.json")
        let error = #expect(throws: CheckpointError.self) { try SensoriumCheckpoint.open(folder.path) }
        #expect(
            error?.problems == [.unreadable(file: "preprocessor_config.json", reason: "No such file or directory")])
    }

    @Test(arguments: [
        ("[127, 127, 127]", "[127, 127]", "image_mean"), ("128.5]", "0]", "image_std"), ("128.5]", "-1]", "image_std"),
        ("\"resample\": 3", "\"resample\": 0", "resample"), ("false", "0", "do_rescale"),
        ("\"width\"", "\"w\"", "size"), ("false", "true, \"rescale_factor\": 0", "rescale_factor"),
        ("false", "true, \"rescale_factor\": \"1\"", "rescale_factor"),
    ])
    func `a wrong value of the preprocessor is named`(value: String, other: String, key: String) throws {
        let folder = try TinyModel.folder(preprocessor: TinyModel.preprocessor.replacing(value, with: other))
        let error = #expect(throws: CheckpointError.self) { try SensoriumCheckpoint.open(folder.path) }
        #expect(error?.problems.count == 1)
        #expect(error?.description.contains(key) == true)
    }

    /// What is wrong with a folder of this configuration.
    private func problems(_ configuration: String) throws -> [String] {
        let folder = try TinyModel.folder(configuration: configuration)
        do {
            _ = try SensoriumCheckpoint.open(folder.path)
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }
}
