/// The bytes of a file that come one piece after the other, so that nobody has to hold all of them.
public final class ByteStream {
    /// Bytes of the whole file.
    public let count: Int
    /// Bytes that were not read yet.
    public private(set) var left: Int
    private let receive: (UnsafeMutableRawBufferPointer) -> Int

    /// A stream of `count` bytes.
    ///
    /// - Parameter receive: Writes the next bytes into the buffer, which has room for at least one and for no more than are
    ///   left. It says how many it wrote; 0 where none come any more.
    public init(count: Int, receive: @escaping (UnsafeMutableRawBufferPointer) -> Int) {
        self.count = count
        left = count
        self.receive = receive
    }

    /// The next bytes, no more than `target` has room for. How many: 0 at the end, or where none come any more.
    public func read(into target: UnsafeMutableRawBufferPointer) -> Int {
        let room = min(left, target.count)
        guard room > 0 else { return 0 }
        let received = receive(UnsafeMutableRawBufferPointer(rebasing: target[..<room]))
        precondition(received <= room, "no more is written than there is room for")
        left -= received
        return received
    }

    /// Everything that is left; less where no more comes.
    public func readAll() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: left) { target, initialized in
            let raw = UnsafeMutableRawBufferPointer(target)
            while left > 0 {
                // `initialized` bytes are written; as many are left as the buffer has behind them.
                let received = read(into: UnsafeMutableRawBufferPointer(rebasing: raw[initialized...]))
                guard received > 0 else { return }
                initialized += received
            }
        }
    }

    /// Reads everything that is left and forgets it. Whether it all came.
    public func discard() -> Bool {
        guard left > 0 else { return true }
        return withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 1) { piece in
            while left > 0 { guard read(into: piece) > 0 else { return false } }
            return true
        }
    }
}
