import Glibc
import Testing

/// A pipe that a log is written to.
struct LogPipe {
    let reading: Int32
    let writing: Int32

    init() throws {
        var descriptors: [Int32] = [0, 0]
        try #require(pipe(&descriptors) == 0)
        (reading, writing) = (descriptors[0], descriptors[1])
    }

    /// Everything written, once nobody writes any more.
    func lines() -> [String] {
        close(writing)
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while case let count = read(reading, &buffer, buffer.count), count > 0 { content += buffer[..<count] }
        close(reading)
        return String(decoding: content, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
