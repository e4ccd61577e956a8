import Glibc
import TemporaryFolders
import Testing

@testable import OperatingSystem

@Suite struct `Folders and files` {
    private let temporary: TemporaryFolder

    init() throws { temporary = try TemporaryFolder() }

    @Test func `a folder is made with those above it, and once more without harm`() throws {
        let path = temporary.path + "/a/b/c"
        try Folder.make(path, mode: 0o700)
        try Folder.make(path)
        for folder in ["a", "a/b", "a/b/c"] {
            var status = stat()
            #expect(stat("\(temporary.path)/\(folder)", &status) == 0)
            #expect(status.st_mode & 0o777 == 0o700)
        }
    }

    @Test func `a file in the way is told by its error number`() throws {
        let file = try temporary.write("", to: "file")
        #expect(throws: Folder.Refused(code: EEXIST)) { try Folder.make(file) }
        #expect(throws: Folder.Refused(code: ENOTDIR)) { try Folder.make(file + "/below") }
        #expect(throws: Folder.Refused(code: ENOENT)) { try Folder.make("") }
    }

    @Test func `entries are all names but the two of every folder`() throws {
        for name in ["one", ".hidden", "two/three"] { try temporary.write("", to: name) }
        #expect(try Folder.entries(temporary.path).sorted() == [".hidden", "one", "two"])
        #expect(throws: Folder.Refused(code: ENOENT)) { try Folder.entries(temporary.path + "/none") }
    }

    @Test func `a folder is removed with what is in it, and what its links lead to stays`() throws {
        let kept = try temporary.write("kept", to: "kept/file")
        try temporary.write("", to: "gone/one/two")
        #expect(symlink(temporary.path + "/kept", temporary.path + "/gone/link") == 0)
        Folder.remove(temporary.path + "/gone")
        #expect(try Folder.entries(temporary.path) == ["kept"])
        #expect(SmallFile.text(kept) == "kept")
    }

    @Test(arguments: [
        ("/a/b", "/a"), ("/a", "/"), ("/", "/"), ("a", ""), ("a/b/", "a"), ("a/b/c", "a/b"), ("", ""),
    ]) func `the folder above`(path: String, above: String) {
        #expect(Folder.parent(of: path) == above)
    }

    @Test(arguments: [("/a/b", "b"), ("/a/b/", "b"), ("/a/b/..", "a"), ("/a/./b/.", "b"), ("/", "/"), ("/..", "/")])
    func `the name of a folder`(path: String, name: String) {
        #expect(Folder.name(of: path) == name)
    }

    @Test func `a relative path is named from the working directory`() {
        #expect(Folder.name(of: "models/base") == "base")
        #expect(Folder.name(of: ".") == Folder.working.split(separator: "/").last.map(String.init))
    }

    @Test func `what is written is read again, in the place of what was there`() throws {
        let path = temporary.path + "/file"
        try SmallFile.write("something longer", to: path)
        try SmallFile.write("short", to: path)
        #expect(SmallFile.text(path) == "short")
        #expect(throws: SmallFile.Failure.system(ENOTDIR)) { try SmallFile.write("", to: path + "/none") }
    }
}
