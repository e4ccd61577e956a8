import JSON
import Testing

@testable import Checkpoint

/// The rules of huggingface/safetensors, each broken once; faults have the names of its errors.
@Suite struct SafetensorsTests {
    @Test(arguments: [0, 1, 7])
    func `a file shorter than eight bytes has no header`(count: Int) {
        expect(.headerTooSmall(bytes: count), Array(repeating: 0x3C, count: count))
    }

    @Test func `a header longer than the file is refused`() {
        expect(.invalidHeaderLength(length: 60, available: 0), [60, 0, 0, 0, 0, 0, 0, 0])
        expect(.invalidHeaderLength(length: 3, available: 2), [3, 0, 0, 0, 0, 0, 0, 0, 0x7B, 0x7D])
    }

    @Test func `a header beyond any sense is refused without arithmetic that could overflow`() {
        expect(.headerTooLarge(length: 0x7BFF_FFFF_0000_003C), [60, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0x7B])
        expect(.headerTooLarge(length: .max), [UInt8](repeating: 0xFF, count: 16))
        expect(.headerTooLarge(length: 100_000_001), [0x01, 0xE1, 0xF5, 0x05, 0, 0, 0, 0, 0x7B, 0x7D])
        expect(
            .invalidHeaderLength(length: 100_000_000, available: 2), [0x00, 0xE1, 0xF5, 0x05, 0, 0, 0, 0, 0x7B, 0x7D])
    }

    @Test func `a header that is not UTF-8 is told from one that is not JSON`() {
        expect(.invalidUTF8, [1, 0, 0, 0, 0, 0, 0, 0, 0xFF])
        expect(.invalidUTF8, [4, 0, 0, 0, 0, 0, 0, 0] + Array("{\"".utf8) + [0xC3, 0x28])
        #expect(fault(of: Safetensors.file(header: "{"))?.isInvalidJSON == true)
        #expect(fault(of: Safetensors.file(header: ""))?.isInvalidJSON == true)
        #expect(fault(of: Safetensors.file(header: "[]"))?.isInvalidJSON == true)
        #expect(fault(of: Safetensors.file(header: "{}x"))?.isInvalidJSON == true)
    }

    @Test(arguments: ["{}\r \t\n", "\t\n{}\r ", "{}", "{\"__metadata__\":{}}", "{\"__metadata__\":null}"])
    func `blanks around the header and a file without tensors are valid`(header: String) throws {
        #expect(try Self.header(of: Safetensors.file(header: header)).entries.isEmpty)
    }

    @Test func `bytes behind the last tensor and bytes missing before its end are refused`() {
        let header = #"{"test":{"dtype":"I32","shape":[2,2],"data_offsets":[0,16]}}"#
        for count in [0, 14, 15, 17, 20] {
            expect(
                .metadataIncompleteBuffer(described: 16, available: count),
                Safetensors.file(header: header, data: Array(repeating: 0, count: count)))
        }
    }

