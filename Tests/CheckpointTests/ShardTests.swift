import Testing

@testable import Checkpoint

@Suite struct ShardTests {
    @Test func `tensors of several files are found by name`() throws {
        let folder = try sharded(["a": "one.safetensors", "b": "two.safetensors"])
        let checkpoint = try Checkpoint.open(folder.path)
        #expect(checkpoint.tensorNames == ["a", "b"])
        #expect(try checkpoint.tensor("b").floats() == [2])
        #expect(checkpoint.fileNames == ["one.safetensors", "two.safetensors"])
    }

    @Test(arguments: [
        "../../etc/x.safetensors", "/etc/x.safetensors", "sub/one.safetensors", "..", "", ".one.safetensors", "one.bin",
        "one\\n.safetensors", "one\\u0000.safetensors",
    ])
    func `an index that reaches out of its folder is refused`(shard: String) throws {
        let folder = try sharded(["a": "one.safetensors", "b": shard])
        let found = try problems(folder)
        #expect(found.count == 1)
        #expect(found.first?.contains("is not the name of a file in the same folder") == true)
    }

    @Test func `a missing file is named, its tensors are not blamed`() throws {
        let folder = try sharded(["a": "one.safetensors", "b": "three.safetensors"])
        folder.remove("two.safetensors")
        #expect(try problems(folder) == ["three.safetensors cannot be read: No such file or directory."])
    }

    @Test func `a tensor in two files is named with both`() throws {
        let folder = try sharded(["a": "one.safetensors", "b": "two.safetensors"])
        try folder.write("two.safetensors", Safetensors.file([("a", "F32", [0], []), ("b", "F32", [0], [])]))
        let found = try problems(folder)
        #expect(found.first == "The tensor a is there twice, in one.safetensors and in two.safetensors.")
    }

    @Test func `an index that tells another place than the files is refused`() throws {
        let index = "model.safetensors.index.json"
        #expect(
            try problems(sharded(["a": "two.safetensors", "b": "one.safetensors"])) == [
                "\(index): the tensor a is not in two.safetensors, but in one.safetensors.",
                "\(index): the tensor b is not in one.safetensors, but in two.safetensors.",
            ])
        #expect(
            try problems(sharded(["a": "one.safetensors", "b": "two.safetensors", "c": "two.safetensors"])) == [
                "\(index): the tensor c is not in two.safetensors, but in none of the files."
            ])
        let unlisted = try sharded(["a": "one.safetensors", "b": "two.safetensors"])
        try unlisted.write("two.safetensors", Safetensors.file([("b", "F32", [0], []), ("x", "F32", [0], [])]))
        #expect(try problems(unlisted) == ["\(index): the tensor x of two.safetensors is not listed."])
    }

    @Test func `one file and an index at once are refused, since one is out of date`() throws {
        let folder = try sharded(["a": "one.safetensors", "b": "two.safetensors"])
        try folder.write("model.safetensors", Safetensors.file([]))
        #expect(try problems(folder).first?.contains("remove the one that is out of date") == true)
    }

    @Test(arguments: ["", "[]", "{}", "{\"weight_map\": []}", "{\"weight_map\": {\"a\": 1}}"])
    func `an index that is none is refused`(text: String) throws {
        let folder = try sharded([:])
        try folder.write("model.safetensors.index.json", text)
        #expect(try problems(folder).count == 1)
    }

    @Test func `names that are equal only canonically are told to be there twice`() throws {
        let folder = try TinyModel.folder(tensors: [("\u{E9}", "F32", [0], []), ("e\u{301}", "F32", [0], [])])
        #expect(try problems(folder).count == 1)
    }

    private func sharded(_ map: KeyValuePairs<String, String>) throws -> CheckpointFolder {
        let folder = try TinyModel.folder()
        folder.remove("model.safetensors")
        try folder.write("one.safetensors", Safetensors.file([("a", "F32", [1], [0, 0, 0x80, 0x3F])]))
        try folder.write("two.safetensors", Safetensors.file([("b", "F32", [1], [0, 0, 0, 0x40])]))
        let entries = map.map { "\"\($0.key)\": \"\($0.value)\"" }.joined(separator: ", ")
        try folder.write("model.safetensors.index.json", "{\"metadata\": {}, \"weight_map\": {\(entries)}}")
        return folder
    }

    private func problems(_ folder: CheckpointFolder) throws -> [String] {
        do {
            _ = try Checkpoint.open(folder.path)
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }
}
