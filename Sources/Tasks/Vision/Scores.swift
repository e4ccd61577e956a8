import Glibc

/// The logistic function.
func sigmoid(_ x: Float) -> Float { Float(1 / (1 + exp(-Double(x)))) }

/// A vector scaled to length 1; one of length 0 stays.
func ofLengthOne(_ vector: [Float]) -> [Float] {
    let length = vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    return length > 0 ? vector.map { Float(Double($0) / length) } : vector
}