    @Test func `tensors that share bytes are refused, as in the attack with many names for few bytes`() {
        let entries = (0..<10).map { #""weight_\#($0)":{"dtype":"I32","shape":[2,2],"data_offsets":[0,16]}"# }
        let file = Safetensors.file(
            header: "{\(entries.joined(separator: ","))}", data: Array(repeating: 0, count: 16))
        guard case .invalidOffset(_, begin: 0, end: 16, expectedBegin: 16) = fault(of: file) else {
            Issue.record("found \(String(describing: fault(of: file)))")
            return
        }
    }

    @Test(arguments: [
        ("[0,4],[8,12]", 4, 8), ("[4,8],[8,12]", 0, 4), ("[0,8],[4,12]", 8, 4), ("[0,4],[2,6]", 4, 2),
    ])
    func `a hole, a late start and an overlap are refused`(offsets: String, expected: Int, found: Int) {
        let pairs = offsets.split(separator: "],").map { $0.hasSuffix("]") ? "\($0)" : "\($0)]" }
        let entries = pairs.enumerated().map { number, pair in
            let bounds = pair.dropFirst().dropLast().split(separator: ",").compactMap { Int($0) }
            return #""t\#(number)":{"dtype":"U8","shape":[\#(bounds[1] - bounds[0])],"data_offsets":\#(pair)}"#
        }
        let file = Safetensors.file(
            header: "{\(entries.joined(separator: ","))}", data: Array(repeating: 0, count: 12))
        guard case .invalidOffset(_, found, _, expected) = fault(of: file) else {
            Issue.record("\(offsets): \(String(describing: fault(of: file)))")
            return
        }
    }

    @Test func `a tensor that ends before it begins is refused`() {
        expect(
            .invalidOffset(tensor: "t", begin: 4, end: 0, expectedBegin: 4),
            Safetensors.file(header: #"{"t":{"dtype":"U8","shape":[0],"data_offsets":[4,0]}}"#))
    }

    @Test(arguments: [
        #"{"dtype":"U8","shape":[1],"data_offsets":[-1,0]}"#, #"{"dtype":"U8","shape":[1],"data_offsets":[0.0,1]}"#,
        #"{"dtype":"U8","shape":[1],"data_offsets":[0,1e0]}"#, #"{"dtype":"U8","shape":[1],"data_offsets":[0]}"#,
        #"{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}"#, #"{"dtype":"U8","shape":[1],"data_offsets":"0,1"}"#,
        #"{"dtype":"U8","shape":[1],"data_offsets":[0,18446744073709551616]}"#, #"{"dtype":"U8","shape":[1]}"#,
        #"{"dtype":"U8","data_offsets":[0,1]}"#, #"{"shape":[1],"data_offsets":[0,1]}"#,
        #"{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}"#, #"{"dtype":"U8","shape":1,"data_offsets":[0,1]}"#,
        #"{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}"#, #"{"dtype":8,"shape":[1],"data_offsets":[0,1]}"#,
        "[]", "null", "1",
    ])
    func `a description that is not one is invalid JSON`(description: String) {
        #expect(fault(of: Safetensors.file(header: "{\"t\":\(description)}", data: [0]))?.isInvalidJSON == true)
    }

    @Test func `shape and bytes must agree`() {
        expect(
            .tensorInvalidInfo(tensor: "t", bytes: 4, expected: 16),
            Safetensors.file(
                header: #"{"t":{"dtype":"I32","shape":[2,2],"data_offsets":[0,4]}}"#, data: [0, 0, 0, 0]))
    }

    @Test(arguments: [
        "[2,18446744073709551614]", "[2,9223372036854775807]", "[9223372036854775807]", "[18446744073709551615]",
        "[36893488147419103232]",
        "[4294967296,4294967296]", "[2,9223372036854775807,0]",
    ])
    func `a shape whose size exceeds 64 bits is refused and does not trap`(shape: String) {
        expect(
            .validationOverflow(tensor: "t"),
            Safetensors.file(header: #"{"t":{"dtype":"F32","shape":\#(shape),"data_offsets":[0,0]}}"#))
    }

    @Test func `an empty tensor and a scalar are valid`() throws {
        let header = try Self.header(
            of: Safetensors.file([("empty", "F32", [2, 0], []), ("scalar", "F32", [], [0, 0, 0x80, 0x3F])]))
        #expect(header.entries.map(\.range) == [0..<0, 0..<4])
        #expect(header.entries.map(\.shape) == [[2, 0], []])
    }

    @Test func `a name that appears twice is refused`() {
        let tensor = #"{"dtype":"U8","shape":[0],"data_offsets":[0,0]}"#
        for header in ["{\"t\":\(tensor),\"t\":\(tensor)}", "{\"__metadata__\":{},\"__metadata__\":{}}"] {
            guard case .invalidJSON(.duplicateKey) = fault(of: Safetensors.file(header: header)) else {
                Issue.record("\(header) was read")
                continue
            }
        }
    }

    @Test(arguments: ["F4x", "F80", "f32", "", "I4"])
    func `an unknown element type is named`(type: String) {
        expect(
            .unknownElementType(tensor: "t", found: type), Safetensors.file([("t", type, [1], [0])]))
    }

    @Test func `elements smaller than a byte must fill whole bytes`() throws {
        expect(.misalignedSlice(tensor: "t"), Safetensors.file([("t", "F4", [3], [0, 0])]))
        expect(.misalignedSlice(tensor: "t"), Safetensors.file([("t", "F6_E2M3", [3], [0, 0, 0])]))
        #expect(try Self.header(of: Safetensors.file([("t", "F4", [4], [0, 0])])).entries.count == 1)
        #expect(try Self.header(of: Safetensors.file([("t", "F6_E3M2", [4], [0, 0, 0])])).entries.count == 1)
    }

    @Test func `every element type of the format is known with its size`() throws {
        for type in ElementType.allCases {
            let bytes = [UInt8](repeating: 0, count: type.bits)
            #expect(
                try Self.header(of: Safetensors.file([("t", type.rawValue, [8], bytes)])).entries[0].elementType == type
            )
        }
    }

    @Test(arguments: [#"{"a":1}"#, #"{"a":{}}"#, #"{"a":null}"#, "[]", "\"x\""])
    func `metadata is text by text`(metadata: String) {
        #expect(fault(of: Safetensors.file(header: "{\"__metadata__\":\(metadata)}"))?.isInvalidJSON == true)
    }

    @Test func `deep nesting and tensors without number are refused in bounded time`() {
        let deep = String(repeating: "[", count: 10_000)
        guard case .invalidJSON(.tooDeep) = fault(of: Safetensors.file(header: "{\"t\":\(deep)")) else {
            Issue.record("nesting is not bounded")
            return
        }
        let many = (0..<260_000).map { #""\#($0)":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"x":[1]}"# }
        guard
            case .invalidJSON(.tooManyValues) = fault(
                of: Safetensors.file(header: "{\(many.joined(separator: ","))}"))
        else {
            Issue.record("the number of tensors is not bounded")
            return
        }
    }

    @Test func `a name of a megabyte and a name with a null character are names`() throws {
        let long = String(repeating: "x", count: 1 << 20)
        let file = Safetensors.file(
            header: #"{"\#(long)":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a\u0000b":"#
                + #"{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#, data: [1, 2])
        #expect(try Self.header(of: file).entries.map(\.name) == [long, "a\0b"])
    }

    @Test func `tensors come in the order of their bytes, whatever the order of the header`() throws {
        let file = Safetensors.file(
            header: #"{"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]},"#
                + #""a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"extra":{}}}"#, data: [1, 2])
        #expect(try Self.header(of: file).entries.map(\.name) == ["a", "b"])
    }

    static func header(of file: [UInt8]) throws(SafetensorsFault) -> SafetensorsHeader {
        try file.withUnsafeBytes { bytes in Result { () throws(SafetensorsFault) in try SafetensorsHeader(bytes) } }
            .get()
    }

    private func fault(of file: [UInt8]) -> SafetensorsFault? {
        do {
            _ = try Self.header(of: file)
            return nil
        } catch {
            return error
        }
    }

    private func expect(_ expected: SafetensorsFault, _ file: [UInt8], at location: SourceLocation = #_sourceLocation) {
        #expect(fault(of: file) == expected, sourceLocation: location)
    }
}

extension SafetensorsFault {
    var isInvalidJSON: Bool {
        if case .invalidJSON = self { true } else { false }
    }
}
