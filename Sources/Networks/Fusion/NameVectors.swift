import Checkpoint
import Tensor

/// How the vector of a picture knows the names of what is seen in it:
///
///     v = norm(v + weight · Σ pᵢ tᵢ / (Σ pᵢ + prior)),   tᵢ the vector of a name, pᵢ how likely it is seen
struct NameVectors: Sendable {
    /// The input of the space that they are for.
    let input: String
    private let weight: Float
    private let prior: Float
    private let vectors: [Float]  // [names, dimensions]

    /// Reads the tensor `things` of the space.
    /// - Parameter names: distinct names of things that it may be told of.
    init(_ space: Weights, _ things: SensoriumConfiguration.SpaceThings, names: Int, dimensions: Int) {
        input = things.input
        weight = things.weight
        prior = things.prior
        vectors = space.floats("things", [names, dimensions])
    }

    /// Adds what is seen to the vector of a picture, of length 1, which has it afterwards again.
    func add(_ things: [SeenThing], to vector: UnsafeMutablePointer<Float>, dimensions: Int) {
        guard !things.isEmpty else { return }
        let scale = weight / (things.reduce(prior) { $0 + $1.likeliest })
        for thing in things {
            let share = thing.likeliest * scale
            let name = thing.name * dimensions
            for column in 0..<dimensions { vector[column] += share * vectors[name + column] }
        }
        normalizeLength(vector, count: dimensions)
    }
}
