import Checkpoint
import Tensor

extension Activation {
    /// That of a configuration.
    init(_ activation: HiddenActivation) {
        switch activation {
        case .gelu: self = .gelu
        case .tanhGELU: self = .tanhGELU
        case .quickGELU: self = .quickGELU
        case .silu: self = .silu
        case .relu: self = .relu
        }
    }
}
