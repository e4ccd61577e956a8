@testable import Checkpoint

/// Writes archives like those of `torch.save`, with whatever is to be wrong with them.
struct TorchArchive {
    struct Entry {
        var name: String
        var data: [UInt8]
        var method: UInt16 = 0
        var flags: UInt16 = 0
        /// What the directory says; nil for the truth.
        var size: UInt64?
        var offset: UInt64?
        var isWide = false
    }

    var entries: [Entry]
    /// What the end says; nil for the truth.
    var directoryOffset: UInt64?
    var directorySize: UInt64?
    var count: UInt16?
    var isWide = false
    var comment: [UInt8] = []

    /// A pickle, and storages by their keys.
    init(pickle: [UInt8], storages: [(key: String, data: [UInt8])] = []) {
        entries =
            [Entry(name: "m/data.pkl", data: pickle), Entry(name: "m/byteorder", data: Array("little".utf8))]
            + storages.map { Entry(name: "m/data/\($0.key)", data: $0.data) }
    }

    var bytes: [UInt8] {
        var file: [UInt8] = []
        var directory: [UInt8] = []
        for entry in entries {
            let name = Array(entry.name.utf8)
            let offset = entry.offset ?? UInt64(file.count)
            let size = entry.size ?? UInt64(entry.data.count)
            file += little(UInt32(0x0403_4B50)) + little(UInt16(20)) + little(entry.flags) + little(entry.method)
            file += [UInt8](repeating: 0, count: 16) + little(UInt16(name.count)) + little(UInt16(4))
            file += name + [0x46, 0x42, 0, 0] + entry.data
            directory += little(UInt32(0x0201_4B50)) + little(UInt16(20)) + little(UInt16(20)) + little(entry.flags)
            directory += little(entry.method) + [UInt8](repeating: 0, count: 8)
            let short = entry.isWide ? UInt32.max : UInt32(truncatingIfNeeded: size)
            directory += little(short) + little(short) + little(UInt16(name.count))
            let extra =
                entry.isWide
                ? little(UInt16(1)) + little(UInt16(24)) + little(size) + little(size) + little(offset) : []
            directory += little(UInt16(extra.count)) + [UInt8](repeating: 0, count: 10)
            directory += little(entry.isWide ? .max : UInt32(truncatingIfNeeded: offset)) + name + extra
        }
        let offset = directoryOffset ?? UInt64(file.count)
        let size = directorySize ?? UInt64(directory.count)
        let entryCount = count ?? UInt16(entries.count)
        file += directory
        if isWide {
            let place = UInt64(file.count)
            file += little(UInt32(0x0606_4B50)) + little(UInt64(44)) + [UInt8](repeating: 0, count: 12)
            file += little(UInt64(entryCount)) + little(UInt64(entryCount)) + little(size) + little(offset)
            file += little(UInt32(0x0706_4B50)) + little(UInt32(0)) + little(place) + little(UInt32(1))
        }
        file += little(UInt32(0x0605_4B50)) + little(UInt32(0))
        file += little(isWide ? .max : entryCount) + little(isWide ? .max : entryCount)
        file += little(isWide ? UInt32.max : UInt32(truncatingIfNeeded: size))
        file += little(isWide ? UInt32.max : UInt32(truncatingIfNeeded: offset))
        return file + little(UInt16(comment.count)) + comment
    }

    private func little<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian, Array.init)
    }
}

/// Writes pickles.
enum PickleBytes {
    static func text(_ text: String) -> [UInt8] {
        [UInt8(ascii: "X")] + withUnsafeBytes(of: UInt32(text.utf8.count).littleEndian, Array.init) + Array(text.utf8)
    }

    static func integer(_ value: Int) -> [UInt8] {
        [0x8A, 8] + withUnsafeBytes(of: Int64(value).littleEndian, Array.init)
    }

    static func global(_ module: String, _ name: String) -> [UInt8] { Array("c\(module)\n\(name)\n".utf8) }

    static func tuple(_ values: [[UInt8]]) -> [UInt8] { Array("(".utf8) + values.flatMap(\.self) + Array("t".utf8) }

    /// A tensor as `torch._utils._rebuild_tensor_v2` makes it.
    static func tensor(
        key: String = "0", type: String = "FloatStorage", count: Int, offset: Int = 0, shape: [Int], strides: [Int]
    ) -> [UInt8] {
        let storage =
            tuple([text("storage"), global("torch", type), text(key), text("cpu"), integer(count)]) + Array("Q".utf8)
        let arguments = tuple([
            storage, integer(offset), tuple(shape.map(integer)), tuple(strides.map(integer)), [0x89],
            global("collections", "OrderedDict") + Array(")R".utf8),
        ])
        return global("torch._utils", "_rebuild_tensor_v2") + arguments + Array("R".utf8)
    }

    /// A whole pickle of names and what is made for each.
    static func dictionary(_ entries: [(String, [UInt8])]) -> [UInt8] {
        [0x80, 2] + Array("}(".utf8) + entries.flatMap { text($0.0) + $0.1 } + Array("u.".utf8)
    }
}
