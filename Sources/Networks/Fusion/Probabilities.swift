import Glibc
import Tensor

/// exp(x) / Σ exp(x): numbers that sum to 1.
public func softmax(_ x: [Float]) -> [Float] { logSoftmax(x).map { exp($0) } }

/// x − log Σ exp(x); −infinity stays.
func logSoftmax(_ x: [Float]) -> [Float] {
    let sum = logSumExp(x, count: x.count)
    return x.map { $0 - sum }
}

/// log(1 + exp(x))
func softplus(_ x: Float) -> Float { x > 20 ? x : log1p(exp(x)) }

/// The index of the largest number, of several equal ones the first.
public func indexOfLargest(_ x: [Float]) -> Int { x.indices.max { (x[$0], $1) < (x[$1], $0) } ?? 0 }
