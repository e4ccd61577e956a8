import Checkpoint
import Networks
import Tensor

/// Vectors of the joint space: what several parts are together, and what a vector is about.
extension LoadedModel {
    /// The joint space; nil without a projection head.
    public var space: EmbeddingSpace? {
        configuration.heads.space.map { _, head in
            EmbeddingSpace(
                dimensions: head.dimensions, inputs: specs(head.inputs).filter { head.parts.contains($0.part) },
                views: (head.views?.inputs.names ?? []).compactMap(PictureView.init),
                hasConcepts: !head.concepts.isEmpty)
        }
    }

    /// One vector for each query. Pictures whose view is not said are told apart by the model from the tokens that are there.
    /// What a query gets does not depend on the others. Throws `TaskError` for a model without a space, and for what
    /// ``EmbeddingSpace/check(parts:view:weight:)`` refuses in any of them.
    public func embed(_ queries: [SpaceQuery]) throws(TaskError) -> [SpaceVector] {
        guard let projection, let space, let (name, head) = configuration.heads.space else {
            throw .taskNotAvailable("joint embeddings", model: self.name)
        }
        for query in queries {
            for part in query.parts.keys.sorted() where !head.parts.contains(part) {
                throw .unexpectedPart(part, head: name, parts: head.parts)
            }
            if query.parts.isEmpty { throw .missingParts(head.parts, head: name, all: false) }
            try space.check(parts: query.parts.keys, view: query.view, weight: query.weight)
        }
        return compute.take { memory in
            let views = views(of: queries, head.views, memory.workspace)
            let keys = keys(of: queries, views, head, projection, memory.workspace)
            let composed = composed(keys, head.composition, projection)
            return queries.indices.map { index in
                SpaceVector(
                    keys: keys[index], weight: queries[index].weight, composed: composed[index], view: views[index])
            }
        }
    }

    /// What the picture of each query is taken for: what it is said to be, or what the head of the views says of it. Nil without
    /// a picture, or without views.
    private func views(
        of queries: [SpaceQuery], _ views: SensoriumConfiguration.Views?, _ workspace: Workspace
    ) -> [PictureView?] {
        guard let views, let head = classifiers[views.head],
            case .classifier(let labels)? = configuration.heads[views.head]
        else { return queries.map { _ in nil } }
        let part = SensoriumConfiguration.Views.part
        let unsaid = queries.indices.filter { queries[$0].view == nil && queries[$0].parts[part] != nil }
        var told = queries.map { $0.parts[part] == nil ? nil : $0.view }
        guard !unsaid.isEmpty else { return told }
        let items = unsaid.map { queries[$0].parts.filter { $0.key == part } }
        let answers = head.classify(
            items, explains: items.map { _ in false }, workspace: workspace, pool: pool)
        for (index, answer) in zip(unsaid, answers) {
            told[index] = PictureView(rawValue: labels.labels[indexOfLargest(answer.logits)])
        }
        return told
    }

    /// The vectors of each query's parts: one pass for each input of the space, over all queries.
    private func keys(
        of queries: [SpaceQuery], _ views: [PictureView?], _ head: SensoriumConfiguration.ProjectionHead,
        _ projection: ProjectionHead, _ workspace: Workspace
    ) -> [[String: [Float]]] {
        var read: [String: [(query: Int, part: String, tokens: TowerTokens)]] = [:]
        for (index, query) in queries.enumerated() {
            for (part, tokens) in query.parts {
                let isViewed = part == SensoriumConfiguration.Views.part
                let input = isViewed ? views[index].flatMap { head.views?.inputs[$0.rawValue] } : nil
                read[input ?? part, default: []].append((index, part, tokens))
            }
        }
        var keys = [[String: [Float]]](repeating: [:], count: queries.count)
        for (input, items) in read {
            let vectors = projection.project(part: input, items.map(\.tokens), workspace: workspace, pool: pool)
            for (item, vector) in zip(items, vectors) { keys[item.query][item.part] = vector }
        }
        return keys
    }

    /// The learned composition of those queries that are a picture and words and nothing else.
    private func composed(
        _ keys: [[String: [Float]]], _ composition: SensoriumConfiguration.Composition?, _ projection: ProjectionHead
    ) -> [[Float]?] {
        var results = [[Float]?](repeating: nil, count: keys.count)
        guard let composition, let network = projection.composition else { return results }
        var places: [Int] = []
        var pairs: [(image: [Float], text: [Float])] = []
        for (index, keys) in keys.enumerated() where keys.count == 2 {
            guard let image = keys[composition.image], let text = keys[composition.text] else { continue }
            places.append(index)
            pairs.append((image, text))
        }
        for (place, vector) in zip(places, network.compose(pairs, pool: pool)) { results[place] = vector }
        return results
    }

    /// For each vector of the space, of length 1, the phrase nearest to it; empty without phrases. May be called from any
    /// thread at once: nothing here waits for the engine. A vector of other dimensions is the caller's mistake and stops the
    /// program.
    public func concepts(nearest vectors: [[Float]]) -> [Concept] {
        guard let matrix = projection?.concepts, let phrases = configuration.heads.space?.head.concepts else {
            return []
        }
        return matrix.nearest(to: vectors).map { Concept(phrase: phrases[$0.row], score: $0.score) }
    }
}
