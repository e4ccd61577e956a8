import Foundation
import JSON
import TemporaryFolders
import Testing

@testable import Service

/// Models of folders that change, and that nobody asks for a while.
@Suite struct `A served folder` {
    private let folder: TemporaryFolder
    private let harness: Harness

    init() throws {
        folder = try TemporaryFolder()
        let path = folder.path
        try Self.fill(path, "mean")
        harness = try Harness(isReady: false) { $0.models = [ModelSource(folder: path, name: "words")] }
        try harness.service.load()
    }

    /// A published encoder (Tests/Fixtures/bert), which is small and soon loaded.
    private static func fill(_ path: String, _ pooling: String) throws {
        let source = Photo.folder.deletingLastPathComponent().appending(path: "bert/\(pooling)")
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.copyItem(at: source, to: URL(filePath: path))
    }

    private func vector() -> JSONValue? {
        harness.send(form: "/v1/embed", Form([("text", "a dog runs")], image: nil)).value("embedding")
    }

    private func digest() -> JSONValue? { harness.send("GET", "/v1/models/words").value("digest") }

    @Test func `is served anew when it is reloaded, and as before when that fails`() throws {
        let (before, digest) = (vector(), digest())
        try Self.fill(folder.path, "cls")
        #expect(before != nil && vector() == before)
        #expect(harness.send("POST", "/v1/models/words/reload").string("name") == "words")
        let after = vector()
        #expect(after != nil && after != before && self.digest() != digest)

        try FileManager.default.removeItem(at: folder.url("config.json"))
        let refused = harness.send("POST", "/v1/models/words/reload")
        #expect(refused.status == 503 && refused.code == "model_unusable" && refused.detail.contains("config.json"))
        #expect(vector() == after)
    }

    @Test func `that is not served cannot be reloaded`() {
        let answer = harness.send("POST", "/v1/models/wrods/reload")
        #expect(answer.status == 404 && answer.detail.contains("\"words\""))
    }

    @Test func `is unloaded when nobody asks for it, and loaded again by the next request`() throws {
        let models = try harness.service.state.registry()
        let before = vector()
        #expect(models.unload(idleFor: .seconds(3600)) { _ in false }.isEmpty)
        #expect(models.unload(idleFor: .zero) { _ in true }.isEmpty)
        #expect(models.unload(idleFor: .zero) { _ in false } == ["words"])
        #expect(models.unload(idleFor: .zero) { _ in false }.isEmpty)
        #expect(digest() != nil, "what it is, is known while it is unloaded")
        #expect(before != nil && vector() == before)
        #expect(models.unload(idleFor: .zero) { _ in false } == ["words"])
    }

    @Test func `that became unusable while it was unloaded is told to who asks`() throws {
        _ = try harness.service.state.registry().unload(idleFor: .zero) { _ in false }
        try FileManager.default.removeItem(at: folder.url("model.safetensors"))
        let answer = harness.send(form: "/v1/embed", Form([("text", "a dog runs")], image: nil))
        #expect(answer.status == 503 && answer.code == "model_unusable")
        try Self.fill(folder.path, "mean")
        #expect(vector() != nil)
    }

    @Test func `cannot share its name with another`() throws {
        let path = folder.path
        let twice = try Harness(isReady: false) {
            $0.models = [ModelSource(folder: path, name: "a"), ModelSource(folder: path, name: "a")]
        }
        let error = #expect(throws: ModelFailure.self) { try twice.service.load() }
        #expect(error?.description.contains("--model another=\(path)") == true)
    }
}
