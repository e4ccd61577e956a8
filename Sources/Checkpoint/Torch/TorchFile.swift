/// The tensors of a file that `torch.save` wrote of a state dictionary, since PyTorch 1.6: a zip archive with the pickle `data.pkl`
/// and the bytes of each storage. Nothing in it is ever run.
///
/// Tensors that lie in their storage as safetensors has them are views of the mapped file; others, such as transposed ones, are
/// gathered, and take no more memory together than the file has bytes.
struct TorchFile {
    /// In the order of the file.
    let tensors: [StoredTensor]

    /// - Parameters:
    ///   - file: the whole file.
    ///   - owner: keeps it where it is.
    init(_ file: UnsafeRawBufferPointer, owner: any AnyObject & Sendable) throws(TorchFault) {
        let archive = try ZipArchive(file)
        // The folder that all entries are in is called like the file was: "archive/data.pkl".
        let pickles = archive.entries.keys.filter { $0.hasSuffix("/data.pkl") && $0.utf8.count { $0 == 0x2F } == 1 }
        guard pickles.count == 1, let pickle = pickles.first, let listed = archive.entries[pickle] else {
            throw .missingEntry("data.pkl")
        }
        let folder = pickle.dropLast("data.pkl".count)
        func bytes(_ range: Range<Int>) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: file[range]) }
        if let order = archive.entries["\(folder)byteorder"] {
            let found = String(decoding: bytes(order).prefix(16), as: UTF8.self)
            guard found == "little" else { throw .byteOrder(found) }
        }
        var tensors: [StoredTensor] = []
        var room = file.count
        for (name, tensor) in try Pickle(bytes(listed)).tensorsByName() {
            let entry = "\(folder)data/\(tensor.storage.key)"
            guard let range = archive.entries[entry] else { throw .missingEntry(entry) }
            let view = try TensorView(name, tensor, bytes: range.count)
            let storage = bytes(range)
            if view.isContiguous {
                let first = view.offset * view.elementBytes
                tensors.append(
                    StoredTensor(
                        name: name, elementType: view.elementType, shape: view.shape,
                        bytes: UnsafeRawBufferPointer(rebasing: storage[first..<first + view.byteCount]), owner: owner))
            } else {
                guard view.byteCount <= room else {
                    throw .view(
                        tensor: name, reason: "and others lay their elements out anew beyond the size of the file")
                }
                room -= view.byteCount
                let gathered = view.gathered(from: storage)
                tensors.append(
                    StoredTensor(
                        name: name, elementType: view.elementType, shape: view.shape, bytes: gathered.bytes,
                        owner: gathered))
            }
        }
        self.tensors = tensors
    }
}

/// A tensor as a view of its storage, whose every element lies within it.
private struct TensorView {
    let elementType: ElementType
    let shape: [Int]
    private let strides: [Int]
    /// Elements before the first.
    let offset: Int
    private let count: Int

    var elementBytes: Int { elementType.bits / 8 }
    var byteCount: Int { count * elementBytes }

    /// - Parameter bytes: of the storage.
    init(_ name: String, _ tensor: Pickle.Tensor, bytes: Int) throws(TorchFault) {
        func refuse(_ reason: String) -> TorchFault { .view(tensor: name, reason: reason) }
        guard let type = Self.elementTypes[tensor.storage.type] else {
            throw refuse("is of the type torch.\(tensor.storage.type), which no network takes")
        }
        elementType = type
        shape = tensor.shape
        strides = tensor.strides
        offset = tensor.offset
        let (storageBytes, isTooLarge) = tensor.storage.count.multipliedReportingOverflow(by: type.bits / 8)
        guard !isTooLarge, storageBytes == bytes else {
            throw refuse("has a storage of \(tensor.storage.count) elements, but its entry has \(bytes) bytes")
        }
        guard offset >= 0, shape.allSatisfy({ $0 >= 0 }), strides.allSatisfy({ $0 >= 0 }) else {
            throw refuse("has an offset, a dimension or a stride below 0")
        }
        let beyond = refuse("reaches beyond its storage of \(tensor.storage.count) elements")
        // A zero anywhere in the shape must not hide an overflow before it.
        var (elements, last) = (1, offset)
        for (size, stride) in zip(shape, strides) {
            let (product, isManyMore) = elements.multipliedReportingOverflow(by: size)
            let (reach, isFar) = max(0, size - 1).multipliedReportingOverflow(by: stride)
            let (sum, isFarther) = last.addingReportingOverflow(reach)
            guard !isManyMore, !isFar, !isFarther else { throw beyond }
            (elements, last) = (product, sum)
        }
        guard elements == 0 ? offset <= tensor.storage.count : last < tensor.storage.count else { throw beyond }
        // An expanded tensor, which has one element in several places.
        guard elements <= tensor.storage.count else { throw refuse("has more elements than its storage") }
        count = elements
    }

    /// Whether the elements lie one behind the other in row-major order. The stride of a dimension of one means nothing.
    var isContiguous: Bool {
        guard count > 0 else { return true }
        var step = 1
        for (size, stride) in zip(shape, strides).reversed() where size != 1 {
            if stride != step { return false }
            step *= size
        }
        return true
    }

    /// The elements in row-major order.
    func gathered(from storage: UnsafeRawBufferPointer) -> GatheredBytes {
        switch elementBytes {
        case 1: gathered(from: storage, UInt8.self)
        case 2: gathered(from: storage, UInt16.self)
        case 4: gathered(from: storage, UInt32.self)
        default: gathered(from: storage, UInt64.self)
        }
    }

    private func gathered<Element: FixedWidthInteger>(
        from storage: UnsafeRawBufferPointer, _: Element.Type
    ) -> GatheredBytes {
        let size = MemoryLayout<Element>.size
        let gathered = GatheredBytes(count: byteCount) { bytes in
            var index = [Int](repeating: 0, count: shape.count)
            var from = offset
            for place in 0..<count {
                // `init` has seen that the last element is within the storage, and so all are.
                bytes.storeBytes(
                    of: storage.loadUnaligned(fromByteOffset: from * size, as: Element.self),
                    toByteOffset: place * size, as: Element.self)
                for dimension in shape.indices.reversed() {
                    index[dimension] += 1
                    from += strides[dimension]
                    if index[dimension] < shape[dimension] { break }
                    from -= strides[dimension] * shape[dimension]
                    index[dimension] = 0
                }
            }
        }
        return gathered
    }

    private static let elementTypes: [String: ElementType] = [
        "FloatStorage": .float32, "HalfStorage": .float16, "BFloat16Storage": .bfloat16, "DoubleStorage": .float64,
        "LongStorage": .signed64, "IntStorage": .signed32, "ShortStorage": .signed16, "CharStorage": .signed8,
        "ByteStorage": .unsigned8, "BoolStorage": .boolean, "ComplexFloatStorage": .complex64,
    ]
}

/// Bytes of a tensor that the file has in another order.
private final class GatheredBytes: Sendable {
    /// `nonisolated(unsafe)` is sound: they are written before `init` returns, never after, and live as long as this object.
    nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

    init(count: Int, _ write: (UnsafeMutableRawBufferPointer) -> Void) {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 64)
        write(memory)
        bytes = UnsafeRawBufferPointer(memory)
    }

    deinit { UnsafeMutableRawPointer(mutating: bytes.baseAddress)?.deallocate() }
}
