import Checkpoint
import Networks
import Tensor

/// What tells things apart in pictures for the heads that name them: a branch of the first image tower, and the head on it.
struct Sight: Sendable {
    /// The tower of which `branch` is a branch.
    let trunk: String
    /// The everyday names of what the head knows.
    let names: NamesOfThings
    private let branch: EfficientNetLite
    private let head: LinearHead

    /// nil for a checkpoint without a head that is told. The configuration was checked: what tells it is there.
    init?(_ configuration: SensoriumConfiguration, branches: [String: EfficientNetLite], heads: [String: LinearHead]) {
        guard let told = configuration.heads.nameOfSeeing, let head = heads[told],
            case .linear(let described)? = configuration.heads[told], let names = described.names,
            let tower = described.inputs.values.first?.tower, let branch = branches[tower],
            let trunk = configuration.towers.firstImage?.name
        else { return nil }
        self.trunk = trunk
        self.names = NamesOfThings(names)
        self.branch = branch
        self.head = head
    }

    /// The tokens of an image by the trunk, with the things that are seen in it. What trunk and branch share is computed once.
    func tokens(_ pixels: [Float], _ tower: EfficientNetLite, pool: ComputePool) -> TowerTokens {
        var values = [Float](repeating: 0, count: tower.tokenCount * tower.channels)
        var branched = [Float](repeating: 0, count: branch.tokenCount * branch.channels)
        tower.tokens(pixels, batch: 1, into: &values, and: branch, into: &branched, pool: pool)
        let grid = TowerTokens(tokens: branch.tokenCount, width: branch.channels, values: branched)
        var tokens = TowerTokens(tokens: tower.tokenCount, width: tower.channels, values: values)
        tokens.things = names.seen(head.scores(ofGrid: grid, pool: pool))
        return tokens
    }
}
