import Foundation
import Testing

@testable import Media

@Suite struct `NumPy files` {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/numpy")

    private static func file(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: folder.appending(path: "\(name).npy")))
    }

    /// A file made by hand.
    private static func made(
        _ dictionary: String, version: (UInt8, UInt8) = (1, 0), length: Int? = nil, data: [UInt8] = []
    ) -> [UInt8] {
        let count = length ?? dictionary.utf8.count
        let size = (0..<(version.0 == 1 ? 2 : 4)).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) }
        return [0x93] + Array("NUMPY".utf8) + [version.0, version.1] + size + Array(dictionary.utf8) + data
    }

    private static func dictionary(
        _ type: String = "<f4", _ order: String = "False", _ shape: String = "(2,)"
    ) -> String { "{'descr': '\(type)', 'fortran_order': \(order), 'shape': \(shape), }\n" }

    @Test(arguments: ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "version2", "version3"])
    func `numbers of every type and version that NumPy writes are read`(_ name: String) throws {
        let array = try NumPyArray(try Self.file(name), columns: 3, maxRows: 2)
        #expect(array.rows == 2)
        #expect(array.values == [-1, 0, 2, 100, -7, 3])
    }

    @Test func `one dimension is one row`() throws {
        let array = try NumPyArray(try Self.file("row"), columns: 3, maxRows: 1)
        #expect(array.rows == 1)
        #expect(array.values == [0.5, -0.25, 8])
    }

    @Test(arguments: ["u1", "big_endian", "complex", "boolean", "text", "object"])
    func `other types are refused by name`(_ name: String) throws {
        let bytes = try Self.file(name)
        let error = #expect(throws: NumPyError.self) { try NumPyArray(bytes, columns: 3, maxRows: 2) }
        guard case .wrongType? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.description.contains("taken are little-endian f2") == true)
    }

    @Test func `Fortran order is refused`() throws {
        let bytes = try Self.file("fortran")
        #expect(throws: NumPyError.fortranOrder) { try NumPyArray(bytes, columns: 3, maxRows: 2) }
    }

    @Test(arguments: [
        ("(3,)", [3]), ("(2, 3)", [2, 3]), ("()", []), ("(1, 1, 2)", [1, 1, 2]), ("(0, 2)", [0, 2]),
        ("(5, 2)", [5, 2]),
        ("(9223372036854775807, 2)", [.max, 2]),
    ])
    func `another shape is refused from the header, expected and found named`(_ shape: String, _ found: [Int]) throws {
        let bytes = Self.made(Self.dictionary("<f4", "False", shape), data: [UInt8](repeating: 0, count: 8))
        let error = #expect(throws: NumPyError.self) { try NumPyArray(bytes, columns: 2, maxRows: 4) }
        #expect(error == .wrongShape(expected: "[2] or [t, 2] with t from 1 to 4", found: found))
    }

    @Test(arguments: [("<f4", [0, 0, 0xC0, 0x7F]), ("<f4", [0, 0, 0x80, 0xFF]), ("<f2", [0, 0x7C])])
    func `NaN and infinity are refused, and where they are is said`(_ type: String, _ number: [UInt8]) throws {
        let zero = [UInt8](repeating: 0, count: number.count)
        let bytes = Self.made(Self.dictionary(type), data: zero + number)
        #expect(throws: NumPyError.notFinite(index: 1)) { try NumPyArray(bytes, columns: 2, maxRows: 1) }
    }

    @Test func `a double beyond what 32 bits hold is refused`() throws {
        let data = [0.0, 1e300].flatMap { value in
            (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> ($0 * 8)) }
        }
        let bytes = Self.made(Self.dictionary("<f8"), data: data)
        #expect(throws: NumPyError.notFinite(index: 1)) { try NumPyArray(bytes, columns: 2, maxRows: 1) }
    }

    @Test(arguments: [0, 7, 9])
    func `more or fewer bytes than announced are refused`(_ count: Int) throws {
        let bytes = Self.made(Self.dictionary(), data: [UInt8](repeating: 0, count: count))
        #expect(throws: NumPyError.wrongLength(expected: 8, found: count)) {
            try NumPyArray(bytes, columns: 2, maxRows: 1)
        }
    }

    @Test(arguments: [
        [], Array("NUMPY".utf8), Array("PK\u{3}\u{4}".utf8), Array([0x93] + Array("NUMPY".utf8)),
        made(dictionary(), version: (0, 0)), made(dictionary(), version: (4, 0)), made(dictionary(), version: (1, 1)),
        made(dictionary(), length: 65_000), made(dictionary(), version: (2, 0), length: 1 << 31),
        made("{'descr': '<f4', 'fortran_order': False}"), made("{'descr': '<f4', 'shape': (2,)}"),
        made("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}"),
        made("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': 'y'}"),
        made("{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}"), made(dictionary("<f4", "False", "[2]")),
        made(dictionary("<f4", "False", "(2L,)")), made(dictionary("<f4", "False", "(-2,)")),
        made(dictionary("<f4", "False", "(99999999999999999999,)")), made(dictionary("<f4", "False", "(,)")),
        made(dictionary() + "x"), made("{'descr': '<f4"), made("{'descr': '<\\u0066\\u0034', }"), made("["), made(""),
    ])
    func `what is no NumPy file is refused as such`(_ bytes: [UInt8]) throws {
        let error = #expect(throws: NumPyError.self) { try NumPyArray(bytes, columns: 2, maxRows: 1) }
        guard case .malformed? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func `damaged files are refused or read, and every number read is finite`() throws {
        let seeds = try ["f2", "f8", "i8", "row", "version3"].map { try Self.file($0) }
        var mutation = Mutation(seed: 7)
        var read = 0
        for number in 0..<20_000 {
            let bytes = mutation.damage(seeds[number % seeds.count], from: seeds)
            guard let array = try? NumPyArray(bytes, columns: 3, maxRows: 2) else { continue }
            read += 1
            #expect(array.values.count == array.rows * 3)
            #expect(array.values.allSatisfy { $0.isFinite })
        }
        #expect((1..<20_000).contains(read))
    }
}
