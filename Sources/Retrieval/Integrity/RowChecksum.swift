import COpenSSL

/// SHA-256 (FIPS 180-4) over the columns of a row, cut to 64 bits, which tells a row that is not as it was written. One row
/// at a time: its columns are added, then the sum is taken. Used by one thread at a time.
final class RowChecksum {
    private let context: OpaquePointer

    init() {
        // OpenSSL fails here, and below, only without memory or without SHA-256 in the library: nothing a caller could act on.
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            preconditionFailure("OpenSSL cannot compute SHA-256")
        }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    /// Adds a whole number.
    func add(_ number: Int) {
        withUnsafeBytes(of: Int64(number).littleEndian) { update($0) }
    }

    /// Adds bytes, their number before them, so that no two rows have the same.
    func add(_ bytes: UnsafeRawBufferPointer) {
        add(bytes.count)
        update(bytes)
    }

    /// Adds the text's UTF-8.
    func add(_ text: String) {
        var text = text
        text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
    }

    /// The checksum of what was added since the last one.
    func take() -> Int {
        var digest = (UInt64(0), UInt64(0), UInt64(0), UInt64(0))
        let succeeded = withUnsafeMutableBytes(of: &digest) { bytes in
            EVP_DigestFinal_ex(context, bytes.baseAddress, nil) == 1 && EVP_DigestInit_ex(context, nil, nil) == 1
        }
        precondition(succeeded, "OpenSSL cannot compute SHA-256")
        return Int(Int64(bitPattern: UInt64(bigEndian: digest.0)))
    }

    private func update(_ bytes: UnsafeRawBufferPointer) {
        precondition(EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1, "OpenSSL cannot compute SHA-256")
    }
}

extension RowChecksum {
    /// Of an item as it is going to be stored in the table of the collection `key`.
    func of(_ item: Item, metadata: String, in key: Int) -> Int {
        add(key)
        add(item.id.text)
        add(item.kind.rawValue)
        item.vector.withUnsafeBytes { add($0) }
        add(metadata)
        return take()
    }

    /// Of a collection, with what its table should hold.
    func of(_ entry: CatalogEntry, _ totals: Totals) -> Int {
        add(entry.key)
        add(entry.name)
        add(entry.dimension)
        add(entry.model?.name ?? "")
        add(entry.model?.digest ?? "")
        add(entry.created)
        return of(totals)
    }

    /// Of the whole store.
    func of(_ totals: Totals) -> Int {
        add(totals.generation)
        add(totals.rows)
        add(totals.sum)
        return take()
    }
}
