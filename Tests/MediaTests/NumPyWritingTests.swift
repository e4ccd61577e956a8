import Testing

@testable import Media

@Suite struct `A NumPy file that is written` {
    @Test(arguments: [(1, 1), (3, 35), (200, 7)]) func `is read again as it was`(_ rows: Int, _ columns: Int) throws {
        let numbers = (0..<rows).map { row in (0..<columns).map { Double(row * columns + $0) / 8 - 3 } }
        let read = try NumPyArray(NumPyArray.file(numbers), columns: columns, maxRows: rows)
        #expect(read.rows == rows && read.values == numbers.joined().map(Float.init))
    }
}
