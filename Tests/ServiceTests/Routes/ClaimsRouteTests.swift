import Foundation
import JSON
import Tasks
import Testing

@testable import Service

/// A head that someone trained, Tests/Fixtures/claims: a picture and a claim about it, true or false. Nothing in the service
/// knows of it; what its configuration says is enough.
@Suite struct `A head of one's own` {
    private static let folder = Photo.folder.deletingLastPathComponent().appending(path: "claims")
    private let harness: Harness

    init() throws {
        harness = try Harness(isReady: false)
        try harness.service.serve(try LoadedModel.load(Self.folder.path, threads: 2))
    }

    private func ask(_ picture: String, _ claim: String, _ options: [(String, String)] = []) throws -> Answer {
        let image = try Data(contentsOf: Self.folder.appending(path: "pictures/\(picture)"))
        return harness.send(form: "/v1/classify/claim", Form([("text", claim)] + options, image: [UInt8](image)))
    }

    @Test func `answers through its own path what neither part tells alone`() throws {
        let table = try String(contentsOf: Self.folder.appending(path: "claims.tsv"), encoding: .utf8)
        let rows = table.split(separator: "\n").dropFirst().map { $0.split(separator: "\t").map(String.init) }
        let right = try rows.filter { try ask($0[0], $0[1]).string("label") == $0[2] }
        #expect(rows.count == 96)
        #expect(Double(right.count) / Double(rows.count) >= 0.9)
        // Half of the claims about each picture are true: whoever sees the picture alone is right in half of the cases.
        for claims in Dictionary(grouping: rows, by: { $0[0] }).values {
            #expect(claims.count { $0[2] == "true" } * 2 == claims.count)
        }
    }

    @Test func `shows what it looked at`() throws {
        let answer = try ask("00-circle.png", "there is a circle", [("explain", "true")])
        #expect(answer.status == 200)
        #expect(answer.value("explanation", "image") != nil && answer.value("explanation", "text") != nil)
    }

    @Test func `is listed with its labels`() throws {
        let models = harness.send("GET", "/v1/models")
        #expect(models.text.contains("\"claim\"") && models.text.contains("[\"true\",\"false\"]"))
    }
}
