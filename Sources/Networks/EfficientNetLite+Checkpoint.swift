import Checkpoint

extension EfficientNetLite {
    /// Reads the tower's tensors, named `<name>.…`, which `requirements()` lists.
    public convenience init(_ checkpoint: Checkpoint, name: String = "image") throws(CheckpointError) {
        try self.init { (tensor, _) throws(CheckpointError) in
            try checkpoint.tensor(Self.renamed(tensor, name)).floats()
        }
    }

    /// A branch of `trunk`, with the tensors `<name>.…` for what it does not share.
    public convenience init(
        _ checkpoint: Checkpoint, _ branch: SensoriumConfiguration.ImageBranch, name: String, of trunk: EfficientNetLite
    ) throws(CheckpointError) {
        try self.init(trunk, fromBlock: branch.fromBlock) { (tensor, _) throws(CheckpointError) in
            try checkpoint.tensor(Self.renamed(tensor, name)).floats()
        }
    }

    /// Every tensor that a branch called `name` needs besides those of its trunk.
    public static func requirements(
        _ branch: SensoriumConfiguration.ImageBranch, name: String
    ) -> [TensorRequirement] {
        EfficientNetLiteLayout.lite2.tensors(prefix: "\(name).", from: branch.fromBlock)
            .map { TensorRequirement($0.name, $0.shape) }
    }

    /// Every tensor that the tower called `name` needs.
    public static func requirements(name: String = "image") -> [TensorRequirement] {
        EfficientNetLiteLayout.lite2.tensors(prefix: "\(name).").map { TensorRequirement($0.name, $0.shape) }
    }

    /// `image.stem.weight` as the tower called `name` has it.
    private static func renamed(_ tensor: String, _ name: String) -> String { name + tensor.dropFirst("image".count) }
}
