import Testing

@testable import Checkpoint

/// How sure heads are: what is read of it, and that each lie is named.
@Suite struct ConfidenceConfigurationTests {
    private func confidence(_ text: String) throws -> Named<SensoriumConfiguration.Confidence> {
        // The last brace is that of the whole file.
        let folder = try TinyModel.folder(configuration: TinyModel.full.dropLast() + ", \"confidence\": \(text)}")
        return try SensoriumCheckpoint.open(folder.path).configuration.confidence
    }

    @Test func `curves are read by head and parts`() throws {
        let read = try confidence(
            """
            {"caption": {"image": {"offset": 0.5, "measures": {"mean_log_probability": {"weight": 2, "usual": -0.4}}},
                         "any": {"offset": -1, "measures": {}}}}
            """)
        let caption = try #require(read["caption"])
        let curve = try #require(caption.curve(of: ["image"]))
        #expect(curve.offset == 0.5)
        #expect(curve.terms == [.init(measure: .meanLogProbability, weight: 2, usual: -0.4)])
        #expect(caption.curve(of: ["text", "image"])?.offset == -1)
    }

    @Test func `a checkpoint without curves says nothing of how sure it is`() throws {
        let folder = try TinyModel.folder()
        #expect(try SensoriumCheckpoint.open(folder.path).configuration.confidence.names.isEmpty)
    }

    @Test(arguments: [
        (#"{"vqa": {}}"#, "heads.vqa"),
        (#"{"caption": {"any": {"offset": 0, "measures": {"luck": {"weight": 1, "usual": 0}}}}}"#, "luck"),
        (#"{"caption": {"any": {"offset": 0, "measures": {"log_odds": {"weight": 1, "usual": 0}}}}}"#, "log_odds"),
        (#"{"caption": {"any": {"offset": 0, "measures": {"match": {"weight": 1, "usual": 0}}}}}"#, "match"),
        (#"{"caption": {"any": {"offset": 0, "measures": {"seen": {"weight": 1, "usual": 0}}}}}"#, "seen"),
        (#"{"caption": {"any": {"measures": {}}}}"#, "offset"),
        (#"{"caption": {"any": {"offset": 0, "measures": {"match": {"weight": "much", "usual": 0}}}}}"#, "weight"),
    ])
    func `what does not fit is named`(_ text: String, _ named: String) throws {
        let error = #expect(throws: CheckpointError.self) { try confidence(text) }
        #expect("\(try #require(error))".contains(named))
    }
}
