/// Numbers from a file in NumPy's `.npy` format (NumPy enhancement proposal 1; versions 1.0, 2.0 and 3.0).
///
/// Read strictly: little-endian `f2`, `f4`, `f8`, `i1`, `i2`, `i4` and `i8` in C order, one or two dimensions, as many bytes
/// as the header announces and not one more. Everything else is refused with what was found, without reading a number.
public struct NumPyArray: Sendable, Equatable {
    /// Rows: 1 for a file of one dimension.
    public let rows: Int
    /// Numbers of each row.
    public let columns: Int
    /// [rows, columns], every one finite.
    public let values: [Float]

    /// Reads a file.
    ///
    /// - Parameters:
    ///   - columns: how many numbers a row must have.
    ///   - maxRows: the most rows that are taken; checked against the header before anything is read.
    public init(_ bytes: [UInt8], columns: Int, maxRows: Int) throws(NumPyError) {
        let header = try NumPyHeader(bytes)
        let expected = maxRows == 1 ? "[\(columns)]" : "[\(columns)] or [t, \(columns)] with t from 1 to \(maxRows)"
        switch header.shape.count {
        case 1: rows = 1
        case 2: rows = header.shape[0]
        default: throw .wrongShape(expected: expected, found: header.shape)
        }
        guard header.shape.last == columns, (1...max(1, maxRows)).contains(rows) else {
            throw .wrongShape(expected: expected, found: header.shape)
        }
        self.columns = columns
        // Both factors are bounded by what the caller's model takes.
        let needed = rows * columns * header.type.size
        guard bytes.count - header.dataStart == needed else {
            throw .wrongLength(expected: needed, found: bytes.count - header.dataStart)
        }
        values = header.type.floats(bytes[header.dataStart...])
        if let index = values.firstIndex(where: { !$0.isFinite }) { throw .notFinite(index: index) }
    }
}

/// Why a `.npy` file is not taken.
public enum NumPyError: Error, Equatable, CustomStringConvertible {
    /// The bytes are no `.npy` file: why.
    case malformed(String)
    /// The numbers are of a type that is not read.
    case wrongType(String)
    /// The array has another shape than the model takes.
    case wrongShape(expected: String, found: [Int])
    /// The array is in Fortran order.
    case fortranOrder
    /// There are more or fewer bytes behind the header than it announces.
    case wrongLength(expected: Int, found: Int)
    /// A number is NaN or infinite, or too large for 32 bits: its place.
    case notFinite(index: Int)

    /// One sentence: what is wrong and what to do.
    public var description: String {
        switch self {
        case .malformed(let reason):
            "The bytes are no NumPy file: \(reason). Write them with numpy.save."
        case .wrongType(let found):
            "The array has the type \(found); taken are little-endian f2, f4, f8, i1, i2, i4 and i8. Convert it with "
                + "astype(\"<f4\")."
        case .wrongShape(let expected, let found):
            "The array has the shape [\(found.map(String.init).joined(separator: ", "))]; expected is \(expected)."
        case .fortranOrder:
            "The array is in Fortran order; expected is C order. Convert it with numpy.ascontiguousarray."
        case .wrongLength(let expected, let found):
            "The header announces \(expected) bytes of numbers, but \(found) follow it. Save the array again."
        case .notFinite(let index):
            "Number \(index) of the array is NaN, infinite or too large for 32 bits; every one must be finite."
        }
    }
}
