import Checkpoint
import Tensor

/// A table of embeddings [rows, width] read row by row from the mapped checkpoint, in its own element type: what is not
/// looked up stays on disk.
struct EmbeddingTable: Sendable {
    private let tensor: StoredTensor
    private let element: WeightElement
    private let rows: Int
    private let width: Int

    /// `Checkpoint.validate` has seen that `tensor` is a matrix of floats.
    init(_ tensor: StoredTensor) {
        self.tensor = tensor
        element = WeightElement(tensor.elementType) ?? .float32
        rows = tensor.shape[0]
        width = tensor.shape[1]
    }

    /// Writes row `index` as `width` floats.
    func copyRow(_ index: Int, into row: UnsafeMutablePointer<Float>) {
        precondition(index >= 0 && index < rows, "token \(index) is not in the vocabulary of \(rows)")
        let size = width * element.byteCount
        let floats = FloatBuffer(
            UnsafeRawBufferPointer(rebasing: tensor.bytes[index * size..<(index + 1) * size]), element: element)
        row.update(from: floats.pointer, count: width)
    }
}
