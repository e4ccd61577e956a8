import Checkpoint

extension EfficientNetLite {
    /// Reads the tower's tensors, named `image.…`, which `requirements()` lists.
    public convenience init(_ checkpoint: Checkpoint) throws(CheckpointError) {
        try self.init { (name, _) throws(CheckpointError) in try checkpoint.tensor(name).floats() }
    }

    /// Every tensor that the tower needs.
    public static func requirements() -> [TensorRequirement] {
        EfficientNetLiteLayout.lite2.tensors(prefix: "image.").map { TensorRequirement($0.name, $0.shape) }
    }
}
