import Foundation
import Glibc
import TemporaryFolders
import Testing

@testable import Service

@Suite struct `Data folder of the program` {
    @Test func `a folder that another process has ends serve and index with 5, and names that process`() throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        let holder = try Harness { $0.data = path }
        let served = try Program.run(["serve", "--port", "0", "--model", "/nonexistent", "--data", path])
        let indexed = try Program.run(["index", Photo.folder.path, "--collection", "photos", "--data", path])
        for outcome in [served, indexed] {
            #expect(outcome.code == 5, "\(outcome.errors)")
            #expect(outcome.errors.contains("process \(getpid())"), "\(outcome.errors)")
        }
        #expect(indexed.errors.contains("--server"))
        #expect(holder.service.drain())
    }

    @Test func `index refuses names and folders that cannot be, and flags that do not go together`() throws {
        for arguments in [
            ["/nonexistent", "--collection", "photos"], [Photo.folder.path, "--collection", "a b"],
            [Photo.folder.path, "--collection", "a", "--reembed", "--server", "http://127.0.0.1:1"],
            [Photo.folder.path],
        ] {
            #expect(try Program.run(["index"] + arguments).code == 2, "\(arguments)")
        }
    }

    @Test func `index sends photos to a server, and leaves out what is there`() throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        let photos = path + "/photos/summer"
        try FileManager.default.createDirectory(atPath: photos, withIntermediateDirectories: true)
        try Data(Photo.jpeg).write(to: URL(filePath: photos + "/grey one.jpg"))
        try Data("no photo".utf8).write(to: URL(filePath: photos + "/bad.png"))
        try Data(Photo.file("audio/voice.ogg")).write(to: URL(filePath: photos + "/grey one.ogg"))
        try Data("no sound".utf8).write(to: URL(filePath: photos + "/bad.mp3"))
        let harness = try Harness(FakeModel(hasSpace: true)) { $0.data = path + "/data" }
        let address = try #require(try harness.service.start().first)
        let arguments = ["index", path + "/photos", "--collection", "p", "--server", "http://\(address)"]
        let first = try Program.run(arguments)
        #expect(first.code == 1)
        #expect(first.output == "1 photo and 1 sound stored in \"p\", nothing unchanged, 1 photo and 1 sound failed.\n")
        for name in ["summer/bad.png", "summer/bad.mp3"] { #expect(first.errors.contains(name), "\(first.errors)") }
        #expect(first.errors.contains("1 photo and 1 sound of 4 files could not be stored."), "\(first.errors)")
        let second = try Program.run(arguments)
        #expect(
            second.output == "nothing stored in \"p\", 1 photo and 1 sound unchanged, 1 photo and 1 sound failed.\n")
        let item = harness.send("GET", "/v1/collections/p/items/summer:grey%20one.jpg")
        #expect(item.value("metadata", "path") == .string("summer/grey one.jpg"))
        #expect(item.value("kind") == .string("image"))
        #expect(
            harness.send("GET", "/v1/collections/p/items/summer:grey%20one.ogg").value("kind") == .string("audio"))
        #expect(harness.service.drain())
        #expect(try Program.run(arguments).code == 1)
    }

    @Test func `what a server says to be missing of a sound is said by index and search`() throws {
        let folder = try TemporaryFolder()
        let speech = Photo.file("audio/speech-8k-mulaw.wav")
        try FileManager.default.createDirectory(at: folder.url("sounds"), withIntermediateDirectories: true)
        for (name, bytes) in [("cut", speech.dropLast(1_600)), ("junk", speech + [UInt8](repeating: 0, count: 99))] {
            try Data(bytes).write(to: folder.url("sounds/\(name).wav"))
        }
        let path = folder.path
        let harness = try Harness(FakeModel(hasSpace: true)) { $0.data = path + "/data" }
        let address = try #require(try harness.service.start().first)
        let arguments = ["--collection", "p", "--server", "http://\(address)"]
        let indexed = try Program.run(["index", path + "/sounds"] + arguments)
        #expect(indexed.code == 0, "\(indexed.errors)")
        #expect(indexed.output == "2 sounds stored in \"p\", 2 of them not whole, nothing unchanged.\n")
        #expect(
            indexed.errors == """
                sensorium: cut.wav: stored, but 0.2 s of it are missing.
                sensorium: junk.wav: stored, but 99 bytes of it are neither sound nor tags.

                """)
        let cut = path + "/sounds/cut.wav"
        let found = try Program.run(["search", "--audio", cut] + arguments)
        #expect(found.code == 0 && found.errors == "sensorium: \(cut): 0.2 s of it are missing.\n", "\(found.errors)")
        #expect(harness.service.drain())
    }
}
