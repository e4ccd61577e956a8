import CSQLite

/// A compiled statement. Parameters count from 1 and columns from 0, as SQLite has it.
///
/// Binding fails only for a parameter that the statement does not have, or without memory; stepping then reports it.
final class SQLiteStatement {
    let handle: OpaquePointer

    init(_ handle: OpaquePointer) { self.handle = handle }

    deinit { sqlite3_finalize(handle) }

    /// Ready to be bound and run again.
    func reset() {
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
    }

    func bind(_ parameter: Int32, _ value: Int) { sqlite3_bind_int64(handle, parameter, Int64(value)) }

    func bind(_ parameter: Int32, _ text: String) {
        var text = text
        text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { characters in
                _ = sqlite3_bind_text_copy(handle, parameter, characters.baseAddress, Int32(characters.count))
            }
        }
    }

    func bind(_ parameter: Int32, _ values: [Float]) {
        values.withUnsafeBytes { bytes in
            _ = sqlite3_bind_blob_copy(handle, parameter, bytes.baseAddress, Int32(bytes.count))
        }
    }

    func bindNull(_ parameter: Int32) { sqlite3_bind_null(handle, parameter) }

    func integer(_ column: Int32) -> Int { Int(sqlite3_column_int64(handle, column)) }

    /// The text of a column; nil for NULL.
    func text(_ column: Int32) -> String? {
        guard let characters = sqlite3_column_text(handle, column) else { return nil }
        let bytes = UnsafeBufferPointer(start: characters, count: Int(sqlite3_column_bytes(handle, column)))
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Calls `body` with the bytes of a column, which are valid until the next step.
    func withBytes<Result>(_ column: Int32, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        let start = sqlite3_column_blob(handle, column)
        return body(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column))))
    }

    /// The floats of a column, in this machine's byte order (little-endian on all that Sensorium runs on).
    func floats(_ column: Int32) -> [Float] {
        withBytes(column) { bytes in
            [Float](unsafeUninitializedCapacity: bytes.count / 4) { floats, count in
                count = bytes.count / 4
                UnsafeMutableRawBufferPointer(floats).copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: bytes[..<(count * 4)]))
            }
        }
    }
}
