import Checkpoint
import Networks
import Tensor

/// The towers of a checkpoint at work: inputs of requests become the tokens that heads read.
struct Towers: Sendable {
    private let networks: [String: Network]
    /// What tells things apart; nil where no head is told.
    let sight: Sight?

    private enum Network: Sendable {
        case image(EfficientNetLite)
        case text(BERT)
        /// `lastState`: the last hidden state that a head reads.
        case audio(WhisperEncoder, lastState: Int)
        case face(FaceCNN)
        case features(SensoriumConfiguration.FeatureTower)
    }

    /// Reads the towers of a configuration that give tokens.
    /// - Parameter heads: its linear heads, of which one may tell the others what is seen.
    init(_ weights: Weights, _ configuration: SensoriumConfiguration, heads: [String: LinearHead]) {
        let towers = configuration.towers
        var networks: [String: Network] = [:]
        var textTrunks: [String: BERT] = [:]
        var imageTrunks: [String: EfficientNetLite] = [:]
        var imageBranches: [String: EfficientNetLite] = [:]
        for (name, tower) in towers {
            switch tower {
            case .image:
                let trunk = EfficientNetLite(weights[name])
                imageTrunks[name] = trunk
                networks[name] = .image(trunk)
            case .text(let tower):
                let trunk = BERT(weights[name], tower)
                textTrunks[name] = trunk
                networks[name] = .text(trunk)
            case .audio(let tower):
                networks[name] = .audio(
                    WhisperEncoder(weights[name], tower),
                    lastState: configuration.lastState(of: name, layers: tower.layers))
            case .face(let tower): networks[name] = .face(FaceCNN(weights[name], tower))
            case .features(let tower): networks[name] = .features(tower)
            case .imageBranch, .textBranch, .faceFinder, .textFinder, .textReader: break
            }
        }
        // The configuration was checked: trunks are towers of the kind.
        for case (let name, .imageBranch(let branch)) in towers {
            guard let trunk = imageTrunks[branch.trunk] else { continue }
            let network = EfficientNetLite(weights[name], branch, of: trunk)
            networks[name] = .image(network)
            imageBranches[name] = network
        }
        sight = Sight(configuration, branches: imageBranches, heads: heads)
        for case (let name, .textBranch(let branch)) in towers {
            guard let trunk = textTrunks[branch.trunk] else { continue }
            networks[name] = .text(BERT(weights[name], branch, of: trunk))
        }
        self.networks = networks
    }

    /// The tokens of each input, those of one tower computed together. An input for a tower that is not there, of another
    /// kind than the tower's or of another size, is the caller's mistake and stops the program. `pause` is called every few
    /// milliseconds of a text or a sound.
    func encode(
        _ inputs: [(tower: String, input: ModelInput)], workspace: Workspace, pool: ComputePool,
        pause: () -> Void
    ) -> [TowerTokens] {
        var results = inputs.map { _, input -> TowerTokens? in
            if case .tokens(let tokens) = input { tokens } else { nil }
        }
        for (name, network) in networks {
            let places = inputs.indices.filter { inputs[$0].tower == name && results[$0] == nil }
            guard !places.isEmpty else { continue }
            let tokens = encode(places.map { inputs[$0].input }, network, name, workspace, pool, pause)
            for (place, tokens) in zip(places, tokens) { results[place] = tokens }
        }
        let tokens = results.compactMap(\.self)
        precondition(tokens.count == inputs.count, "an input is for a tower that there is not, or not for its kind")
        return tokens
    }

    private func encode(
        _ inputs: [ModelInput], _ network: Network, _ name: String, _ workspace: Workspace, _ pool: ComputePool,
        _ pause: () -> Void
    ) -> [TowerTokens] {
        switch network {
        case .image(let tower):
            return encodeImages(
                inputs.compactMap { if case .pixels(let pixels) = $0 { pixels } else { nil } }, tower, name, pool)
        case .text(let tower):
            let texts = inputs.compactMap { if case .text(let text) = $0 { text.ids } else { nil } }
            return tower.hiddenStates(texts, workspace: workspace, pool: pool, pause: pause)
        case .audio(let tower, let lastState):
            let clips = inputs.compactMap { if case .mel(let windows) = $0 { windows } else { nil } }
            return tower.encode(clips, lastState: lastState, workspace: workspace, pool: pool, pause: pause)
        case .face(let tower):
            let faces = inputs.compactMap { if case .pixels(let pixels) = $0 { pixels } else { nil } }
            return tower.encode(faces, workspace: workspace, pool: pool)
        case .features(let tower):
            return inputs.compactMap { input in
                guard case .features(let tokens, let values) = input else { return nil }
                return TowerTokens(tokens: tokens, width: tower.width, values: tower.standardized(values))
            }
        }
    }

    /// Images [height, width, 3] → the grid of each by the tower of a name, with what is seen in it where that is told.
    func encodeImages(
        _ images: [[Float]], _ tower: EfficientNetLite, _ name: String, _ pool: ComputePool
    ) -> [TowerTokens] {
        let size = tower.imageSize * tower.imageSize * 3
        let tokenCount = tower.tokenCount * tower.channels
        return images.map { pixels in
            precondition(pixels.count == size, "an image has \(pixels.count) values instead of \(size)")
            if let sight, sight.trunk == name { return sight.tokens(pixels, tower, pool: pool) }
            let tokens = [Float](unsafeUninitializedCapacity: tokenCount) { tokens, initialized in
                // A grid has at least one token, so that there is a base address.
                if let base = tokens.baseAddress { tower.tokens(pixels, batch: 1, into: base, pool: pool) }
                initialized = tokenCount
            }
            return TowerTokens(tokens: tower.tokenCount, width: tower.channels, values: tokens)
        }
    }

    /// The image tower of that name.
    func image(_ name: String) -> EfficientNetLite? {
        if case .image(let tower)? = networks[name] { tower } else { nil }
    }

    /// The text tower of that name.
    func text(_ name: String) -> BERT? {
        if case .text(let tower)? = networks[name] { tower } else { nil }
    }
}

extension SensoriumConfiguration {
    /// The last hidden state of an audio tower that any head reads: layers beyond it are not computed.
    func lastState(of tower: String, layers: Int) -> Int {
        let inputs = heads.flatMap { $1.inputs.values }.filter { $0.tower == tower }
        return inputs.map { $0.hiddenStates?.max() ?? layers }.max() ?? layers
    }
}

extension SensoriumConfiguration.FeatureTower {
    /// Rows as a head sees them: less the mean, by the deviation.
    fileprivate func standardized(_ values: [Float]) -> [Float] {
        var values = values
        if let mean { for index in values.indices { values[index] -= mean[index % width] } }
        if let deviation { for index in values.indices { values[index] /= deviation[index % width] } }
        return values
    }
}
