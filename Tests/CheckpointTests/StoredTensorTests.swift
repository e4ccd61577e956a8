import Testing

@testable import Checkpoint

@Suite struct StoredTensorTests {
    @Test func `every half-precision number widens to the float of the same value`() {
        for bits in UInt16.min...UInt16.max {
            let expected = Float(Float16(bitPattern: bits))
            let found = floatFromHalf(bits)
            #expect(found.bitPattern == expected.bitPattern || found.isNaN && expected.isNaN)
        }
    }

    @Test(arguments: 0..<8)
    func `data at any alignment reads back as it was written`(padding: Int) throws {
        let folder = try CheckpointFolder()
        let floats: [Float] = [1.5, -2, .leastNonzeroMagnitude, .greatestFiniteMagnitude]
        var header = #"{"f":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"#
        header += #""b":{"dtype":"BF16","shape":[2],"data_offsets":[16,20]}}"#
        header += String(repeating: " ", count: padding)
        let data = floats.withUnsafeBytes { [UInt8]($0) } + [0x80, 0x3F, 0x20, 0xC1]
        try folder.write("config.json", TinyModel.configuration)
        try folder.write("model.safetensors", Safetensors.file(header: header, data: data))
        let checkpoint = try Checkpoint.open(folder.path)
        #expect(try checkpoint.tensor("f").floats() == floats)
        #expect(try checkpoint.tensor("b").floats() == [1, -10])
    }

    private static let notFinite: [(String, [UInt8], Float)] = [
        ("F16", [0x00, 0x7C], .infinity), ("F16", [0x00, 0xFC], -.infinity),
        ("F16", [0x01, 0x7C], .nan),
        ("BF16", [0x80, 0x7F], .infinity), ("BF16", [0x80, 0xFF], -.infinity), ("BF16", [0xC0, 0x7F], .nan),
        ("F32", [0, 0, 0x80, 0x7F], .infinity), ("F32", [0, 0, 0x80, 0xFF], -.infinity),
        ("F32", [1, 0, 0x80, 0x7F], .nan),
    ]

    // The largest finite number of each type: a carry out of one element must not be blamed on the next.
    private static let largest: [String: [UInt8]] = [
        "F16": [0xFF, 0x7B], "BF16": [0x7F, 0xFF], "F32": [0xFF, 0xFF, 0x7F, 0xFF],
    ]

    @Test(arguments: notFinite)
    func `a number that is not finite is found wherever it stands`(type: String, bad: [UInt8], value: Float) throws {
        let size = bad.count
        let good = try #require(Self.largest[type])
        for count in [1, 2, 3, 7, 2047, 2048, 2049, 5000] {
            for position in Set([0, 1, count / 2, count - 2, count - 1]).filter({ (0..<count).contains($0) }) {
                var bytes = Array(repeatElement(good, count: count).joined())
                let folder = try CheckpointFolder()
                try folder.write("config.json", TinyModel.configuration)
                try folder.write("model.safetensors", Safetensors.file([("w", type, [count], bytes)]))
                #expect(try Checkpoint.open(folder.path).tensor("w").firstNonFinite() == nil)
                bytes.replaceSubrange(position * size..<(position + 1) * size, with: bad)
                try folder.write("spoiled.tmp", Safetensors.file([("w", type, [count], bytes)]))
                try folder.rename("spoiled.tmp", "model.safetensors")
                let found = try #require(try Checkpoint.open(folder.path).tensor("w").firstNonFinite())
                #expect(found.position == position)
                #expect(found.value == value || found.value.isNaN && value.isNaN)
            }
        }
    }
}
