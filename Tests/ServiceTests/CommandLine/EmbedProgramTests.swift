import Foundation
import JSON
import TemporaryFolders
import Testing

@testable import Service

/// `sensorium embed` with a small joint space (Tests/Fixtures/space).
@Suite struct `Embed command` {
    private func embed(_ arguments: [String]) throws -> Program.Outcome {
        let folder = `Queries of a joint space`.fixtures.path
        return try Program.run(["embed", "--model", folder] + arguments.map { $0.replacing("@", with: folder + "/") })
    }

    @Test func `a sketch is read as what it is, or as what it is said to be`() throws {
        let told = try embed(["--image", "@sketch.png"])
        #expect(told.code == 0, "\(told.errors)")
        #expect(try told.output == embed(["--image", "@sketch.png", "--view", "sketch"]).output)
        #expect(try told.output != embed(["--image", "@sketch.png", "--view", "photo"]).output)
        #expect(try JSONValue(parsing: Array(told.output.utf8)).summary.contains("array"))
    }

    @Test func `the server gives the same vector`() throws {
        let harness = try `Queries of a joint space`.harness(try TemporaryFolder())
        let answer = harness.send(form: "/v1/embed", Form(image: `Queries of a joint space`.picture("sketch")))
        let printed = try JSONValue(parsing: Array(try embed(["--image", "@sketch.png"]).output.utf8))
        #expect(answer.value("embedding") == printed)
    }

    @Test(arguments: [["--text", "a circle", "--view", "sketch"], ["--image", "@photo.png", "--view", "drawing"]])
    func `a view without a picture, or that there is not, is wrong usage`(arguments: [String]) throws {
        let outcome = try embed(arguments)
        #expect(outcome.code == 2 && outcome.errors.contains("view"), "\(outcome.errors)")
    }
}
