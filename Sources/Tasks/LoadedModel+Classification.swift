import Checkpoint
import Networks
import Tensor

/// Heads that choose among labels: emotion, answers to questions, and whatever else a checkpoint was trained for.
extension LoadedModel {
    /// The classifiers, in the order of `config.json`.
    public var heads: [HeadDescription] {
        configuration.heads.compactMap { name, head in
            switch head {
            case .classifier(let head):
                HeadDescription(
                    name: name, task: head.task?.rawValue, labels: namedAnswers[name]?.answers ?? head.labels,
                    inputs: specs(head.inputs), required: head.required)
            case .linear(let head):
                HeadDescription(
                    name: name, task: nil, labels: head.labels, inputs: specs(head.inputs),
                    required: head.inputs.names,
                    names: head.names.map { names in
                        zip(head.labels, names.ofLabels).map {
                            LabelName(name: $1, above: names.nouns(above: $0))
                        }
                    }, floorOfParts: floorOfParts(of: head))
            case .caption, .projection: nil
            }
        }
    }

    /// What a head says of several items, each any non-empty subset of its parts that has those it requires. Throws
    /// `TaskError` for a head that the model does not have and for parts that the head cannot use.
    /// - Parameter explain: for which items the attention over the tokens of each part is wanted.
    public func classify(
        head name: String, _ items: [[String: TowerTokens]], explain: [Bool]
    ) throws(TaskError) -> [Classification] {
        precondition(items.count == explain.count, "\(explain.count) wishes for \(items.count) items")
        if let head = linearHeads[name], case .linear(let configuration)? = configuration.heads[name] {
            return try classify(items, explain: explain, head, configuration, name)
        }
        guard let head = classifiers[name], case .classifier(let configuration)? = configuration.heads[name] else {
            throw .taskNotAvailable(name, model: self.name)
        }
        for item in items {
            try Self.check(item.keys, inputs: configuration.inputs, required: configuration.required, name)
        }
        return compute.take { memory in
            let workspace = memory.workspace
            let vectors = configuration.fusion.match.map { projections(of: items, $0, workspace) } ?? []
            let outputs = head.classify(
                items, vectors: vectors, explains: explain, workspace: workspace, pool: pool)
            return outputs.indices.map { index in
                let things = items[index].values.flatMap(\.things)
                var answer: Classification
                if let named = namedAnswers[name] {
                    answer = Classification(
                        outputs[index].answered { logits, isWhole in
                            named.answer(
                                logits, question: vectors[index]["question"], things: isWhole ? things : [], pool: pool)
                        })
                } else {
                    answer = Classification(outputs[index])
                }
                answer.confidence = confidence(in: answer, of: name, things: things, parts: items[index].keys)
                return answer
            }
        }
    }

    private func classify(
        _ items: [[String: TowerTokens]], explain: [Bool], _ head: LinearHead,
        _ configuration: SensoriumConfiguration.LinearHead, _ name: String
    ) throws(TaskError) -> [Classification] {
        let parts = configuration.inputs.names
        for item in items { try Self.check(item.keys, inputs: configuration.inputs, required: parts, name) }
        return compute.take { _ in
            head.classify(items.flatMap { $0.values }, explains: explain, pool: pool).map { output in
                var answer = Classification(output)
                answer.confidence = confidence(
                    in: answer, of: name, names: configuration.names?.ofLabels, parts: parts)
                return answer
            }
        }
    }

