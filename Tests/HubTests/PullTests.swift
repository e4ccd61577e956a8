import Foundation
import Synchronization
import TemporaryFolders
import Testing

@testable import Hub

@Suite struct `Pulling a model` {
    private static let weights = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 7 ^ $0 >> 8) }
    private static let files: [String: [UInt8]] = [
        "config.json": Array(#"{"model_type":"bert"}"#.utf8), "model.safetensors": weights,
        "pytorch_model.bin": [1, 2, 3], "tf_model.h5": [4], "README.md": [5], "tokenizer.json": Array("{}".utf8),
        "modules.json": Array("[]".utf8), "1_Pooling/config.json": Array("{}\n".utf8), "onnx/model.onnx": [6],
    ]

    private let cache: TemporaryFolder
    private let reference: HubReference

    init() throws {
        cache = try TemporaryFolder()
        reference = try #require(HubReference("org/tiny"))
    }

    private var repository: URL { cache.url("hub/models--org--tiny") }

    private func partial(_ bytes: [UInt8]) throws {
        let name = LoopbackHub.digest(Self.weights, isGit: false)
        let blobs = repository.appending(path: "blobs")
        try FileManager.default.createDirectory(at: blobs, withIntermediateDirectories: true)
        try Data(bytes).write(to: blobs.appending(path: "\(name).incomplete"))
    }

    private func ranges(_ hub: LoopbackHub) -> [String?] {
        hub.store.requests.filter { $0.method == "GET" }.map { $0.fields["range"] }
    }

    @Test func `the needed files come into the layout of huggingface_hub, and are found by name`() throws {
        let hub = try LoopbackHub(Self.files)
        let settings = hub.settings(cache)
        let outcome = try HubPull(reference, settings).run()
        let folder = repository.appending(path: "snapshots/\(LoopbackHub.commit)")
        #expect(outcome.folder == folder.path && outcome.files == 5)
        for (path, content) in Self.files {
            let isNeeded = !["pytorch_model.bin", "tf_model.h5", "README.md", "onnx/model.onnx"].contains(path)
            #expect(
                (try? Data(contentsOf: folder.appending(path: path))) == (isNeeded ? Data(content) : nil), "\(path)")
        }
        let link = try FileManager.default.destinationOfSymbolicLink(
            atPath: folder.appending(path: "1_Pooling/config.json").path)
        #expect(link == "../../../blobs/\(LoopbackHub.digest(Self.files["1_Pooling/config.json"]!, isGit: true))")
        #expect(try String(contentsOf: repository.appending(path: "refs/main"), encoding: .utf8) == LoopbackHub.commit)
        let location = try ModelLocation("org/tiny", settings: settings)
        #expect(location.folder == folder.path && location.name == "tiny")
        #expect(try ModelLocation("org/tiny@\(LoopbackHub.commit)", settings: settings) == location)
    }

    @Test func `what is there is not fetched again`() throws {
        let hub = try LoopbackHub(Self.files)
        _ = try HubPull(reference, hub.settings(cache)).run()
        let before = hub.store.requests.count
        let outcome = try HubPull(reference, hub.settings(cache)).run()
        #expect(outcome.received == 0 && hub.store.requests.count == before)
    }

    @Test func `a transfer that breaks goes on where it ended`() throws {
        let hub = try LoopbackHub(Self.files, .init(breaksAfter: 90_000))
        let outcome = try HubPull(reference, hub.settings(cache)).run()
        #expect(outcome.received == outcome.bytes)
        #expect(ranges(hub) == [nil, "bytes=90000-", "bytes=180000-"])
    }

    @Test func `what an earlier process left is gone on with`() throws {
        try partial(Array(Self.weights.prefix(150_000)))
        let hub = try LoopbackHub(Self.files)
        let outcome = try HubPull(reference, hub.settings(cache)).run()
        #expect(ranges(hub) == ["bytes=150000-"] && outcome.received == outcome.bytes - 150_000)
    }

    @Test(arguments: [[UInt8](repeating: 9, count: 150_000), [UInt8](repeating: 9, count: 300_000)])
    func `what was left spoiled is fetched anew`(_ left: [UInt8]) throws {
        try partial(left)
        let hub = try LoopbackHub(Self.files)
        let outcome = try HubPull(reference, hub.settings(cache)).run()
        #expect(ranges(hub).last == .some(nil))
        #expect(
            try Data(contentsOf: URL(filePath: outcome.folder).appending(path: "model.safetensors"))
                == Data(Self.weights))
    }

    @Test func `a store that knows no ranges sends it all, and it is taken from the beginning`() throws {
        try partial(Array(Self.weights.prefix(1000)))
        let hub = try LoopbackHub(Self.files, .init(ignoresRanges: true))
        let outcome = try HubPull(reference, hub.settings(cache)).run()
        #expect(
            try Data(contentsOf: URL(filePath: outcome.folder).appending(path: "model.safetensors"))
                == Data(Self.weights))
    }

    @Test(arguments: ["model.safetensors", "config.json"])
    func `a content that is not what the hub says is thrown away`(_ path: String) throws {
        let hub = try LoopbackHub(Self.files, .init(wrong: [path]))
        let settings = hub.settings(cache)
        let error = #expect(throws: HubError.self) { try HubPull(reference, settings).run() }
        guard case .wrongDigest(file: path, _, _)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(!FileManager.default.fileExists(atPath: repository.appending(path: "refs/main").path))
        #expect(throws: HubError.self) { try ModelLocation("org/tiny", settings: settings) }
    }

    @Test func `a hub that always breaks is given up with a sentence, and what came stays`() throws {
        let hub = try LoopbackHub(Self.files, .init(breaksAfter: 0))
        let error = #expect(throws: HubError.self) { try HubPull(reference, hub.settings(cache)).run() }
        guard case .unreachable? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(ranges(hub).count == 3)
        let again = try LoopbackHub(Self.files)
        _ = try HubPull(reference, again.settings(cache)).run()
    }

    @Test func `a token opens what is gated, and does not leave the hub`() throws {
        let hub = try LoopbackHub(Self.files, .init(token: "hf_right"))
        let error = #expect(throws: HubError.self) { try HubPull(reference, hub.settings(cache)).run() }
        #expect(error == .gated(reference, endpoint: hub.hub.url, hasToken: false))
        #expect(error?.description.contains("HF_TOKEN") == true)
        #expect(throws: HubError.gated(reference, endpoint: hub.hub.url, hasToken: true)) {
            try HubPull(reference, hub.settings(cache, token: "hf_wrong")).run()
        }
        try cache.write("hf_right\n", to: "token")
        _ = try HubPull(reference, hub.settings(cache)).run()
        #expect(!hub.store.requests.isEmpty)
        #expect(hub.store.requests.allSatisfy { $0.fields["authorization"] == nil })
    }

    @Test func `what does not exist is named`() throws {
        let hub = try LoopbackHub(Self.files)
        let other = try #require(HubReference("org/other"))
        #expect(throws: HubError.noRepository(other, endpoint: hub.hub.url, hasToken: false)) {
            try HubPull(other, hub.settings(cache)).run()
        }
        let revision = try #require(HubReference("org/tiny@v2"))
        #expect(throws: HubError.noRevision(revision)) { try HubPull(revision, hub.settings(cache)).run() }
        #expect(throws: HubError.noWeights(reference)) {
            let bare = try LoopbackHub(["config.json": [1]])
            return try HubPull(reference, bare.settings(cache)).run()
        }
    }

    @Test func `a hub that is not there is named, with what to look at`() throws {
        let gone = try LoopbackHub([:]).settings(cache)
        let error = #expect(throws: HubError.self) { try HubPull(reference, gone).run() }
        #expect(error?.description.contains("HF_ENDPOINT") == true, "\(String(describing: error))")
    }

    @Test func `a file that the disk has no room for is not begun`() throws {
        let hub = try LoopbackHub(Self.files, .init(claimedSize: 1 << 60))
        let error = #expect(throws: HubError.self) { try HubPull(reference, hub.settings(cache)).run() }
        guard case .diskFull? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(ranges(hub).isEmpty)
    }

    @Test func `a repository that was renamed, and one listed in pages, are followed`() throws {
        let hub = try LoopbackHub(Self.files, .init(isRenamed: true, hasPages: true))
        #expect(try HubPull(reference, hub.settings(cache)).run().files == 5)
    }

    @Test func `weights in several files come with their index`() throws {
        var files = Self.files
        files["model.safetensors"] = nil
        files["model.safetensors.index.json"] = Array(
            #"{"weight_map":{"a":"model-00001-of-00002.safetensors","b":"model-00002-of-00002.safetensors"}}"#.utf8)
        files["model-00001-of-00002.safetensors"] = [7, 8]
        files["model-00002-of-00002.safetensors"] = [9]
        files["model-00003-of-00002.safetensors"] = [10]
        let hub = try LoopbackHub(files)
        let settings = hub.settings(cache)
        let outcome = try HubPull(reference, settings).run()
        #expect(outcome.files == 7)
        try FileManager.default.removeItem(atPath: "\(outcome.folder)/model-00002-of-00002.safetensors")
        let error = #expect(throws: HubError.self) { try ModelLocation("org/tiny", settings: settings) }
        #expect(error?.description.contains("model-00002-of-00002.safetensors") == true)
        #expect(error?.description.contains("sensorium pull org/tiny") == true)
    }

    @Test func `pulls at the same time fetch a file once and both have it`() throws {
        let hub = try LoopbackHub(Self.files)
        let settings = hub.settings(cache)
        let outcomes = Mutex<[HubPull.Outcome]>([])
        let failures = Mutex<[String]>([])
        let reference = reference
        DispatchQueue.concurrentPerform(iterations: 4) { _ in
            do throws(HubError) {
                let outcome = try HubPull(reference, settings).run()
                outcomes.withLock { $0.append(outcome) }
            } catch {
                failures.withLock { $0.append("\(error)") }
            }
        }
        #expect(failures.withLock { $0 } == [])
        #expect(outcomes.withLock { $0.count } == 4)
        #expect(ranges(hub).count == 1)
    }
}
