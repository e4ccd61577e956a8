import Foundation
import TemporaryFolders
import Testing

@testable import Retrieval
@testable import Service

@Suite struct `Checking and repairing collections` {
    private let folder: TemporaryFolder
    private let data: String

    init() throws {
        folder = try TemporaryFolder()
        let data = folder.path + "/data"
        self.data = data
        let harness = try Harness { $0.data = data }
        for id in ["a", "b", "c"] {
            let answer = harness.send(
                "PUT", "/v1/collections/own/items/\(id)", [("Content-Type", "application/json")],
                body: Array(#"{"embedding":[1,2]}"#.utf8))
            try #require(answer.status == 201)
        }
        try #require(harness.service.drain())
    }

    private func run(_ command: String) throws -> Program.Outcome {
        try Program.run(["collections", command, "--data", data])
    }

    @Test func `a whole folder is told so, and left as it is`() throws {
        let before = try Data(contentsOf: URL(filePath: data + "/collections.sqlite"))
        let check = try run("check")
        #expect(check.code == 0 && check.output == "Items: 3, collections: 1: all as they were written.\n")
        let repair = try run("repair")
        #expect(repair.code == 0 && repair.output.hasSuffix("there is nothing to repair.\n"))
        #expect(try Data(contentsOf: URL(filePath: data + "/collections.sqlite")) == before)
    }

    @Test func `a damaged item is named, keeps the server from starting, and is all that repair loses`() throws {
        try SQLiteConnection(path: data + "/collections.sqlite", isWritable: true)
            .execute("UPDATE items_1 SET vector = substr(vector, 1, 4) WHERE id = 'b'")
        let fault = "The item \"b\" of the collection \"own\" is not as it was written."
        let check = try run("check")
        #expect(check.code == 1 && check.output == fault + "\n")
        #expect(check.errors.contains("collections repair --data \(data)"))
        #expect(throws: RetrievalError.damagedFolder(path: data, .item(collection: "own", id: "b"))) {
            try Harness { $0.data = data }
        }
        let repair = try run("repair")
        #expect(repair.code == 0, "\(repair.errors)")
        #expect(repair.output.contains("Lost: \(fault)\n"))
        #expect(repair.output.contains("Kept items: 2, collections: 1.\n"))
        #expect(repair.output.contains("\(data)/collections.sqlite.damaged"))
        #expect(try run("check").code == 0)
        let harness = try Harness { $0.data = data }
        #expect(harness.send("GET", "/v1/collections/own/items/a").status == 200)
        #expect(harness.send("GET", "/v1/collections/own/items/b").code == "unknown_item")
    }

    @Test func `a folder that is not there, or in use, is not checked`() throws {
        let missing = try Program.run(["collections", "check", "--data", folder.path + "/none"])
        #expect(missing.code == 5 && missing.errors.contains("/none"))
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/none"))
        let harness = try Harness { $0.data = data }
        #expect(try run("check").code == 5)
        #expect(harness.service.drain())
    }
}
