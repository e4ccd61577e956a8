/// What a server and its decoder processes say to each other: a few numbers, and bytes.
///
/// On the wire: how many numbers, how many bytes, the numbers, the bytes; each number as the 8 bytes of an `Int` of this
/// machine. Both ends are the same program.
struct DecoderMessage: Equatable {
    var numbers: [Int] = []
    var bytes: [UInt8] = []

    /// Numbers before the others: their count and that of the bytes.
    static let headNumbers = 2
    /// Most numbers of a message.
    static let maxNumbers = 64

    /// The bytes on the wire before `bytes`.
    var head: [UInt8] { Self.raw([numbers.count, bytes.count] + numbers) }

    static func raw(_ numbers: [Int]) -> [UInt8] { numbers.withUnsafeBytes { Array($0) } }

    static func numbers(_ raw: [UInt8]) -> [Int] {
        raw.withUnsafeBytes { raw in
            (0..<raw.count / MemoryLayout<Int>.size).map {
                raw.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Int>.size, as: Int.self)
            }
        }
    }
}

extension DecoderMessage {
    /// The answer of a process to which the system does not give the memory for a task.
    static let outOfMemory = DecoderMessage(numbers: [3])
}
