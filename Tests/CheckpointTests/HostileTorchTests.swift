import Foundation
import Mutation
import Testing

@testable import Checkpoint

/// Archives and pickles that are not what they claim, or ask for what nobody should do.
@Suite struct HostileTorchTests {
    private static let one: [UInt8] = [0, 0, 0x80, 0x3F]

    /// What is wrong with a file; nil where nothing is.
    private func fault(_ file: [UInt8]) -> TorchFault? {
        do {
            _ = try read(file)
            return nil
        } catch {
            return error
        }
    }

    /// Names and elements, each of which was looked at.
    private func read(_ file: [UInt8]) throws(TorchFault) -> [String: [UInt8]] {
        final class Owner: Sendable {}
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: file.count, alignment: 1)
        defer { memory.deallocate() }
        memory.copyBytes(from: file)
        var found: [String: [UInt8]] = [:]
        for tensor in try TorchFile(UnsafeRawBufferPointer(memory), owner: Owner()).tensors {
            #expect(tensor.shape.reduce(tensor.elementType.bits / 8, *) == tensor.bytes.count)
            found[tensor.name] = Array(tensor.bytes)
        }
        return found
    }

    private func file(_ pickle: [UInt8]) -> [UInt8] { TorchArchive(pickle: pickle).bytes }

    private func file(_ entries: [(String, [UInt8])], storages: [(key: String, data: [UInt8])]) -> [UInt8] {
        TorchArchive(pickle: PickleBytes.dictionary(entries), storages: storages).bytes
    }

    private static let sound = TorchArchive(
        pickle: PickleBytes.dictionary([("a", PickleBytes.tensor(count: 1, shape: [1], strides: [1]))]),
        storages: [("0", one)])

    @Test func `an archive of one tensor is read, also with sizes of 64 bits and a comment`() throws {
        #expect(try read(Self.sound.bytes) == ["a": Self.one])
        var wide = Self.sound
        wide.isWide = true
        wide.comment = Array("PK".utf8)
        for index in wide.entries.indices { wide.entries[index].isWide = true }
        #expect(try read(wide.bytes) == ["a": Self.one])
    }

    @Test func `a file that is cut anywhere is refused`() throws {
        var wide = Self.sound
        wide.isWide = true
        for whole in [Self.sound.bytes, wide.bytes, try TorchFileTests.bytes("views.bin")] {
            for count in whole.indices { #expect(fault(Array(whole[..<count])) != nil, "\(count)") }
        }
    }

    @Test func `an archive that lies is refused`() {
        let lies: [((inout TorchArchive) -> Void, String)] = [
            ({ $0.entries[2].size = 1 << 31 }, "does not lie within the file"),
            (
                {
                    $0.entries[2].size = .max
                    $0.entries[2].isWide = true
                }, "does not lie within the file"
            ),
            (
                {
                    $0.entries[2].offset = .max - 3
                    $0.entries[2].isWide = true
                }, "does not lie within the file"
            ),
            ({ $0.entries[2].offset = $0.entries[2].offset ?? 0 }, "is not where the archive's directory says"),
            ({ $0.entries[0].size = UInt64($0.entries[0].data.count + 20) }, "overlap"),
            ({ $0.entries[1].size = 40 }, "overlap"),
            ({ $0.entries.append($0.entries[2]) }, "has the entry m/data/0 twice"),
            ({ $0.directoryOffset = 1 << 31 }, "does not lie within the file"),
            ({ $0.directorySize = 1 << 30 }, "does not lie within the file"),
            (
                {
                    $0.directoryOffset = .max
                    $0.isWide = true
                }, "does not lie within the file"
            ),
            (
                {
                    $0.directorySize = .max
                    $0.isWide = true
                }, "does not lie within the file"
            ),
            ({ $0.directoryOffset = 0 }, "directory is not sound"),
            ({ $0.count = 60_000 }, "claims 60000 entries"),
            ({ $0.entries[0].method = 8 }, "compressed or encrypted"),
            ({ $0.entries[2].flags = 1 }, "compressed or encrypted"),
            ({ $0.entries.remove(at: 0) }, "data.pkl is missing"),
            ({ $0.entries.append(.init(name: "n/data.pkl", data: [])) }, "data.pkl is missing"),
            ({ $0.entries.remove(at: 2) }, "The entry m/data/0 is missing"),
            ({ $0.entries[2].data = [] }, "has a storage of 1 elements, but its entry has 0 bytes"),
        ]
        for (lie, words) in lies {
            var archive = Self.sound
            lie(&archive)
            let found = fault(archive.bytes)?.description ?? "nothing"
            #expect(found.contains(words), "\(found)")
        }
    }

    @Test(arguments: [
        ("cos\nsystem\n(X\u{4}\0\0\0truetR.", "The file asks to run os.system,"),
        ("cposix\nsystem\n.", "posix.system"),
        ("c__builtin__\neval\n.", "__builtin__.eval"),
        ("ctorch\nload\n.", "torch.load"),
        ("ctorch._utils\n_rebuild_qtensor\n.", "torch._utils._rebuild_qtensor"),
        ("ctorch\nos.StorageX\n.", "torch.os.StorageX"),
        ("(ios\nsystem\n.", "0x69"),
    ])
    func `nothing is called but what makes tensors, whatever a pickle asks for`(pickle: String, words: String) {
        let found = fault(file([0x80, 2] + Array(pickle.utf8)))?.description ?? "nothing"
        #expect(found.contains(words), "\(found)")
    }

    @Test func `nor is it by a name made on the stack, or by instructions that make objects`() {
        let name = PickleBytes.text("os") + PickleBytes.text("system")
        #expect(fault(file(name + [0x93] + Array(".".utf8))) == .call("os.system"))
        for code in [0x81, 0x92, 0x82, 0x83, 0x84, UInt8(ascii: "o"), UInt8(ascii: "P"), UInt8(ascii: "S")] {
            #expect(fault(file([0x80, 2, UInt8(ascii: ")"), code])) == .instruction(code, position: 3))
        }
        // A storage is a type, which is named but never called; nor is what makes tensors called with anything else.
        for global in ["ctorch\nFloatStorage\n", "ctorch._utils\n_rebuild_tensor_v2\n", "ctorch\nSize\n"] {
            #expect(fault(file(Array("\(global))R.".utf8))) != nil)
        }
        #expect(fault(file(Array("ccollections\nOrderedDict\n}b.".utf8))) != nil)
    }

    @Test func `a memo of any number is one entry, and one that is not there is refused`() throws {
        let last = [UInt8(ascii: "r"), 0xFF, 0xFF, 0xFF, 0xFF]
        let recalled = [UInt8(ascii: "j"), 0xFF, 0xFF, 0xFF, 0xFF]
        let name = PickleBytes.text("a") + last + Array("0".utf8)
        #expect(fault(file(name)) == .instruction(UInt8(ascii: "0"), position: 11))
        let tensor = PickleBytes.tensor(count: 1, shape: [1], strides: [1])
        let pickle = Array("}".utf8) + PickleBytes.text("a") + last + tensor + Array("s".utf8) + recalled + tensor
        #expect(try read(TorchArchive(pickle: pickle + Array("s.".utf8), storages: [("0", Self.one)]).bytes).count == 1)
        #expect(fault(file(recalled))?.description.contains("recalls value 4294967295") == true)
    }

    @Test func `nesting and loops are no more than what describes them`() {
        let million = 900_000
        #expect(fault(file(Array("N".utf8) + [UInt8](repeating: 0x85, count: million) + Array(".".utf8))) != nil)
        #expect(fault(file([UInt8](repeating: UInt8(ascii: "("), count: million) + Array(".".utf8))) != nil)
        #expect(fault(file([UInt8](repeating: UInt8(ascii: "]"), count: million) + Array(".".utf8))) != nil)
        // A dictionary that is its own value, a list that is in itself.
        let loop = Array("}q\0".utf8) + PickleBytes.text("a") + Array("h\0s.".utf8)
        #expect(fault(file(loop))?.description.contains("\"a\" is no tensor") == true)
        #expect(fault(file(Array("]q\0h\0a.".utf8))) != nil)
    }

    @Test func `instructions and bytes have a bound`() {
        let many = [UInt8](repeating: UInt8(ascii: "N"), count: Pickle.mostInstructions + 1)
        #expect(fault(file(many))?.description.contains("instructions") == true)
        let large = [UInt8](repeating: UInt8(ascii: "N"), count: Pickle.mostBytes + 1)
        #expect(fault(file(large)) == .tooLarge("\(large.count) bytes"))
    }

    @Test func `a pickle that is cut, or takes what is not there, is refused`() {
        let whole = PickleBytes.dictionary([("a", PickleBytes.tensor(count: 1, shape: [1], strides: [1]))])
        for count in whole.indices { #expect(fault(file(Array(whole[..<count]))) != nil, "\(count)") }
        for text in [
            "u.", "t.", "s.", "a.", "e.", "R.", "Q.", "b.", "q\0.", "\u{5}", ".", "N.", "(N.", "X\0\0\0\u{7F}", "c\n",
        ] {
            #expect(fault(file(Array(text.utf8))) != nil, "\(text)")
        }
        for code: UInt8 in [0x85, 0x86, 0x87, 0x8A, 0x8C, 0x93, 0x94, 0x95] { #expect(fault(file([code])) != nil) }
    }

    @Test func `what is no dictionary of tensors is refused with what to save`() {
        let nested = PickleBytes.dictionary([("model", Array("}".utf8))])
        #expect(
            fault(file(nested)) == .content("\"model\" is no tensor in this file; save a model's state_dict() alone."))
        #expect(fault(file(Array("}K\u{1}Ns.".utf8)))?.description.contains("keys are no names") == true)
        #expect(fault(file(Array("].".utf8)))?.description.contains("no dictionary of tensors") == true)
    }

    @Test(
        arguments: [
            (4, 0, [5], [1], "reaches beyond"), (4, 3, [2], [1], "reaches beyond"),
            (4, 0, [2, 2], [3, 1], "reaches beyond"),
            (4, 5, [0], [1], "reaches beyond"), (4, -1, [1], [1], "below 0"), (4, 0, [-1], [1], "below 0"),
            (4, 0, [2], [-1], "below 0"), (4, 0, [8], [0], "more elements than its storage"),
            (4, 0, [1 << 40, 1 << 40], [0, 0], "reaches beyond"),
            (4, 0, [1 << 40, 1 << 40, 0], [0, 0, 0], "reaches beyond"),
            (4, 0, [2, 2], [.max, 1], "reaches beyond"), (4, .max, [2], [1], "reaches beyond"),
            (5, 0, [1], [1], "has a storage of 5 elements, but its entry has 16 bytes"),
            (.max, 0, [1], [1], "but its entry has 16 bytes"), (4, 0, [Int](repeating: 1, count: 65), [], "not sound"),
        ] as [(Int, Int, [Int], [Int], String)])
    func `a view that is not within its storage is refused`(
        count: Int, offset: Int, shape: [Int], strides: [Int], words: String
    ) {
        let tensor = PickleBytes.tensor(count: count, offset: offset, shape: shape, strides: strides)
        let found = fault(file([("a", tensor)], storages: [("0", [UInt8](repeating: 0, count: 16))]))
        #expect(found?.description.contains(words) == true, "\(found?.description ?? "nothing")")
    }

    @Test func `views that are gathered take no more memory than the file has bytes`() {
        let turned = PickleBytes.tensor(count: 65_536, shape: [256, 256], strides: [1, 256])
        let storage: [(key: String, data: [UInt8])] = [("0", [UInt8](repeating: 0, count: 4 * 65_536))]
        #expect(fault(file([("a", turned)], storages: storage)) == nil)
        let found = fault(file((0..<100).map { ("\($0)", turned) }, storages: storage))
        #expect(found?.description.contains("lay their elements out anew beyond the size of the file") == true)
    }

    @Test func `types of elements that no network takes are named`() {
        let tensor = PickleBytes.tensor(type: "QInt8Storage", count: 4, shape: [4], strides: [1])
        #expect(
            fault(file([("a", tensor)], storages: [("0", Self.one)]))?.description
                == "The tensor a is of the type torch.QInt8Storage, which no network takes.")
    }

    @Test func `a name that comes twice is told`() throws {
        let tensor = PickleBytes.tensor(count: 1, shape: [1], strides: [1])
        let folder = try TinyModel.folder()
        folder.remove("model.safetensors")
        try folder.write("pytorch_model.bin", file([("a", tensor), ("a", tensor)], storages: [("0", Self.one)]))
        let error = #expect(throws: CheckpointError.self) { try Checkpoint.open(folder.path) }
        let file = "pytorch_model.bin"
        #expect(error?.problems == [.duplicateTensor(name: "a", files: [file, file])])
    }

    @Test func `a spoiled file is refused, or its tensors lie within it`() throws {
        var random = Mutation(seed: 17)
        let tokens = [
            "PK\u{1}\u{2}", "PK\u{3}\u{4}", "PK\u{5}\u{6}", "PK\u{6}\u{6}", "\0\0\0\0", "\u{7F}\u{7F}\u{7F}\u{7F}", "(",
            "t", "R",
            "Q", "h\0", "q\u{1}", "j\0\0\0\0", "}", "u", "s", "K\u{7F}", "J\0\0\0\u{7F}", "N", ".", "cos\nsystem\n",
            "ctorch\nSize\n", "m/data/0",
        ]
        let whole = try ["views", "protocol4", "module"].map { try TorchFileTests.bytes("\($0).bin") }
        let tensors = [
            ("a", PickleBytes.tensor(count: 8, offset: 1, shape: [2, 3], strides: [1, 2])),
            ("b", PickleBytes.tensor(key: "1", type: "HalfStorage", count: 2, shape: [2], strides: [1])),
        ]
        let pickle = PickleBytes.dictionary(tensors)
        let storages: [(key: String, data: [UInt8])] = [("0", [UInt8](repeating: 1, count: 32)), ("1", [1, 2, 3, 4])]
        var sound = 0
        for turn in 0..<Mutation.iterations(default: 30_000) {
            let file =
                turn % 2 == 0
                ? random.spoiled(whole[random.below(whole.count)], tokens: tokens)
                : TorchArchive(pickle: random.spoiled(pickle, tokens: tokens), storages: storages).bytes
            if (try? read(file)) != nil { sound += 1 }
        }
        #expect(sound > 0)
    }
}
