import Foundation

@testable import Tensor

/// A reproducible stream of numbers in -1..<1 (splitmix64).
struct Numbers {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> Float {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        z ^= z >> 31
        return Float(z >> 40) / Float(1 << 23) - 1
    }

    mutating func take(_ count: Int) -> [Float] { (0..<count).map { _ in next() } }
}

/// The activation in double precision.
func apply(_ activation: Activation, _ x: Double) -> Double {
    switch activation {
    case .none: x
    case .relu: max(x, 0)
    case .relu6: min(max(x, 0), 6)
    case .gelu: x / 2 * (1 + erf(x / 2.0.squareRoot()))
    case .tanhGELU: x / 2 * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    case .quickGELU: x / (1 + exp(-1.702 * x))
    case .silu: x / (1 + exp(-x))
    }
}
