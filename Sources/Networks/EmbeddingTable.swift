import Checkpoint
import Tensor

/// A table of embeddings [rows, width] read row by row from the mapped checkpoint, in its own element type: what is not
/// looked up stays on disk.
struct EmbeddingTable: Sendable {
    /// nil for a stand-in, which has no rows.
    private let tensor: StoredTensor?
    private let element: WeightElement
    private let rows: Int
    private let width: Int

    /// - Parameter tensor: a matrix of that width.
    init(_ tensor: StoredTensor?, width: Int) {
        self.tensor = tensor
        element = tensor.flatMap { WeightElement($0.elementType) } ?? .float32
        rows = tensor?.shape.first ?? 0
        self.width = width
    }

    /// Writes row `index` as `width` floats.
    func copyRow(_ index: Int, into row: UnsafeMutablePointer<Float>) {
        precondition(index >= 0 && index < rows, "token \(index) is not in the vocabulary of \(rows)")
        guard let tensor else { return }
        let size = width * element.byteCount
        let floats = FloatBuffer(
            UnsafeRawBufferPointer(rebasing: tensor.bytes[index * size..<(index + 1) * size]), element: element)
        row.update(from: floats.pointer, count: width)
    }
}
