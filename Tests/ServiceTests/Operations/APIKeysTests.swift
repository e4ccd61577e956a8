import Glibc
import TemporaryFolders
import Testing

@testable import Service

@Suite struct APIKeysTests {
    private let first = "first-key-0123456789"
    private let second = "second-key-0123456789"

    @Test func `keys stand one per line between comments and blank lines`() throws {
        let folder = try TemporaryFolder()
        let keys = try APIKeys(path: folder.write("# keys\n\n  \(first)\t\r\n#\(second)\n\(second)\n", to: "keys"))
        #expect(keys.count == 2)
        #expect(keys.identify(first) != nil)
        #expect(keys.identify(first) == keys.identify(authorization: "Bearer \(first)"))
        #expect(keys.identify(second) != keys.identify(first))
    }

    @Test func `whatever is no key is refused`() throws {
        let folder = try TemporaryFolder()
        let keys = try APIKeys(path: folder.write(first + "\n", to: "keys"))
        let wrong = [
            "", "x", String(first.dropLast()), first + "x", String(first.dropLast()) + "x", "\(first)\u{0}",
            String(repeating: first, count: 50), String(repeating: "\u{0}", count: 20), "# keys",
        ]
        for presented in wrong { #expect(keys.identify(presented) == nil, "\(presented)") }
        for authorization in [
            nil, "", "Bearer", "Bearer ", first, "Basic \(first)", "Bearer \(first) x", "Bearer\(first)",
        ] {
            #expect(keys.identify(authorization: authorization) == nil, "\(authorization ?? "none")")
        }
        #expect(keys.identify(authorization: "bearer  \(first)") != nil)
    }

    @Test func `keys of all lengths are told apart`() throws {
        let folder = try TemporaryFolder()
        let all = [16, 17, 255, 256].map { String(repeating: "k", count: $0) }
        let keys = try APIKeys(path: folder.write(all.map { $0 + "\n" }.joined(), to: "keys"))
        #expect(Set(all.compactMap { keys.identify($0) }).count == 4)
        for length in [15, 18, 254, 257, 272] {
            #expect(keys.identify(String(repeating: "k", count: length)) == nil, "\(length)")
        }
    }

    @Test func `a file that cannot be used is refused by line, without showing a key`() throws {
        let folder = try TemporaryFolder()
        let rows: [(String, String)] = [
            ("# none\n\n", "holds no API key"), ("\n\nshort-secret", "line 3 "),
            ("\(first) secret-secret-x", "line 1 "),
            (first + "\n" + String(repeating: "k", count: 257), "line 2 "), ("# a\n\(first)\n\n\(first)", "line 4 "),
            ("schlüssel-0123456789", "visible ASCII"),
        ]
        for (content, expected) in rows {
            let error = #expect(throws: APIKeysError.self) {
                try APIKeys(path: folder.write(content + "\n", to: "keys"))
            }
            #expect(error?.description.contains(expected) == true, "\(content)")
            #expect(error?.description.contains("secret") == false)
        }
        let missing = #expect(throws: APIKeysError.self) { try APIKeys(path: folder.path + "/missing") }
        #expect(missing?.description.contains("No such file") == true)
    }

    @Test func `reading again takes the new keys, and a broken file changes nothing`() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(first + "\n", to: "keys")
        let keys = try APIKeys(path: path)
        try folder.write(second + "\n", to: "keys")
        try keys.reload()
        #expect(keys.identify(first) == nil)
        #expect(keys.identify(second) != nil)
        try folder.write("short\n", to: "keys")
        #expect(throws: APIKeysError.self) { try keys.reload() }
        #expect(keys.identify(second) != nil)
    }

    @Test func `a file whose last line has no end may be half written, and the keys stay`() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("\(first)\n", to: "keys")
        let keys = try APIKeys(path: path)
        try folder.write("\(first)\n\(second.dropLast(2))", to: "keys")
        let error = #expect(throws: APIKeysError.self) { try keys.reload() }
        #expect(error == .unfinished(path: path))
        #expect(error?.description.contains("line feed") == true)
        #expect(keys.identify(first) != nil)
        #expect(keys.identify(String(second.dropLast(2))) == nil)
    }

    @Test func `only a regular file is read, and nothing waits for another`() throws {
        let folder = try TemporaryFolder()
        let pipe = folder.path + "/pipe"
        try #require(mkfifo(pipe, 0o600) == 0)
        for path in [pipe, folder.path, "/dev/zero"] {
            let error = #expect(throws: APIKeysError.self) { try APIKeys(path: path) }
            #expect(error == .unreadable(path: path, reason: "it is not a regular file"))
        }
        try folder.write("\(first)\n", to: "keys")
        try #require(symlink("keys", folder.path + "/link") == 0)
        #expect(try APIKeys(path: folder.path + "/link").count == 1)
    }

    @Test func `a file without end is not read to its end`() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("", to: "keys")
        try #require(truncate(path, 1 << 40) == 0)
        let error = #expect(throws: APIKeysError.self) { try APIKeys(path: path) }
        #expect(error?.description.contains("more than") == true)
    }
}
