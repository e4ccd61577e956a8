extension NumPyArray {
    /// A `.npy` file (version 1.0, `<f8`) of these rows, each as long as the first: what a client that has the numbers in JSON need
    /// not make itself.
    public static func file(_ rows: [[Double]]) -> [UInt8] {
        let shape = "(\(rows.count), \(rows.first?.count ?? 0))"
        var header = "{'descr': '<f8', 'fortran_order': False, 'shape': \(shape), }"
        // Magic, version and length have ten bytes, a line end closes the header, and the numbers begin at a multiple of 64.
        header += String(repeating: " ", count: 63 - (header.utf8.count + 10) % 64) + "\n"
        var bytes: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0]
        bytes += [UInt8(header.utf8.count & 0xFF), UInt8(header.utf8.count >> 8)] + Array(header.utf8)
        for number in rows.joined() {
            withUnsafeBytes(of: number.bitPattern.littleEndian) { bytes += $0 }
        }
        return bytes
    }
}
