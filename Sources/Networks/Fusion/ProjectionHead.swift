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

    /// Reads the tensors `<name>.…`.
    public init(
        _ checkpoint: Checkpoint, _ head: SensoriumConfiguration.ProjectionHead, name: String
    ) throws(CheckpointError) {
        parts = head.inputs.names
        dimensions = head.dimensions
        width = head.shape.width
        let towers = checkpoint.configuration.towers
        var inputs: [HeadInput] = []
        var projections: [Linear] = []
        for (part, input) in head.inputs {
            let tensor = SensoriumConfiguration.HeadInput.tensorName(ofPart: part)
            inputs.append(
                try HeadInput(
                    checkpoint, input, head.shape, towerWidth: towers.width(of: input.tower),
                    name: "\(name).inputs.\(tensor)"))
            projections.append(try Linear(checkpoint, "\(name).projections.\(tensor)"))
        }
        self.inputs = inputs
        self.projections = projections
        things = try head.things.map { things throws(CheckpointError) in
            try NameVectors(checkpoint, things, name: name)
        }
        let dimensions = head.dimensions
        composition = try head.composition.map { composition throws(CheckpointError) in
            try GatedResidual(checkpoint, composition, dimensions: dimensions, name: "\(name).composition")
        }
        concepts =
            head.concepts.isEmpty
            ? nil
            : try ConceptMatrix(
                checkpoint, count: head.concepts.count, dimensions: dimensions, name: "\(name).concepts")
    }

    /// The tensors that the head needs. `names`: distinct names of things that it may be told of.
    public static func requirements(
        _ head: SensoriumConfiguration.ProjectionHead, towers: Named<SensoriumConfiguration.Tower>, name: String,
        names: Int
    ) -> [TensorRequirement] {
        let width = head.shape.width
        var all = head.inputs.flatMap { part, input in
            let tensor = SensoriumConfiguration.HeadInput.tensorName(ofPart: part)
            return HeadInput.requirements(
                input, head.shape, towerWidth: towers.width(of: input.tower), name: "\(name).inputs.\(tensor)")
                + Linear.requirements(
                    "\(name).projections.\(tensor)", outputs: head.dimensions,
                    inputs: input.pooling == .mean ? width : 2 * width)
        }
        if let composition = head.composition {
            all += GatedResidual.requirements(
                composition, dimensions: head.dimensions, name: "\(name).composition")
        }
        if head.things != nil { all.append(TensorRequirement("\(name).things", [names, head.dimensions])) }
        if !head.concepts.isEmpty {
            all += ConceptMatrix.requirements(
                count: head.concepts.count, dimensions: head.dimensions, name: "\(name).concepts")
        }
        return all
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
