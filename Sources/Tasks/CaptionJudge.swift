import Checkpoint
import Networks
import Tensor
import Tokenizer

/// Says how sure finished captions are, by which they are ranked.
struct CaptionJudge: Sendable {
    private let curve: SensoriumConfiguration.ConfidenceCurve
    /// The everyday names of what is seen in pictures.
    private let names: [String]
    /// By which captions are compared with their pictures; nil where that is not measured.
    private let space: Space?

    private struct Space: Sendable {
        let projection: ProjectionHead
        let towers: Towers
        let tokenizer: Tokenizer
        let textTower: String
        let maxTokens: Int
    }

    /// nil for a checkpoint that does not say how sure captions are. The configuration was checked: what is measured is there.
    init?(
        _ configuration: SensoriumConfiguration, towers: Towers, projection: ProjectionHead?,
        tokenizer: Tokenizer?
    ) {
        guard let name = configuration.heads.nameOfCaption,
            let curve = configuration.confidence[name]?.curve(of: ["image"])
        else { return nil }
        self.curve = curve
        names = towers.sight?.names.all ?? []
        if curve.terms.contains(where: { $0.measure == .match }), let projection, let tokenizer,
            let tower = configuration.heads.space?.head.inputs["text"]?.tower,
            let limit = configuration.towers.text?.maxTokens
        {
            space = Space(
                projection: projection, towers: towers, tokenizer: tokenizer, textTower: tower, maxTokens: limit)
        } else {
            space = nil
        }
    }

    /// The vectors of pictures in the joint space; none where captions are not compared with them.
    func vectors(of images: [ImageEncoding], _ workspace: Workspace, _ pool: ComputePool) -> [[Float]] {
        guard let space else { return [] }
        let tokens = images.map(\.grid)
        return space.projection.project(part: "image", tokens, workspace: workspace, pool: pool)
    }

    /// Judges those of the captions that are finished and were not judged.
    func judge(_ generations: [CaptionGeneration], _ workspace: Workspace, _ pool: ComputePool) {
        for generation in generations {
            let captions = generation.unjudged
            guard !captions.isEmpty else { continue }
            let matches = matches(captions.map(\.text), generation.picture.vector, workspace, pool)
            generation.judge(
                captions.indices.map { index in
                    var measured = measured(captions[index].text, generation.picture.things)
                    measured[.meanLogProbability] = Float(captions[index].hypothesis.score)
                    measured[.match] = matches?[index]
                    return Confidence(curve, measured)
                })
        }
    }

    /// The cosines of captions and their picture.
    private func matches(
        _ captions: [String], _ picture: [Float], _ workspace: Workspace, _ pool: ComputePool
    ) -> [Float]? {
        guard let space else { return nil }
        let texts = captions.map {
            (space.textTower, ModelInput.text(space.tokenizer.encode($0, maxTokens: space.maxTokens)))
        }
        let tokens = space.towers.encode(texts, workspace: workspace, pool: pool) {}
        return space.projection.project(part: "text", tokens, workspace: workspace, pool: pool)
            .map { zip($0, picture).reduce(0) { $0 + $1.0 * $1.1 } }
    }

    /// What the things that are seen in the picture say of a caption.
    private func measured(_ caption: String, _ things: [SeenThing]) -> [ConfidenceMeasure: Float] {
        let said = things.filter { NamedWords.name(names[$0.name], standsIn: caption) }.map(\.likeliest).max()
        return [.seen: things.first?.likeliest ?? 0, .said: said ?? 0, .names: said == nil ? 0 : 1]
    }
}

/// Names of things in sentences.
enum NamedWords {
    /// Whether a sentence has a name, in words of its own and in either number ("dog", "dogs", "box", "boxes").
    static func name(_ name: String, standsIn sentence: String) -> Bool {
        let words = sentence.split(separator: " ")
        let wanted = name.split(separator: " ")
        guard let last = wanted.last, words.count >= wanted.count else { return false }
        return (0...words.count - wanted.count).contains { start in
            let found = words[start..<start + wanted.count]
            guard found.dropLast().elementsEqual(wanted.dropLast()), let end = found.last else { return false }
            return end == last || end == last + "s" || end == last + "es"
        }
    }
}
