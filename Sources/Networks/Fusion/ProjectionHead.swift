import Checkpoint
import Tensor

/// Each part by itself into one space where what means the same lies close (Radford 2021, CLIP):
///
///     vector = projection(pool(x)) / length,  x = adapter of the part (HeadInput)
///
/// and what the checkpoint may have beside it: how two of them become one, and phrases to say what a vector is about.
public final class ProjectionHead: Sendable {
    /// What can be projected, in the order of `config.json`: parts of requests, and other readings of the part `image`.
    public let parts: [String]
    /// The length of a vector.
    public let dimensions: Int
    /// How a picture and words become one vector; nil without.
    public let composition: GatedResidual?
    /// The phrases' vectors; nil without.
    public let concepts: ConceptMatrix?

    private let width: Int
    private let inputs: [HeadInput]
    private let projections: [Linear]
    private let things: NameVectors?

    /// Reads the head's tensors.
    /// - Parameter names: distinct names of things that it may be told of.
    public init(
        _ weights: Weights, _ head: SensoriumConfiguration.ProjectionHead,
        towers: Named<SensoriumConfiguration.Tower>, names: Int
    ) {
        parts = head.inputs.names
        let dimensions = head.dimensions
        self.dimensions = dimensions
        width = head.shape.width
        var inputs: [HeadInput] = []
        var projections: [Linear] = []
        for (part, input) in head.inputs {
            let tensor = SensoriumConfiguration.HeadInput.tensorName(ofPart: part)
            let adapter = HeadInput(
                weights["inputs.\(tensor)"], input, head.shape, towerWidth: towers.width(of: input.tower))
            inputs.append(adapter)
            projections.append(weights.linear("projections.\(tensor)", adapter.pooledWidth, dimensions))
        }
        self.inputs = inputs
        self.projections = projections
        things = head.things.map { NameVectors(weights, $0, names: names, dimensions: dimensions) }
        composition = head.composition.map { GatedResidual(weights["composition"], $0, dimensions: dimensions) }
        concepts =
            head.concepts.isEmpty
            ? nil : ConceptMatrix(weights, "concepts", count: head.concepts.count, dimensions: dimensions)
    }

    /// Tokens of several items of one of `parts` → vectors of length 1.
    public func project(
        part: String, _ items: [TowerTokens], workspace: Workspace, pool: ComputePool
    ) -> [[Float]] {
        guard let index = parts.firstIndex(of: part), !items.isEmpty else { return [] }
        let tokens = PartTokens(items, inputs[index], width: width, workspace: workspace, pool: pool)
        let vectors = FloatBuffer(count: items.count * dimensions)
        projections[index].apply(
            tokens.pooled.flatMap { $0 ?? [] }, rows: items.count, into: vectors.pointer, pool: pool)
        return items.indices.map { item in
            let vector = vectors.pointer + item * dimensions
            normalizeLength(vector, count: dimensions)
            if let things, things.input == part {
                things.add(items[item].things, to: vector, dimensions: dimensions)
            }
            return Array(UnsafeBufferPointer(start: vector, count: dimensions))
        }
    }
}