    /// How sure a head is of its answer from some parts; nil where it does not say.
    /// - Parameters:
    ///   - names: the everyday names of the labels: the likeliest of them is the answer.
    ///   - things: what is seen in the picture, which an answer may name.
    private func confidence(
        in answer: Classification, of head: String, names: [String]? = nil, things: [SeenThing] = [],
        parts: some Collection<String>
    ) -> Confidence? {
        guard let curve = configuration.confidence[head]?.curve(of: parts) else { return nil }
        var shares = answer.probabilities
        if let names {
            var byName: [String: Float] = [:]
            for (name, probability) in zip(names, shares) { byName[name, default: 0] += probability }
            shares = Array(byName.values)
        }
        let best = indexOfLargest(shares)
        let named = namedAnswers[head]?.things(things, namedBy: best).map(\.likeliest).max()
        return Confidence(
            curve,
            [
                .logOdds: Confidence.logOdds(shares[best]), .seen: things.map(\.likeliest).max() ?? 0,
                .said: named ?? 0, .names: named == nil ? 0 : 1,
            ])
    }

    /// Throws `TaskError` where a head cannot answer from these parts.
    private static func check(
        _ parts: some Collection<String>, inputs: Named<SensoriumConfiguration.HeadInput>, required: [String],
        _ name: String
    ) throws(TaskError) {
        for part in parts.sorted() where inputs[part] == nil {
            throw .unexpectedPart(part, head: name, parts: inputs.names)
        }
        let missing = required.filter { !parts.contains($0) }
        if !missing.isEmpty { throw .missingParts(missing, head: name, all: true) }
        if parts.isEmpty { throw .missingParts(inputs.names, head: name, all: false) }
    }

    /// The vectors in the joint space of those parts of each item that a head matches.
    private func projections(
        of items: [[String: TowerTokens]], _ match: SensoriumConfiguration.Match, _ workspace: Workspace
    ) -> [[String: [Float]]] {
        var vectors = [[String: [Float]]](repeating: [:], count: items.count)
        for (part, input) in match.inputs {
            let places = items.indices.filter { items[$0][part] != nil }
            // The head has learned to match pictures as they are, without the names of what is seen in them.
            let tokens = places.compactMap { items[$0][part]?.unnamed }
            let projected = projection?.project(part: input, tokens, workspace: workspace, pool: pool) ?? []
            for (place, vector) in zip(places, projected) { vectors[place][part] = vector }
        }
        return vectors
    }

    /// What a linear head with names says of each part of a picture: probabilities of its labels, and where the part is. Empty for
    /// any other head, and for a picture whose tokens are too few to have parts.
    public func parts(head name: String, of picture: TowerTokens) -> [PartOpinion] {
        guard let head = linearHeads[name], case .linear(let described)? = configuration.heads[name],
            floorOfParts(of: described) != nil
        else { return [] }
        return compute.take { _ in
            let scores = head.scores(ofGrid: picture, pool: pool).dropFirst()
            return zip(LinearHead.places(ofPartsOf: picture.tokens), scores).map {
                PartOpinion(place: $0, probabilities: softmax($1))
            }
        }
    }

    /// How likely a name is to be to count as seen in a part; nil for a head without names, or of anything but pictures.
    private func floorOfParts(of head: SensoriumConfiguration.LinearHead) -> Float? {
        switch head.inputs.values.first.flatMap({ configuration.towers[$0.tower] }) {
        case .image?, .imageBranch?: head.names?.floor
        default: nil
        }
    }
}

extension Classification {
    /// Probabilities of what the head said, and the influence of each part: how far its absence moves the answer.
    fileprivate init(_ output: ClassifierHead.Output) {
        let fused = softmax(output.logits)
        var distances = output.without.mapValues { logits in
            zip(fused, softmax(logits)).reduce(0) { $0 + abs($1.0 - $1.1) } / 2
        }
        if distances.isEmpty { distances = output.alone.mapValues { _ in 1 } }
        // Summed in the order of the names, so that the same request gets the same bits.
        let sum = distances.keys.sorted().reduce(Float(0)) { $0 + (distances[$1] ?? 0) }
        let count = Float(distances.count)
        self.init(
            probabilities: fused, alone: output.alone.mapValues(softmax),
            weights: distances.mapValues { sum > 0 ? $0 / sum : 1 / count }, attention: output.attention)
    }
}
