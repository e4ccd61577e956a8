import HTTP
import JSON
import TemporaryFolders
import Testing

@testable import Retrieval
@testable import Service

@Suite struct `Long lists` {
    private let folder: TemporaryFolder
    private let harness: Harness

    init() throws {
        let folder = try TemporaryFolder()
        self.folder = folder
        harness = try Harness { $0.data = folder.path + "/data" }
        for number in 0..<20 {
            let padding = String(repeating: "x", count: number % 3 == 0 ? 12_000 : 10)
            let body = #"{"embedding":[1,2],"metadata":{"n":\#(number),"padding":"\#(padding)"}}"#
            let answer = harness.send(
                "PUT", "/v1/collections/c/items/\(100 + number)", [("Content-Type", "application/json")],
                body: Array(body.utf8))
            try #require(answer.status == 201)
        }
    }

    private func page(_ query: String) -> (ids: [String], next: String?) {
        let answer = harness.send("GET", "/v1/collections/c/items?\(query)")
        guard case .array(let items)? = answer.value("items") else { return ([], nil) }
        let ids = items.compactMap { item -> String? in
            guard case .object(let members) = item, case .string(let id)? = members["id"] else { return nil }
            return id
        }
        return (ids, answer.string("next"))
    }

    @Test func `come in pieces that together are the list, whatever the size of the page`() {
        let all = (100..<120).map { "\($0)" }
        for limit in [1, 2, 3, 7, 19, 20, 21, 1000] {
            for after in [99, 100, 107, 118, 119] {
                let expected = all.filter { $0 > "\(after)" }
                let (ids, next) = page("limit=\(limit)&after=\(after)")
                #expect(ids == Array(expected.prefix(limit)), "\(limit) after \(after)")
                #expect(next == (expected.count > limit ? expected[limit - 1] : nil), "\(limit) after \(after)")
            }
        }
    }

    @Test func `are asked for by HEAD without being made`() {
        let answer = harness.send("HEAD", "/v1/collections/c/items")
        #expect(answer.status == 200 && answer.body.isEmpty)
    }

    @Test func `break off where an item behind the first piece is damaged`() throws {
        try SQLiteConnection(path: folder.path + "/data/collections.sqlite", isWritable: true)
            .execute("UPDATE items_1 SET kind = 'image' WHERE id = '119'")
        let broken = harness.begin("GET", "/v1/collections/c/items")
        let answer = broken.answer()
        #expect(answer.status == 200 && broken.isBrokenOff)
        #expect(String(decoding: answer.body, as: UTF8.self).hasPrefix(#"{"items":[{"id":"100","#))
        // In the first piece it is an answer of its own.
        let refused = harness.send("GET", "/v1/collections/c/items?after=118")
        #expect(refused.status == 500 && refused.code == "storage_damaged")
        #expect(refused.detail.contains("\"119\"") && refused.detail.contains("\"c\""))
    }
}
