import JSON
import Scheduler
import Tasks

/// A head and what it is asked for: the way that `/v1/vqa`, `/v1/emotion` and `/v1/classify/{head}` share.
struct HeadRequest: Sendable {
    let head: HeadDescription
    /// The queue, and the label of metrics.
    let task: String
    let metrics: Metrics

    /// The head's answer.
    struct Answer: Sendable {
        let classification: Classification
        /// Of what was asked; when all of a request is answered is for its route to say.
        var timing: AnswerTiming

        /// What the head looked at, where that was asked for.
        func explanation(of taken: TakenParts, _ request: Request, _ media: MediaIntake) async throws -> Explanation? {
            guard let attention = classification.attention else { return nil }
            return try await media.draw(for: request) { Explanation(attention, of: taken) }
        }
    }

    /// Asks about what was taken of a request.
    func ask(
        _ taken: TakenParts, explains: Bool, seesParts: Bool = false, _ request: Request, _ engine: any Engine
    ) async throws -> Answer {
        try checkFaces(taken)
        let question = HeadQuestion(
            head: head.name, parts: taken.inputs, explains: explains, seesParts: seesParts)
        let (output, job) = try await engine.compute(
            .classify(question, task: task), for: request.work, onText: nil)
        guard case .classification(let answer) = output else { throw NoClassification() }
        let fuse = answer.fusing
        metrics.stages(task, engine.card.name, "fuse").observe(fuse.inSeconds)
        let timing = AnswerTiming(
            queue: taken.waited + job.queue, decode: taken.took, encode: max(.zero, job.begin - fuse), fuse: fuse,
            read: taken.words?.took)
        return Answer(classification: answer.classification, timing: timing)
    }

    /// Refuses a request that lacks a part without which the head does not answer, or has none at all.
    /// - Parameter made: a part that is made of another.
    func checkParts(_ inputs: RequestInputs, made: String? = nil) throws(Problem) {
        for part in head.required where !inputs.has(part: part) && part != made {
            throw .missing(part, "the head \"\(head.name)\" needs it")
        }
        let names = head.inputs.map(\.part)
        guard names.contains(where: { inputs.has(part: $0) || $0 == made }) else {
            throw Problem(
                .missingPart,
                "There is nothing to look at; send \(names.count == 1 ? "a part" : "at least one of the parts") "
                    + "\(names.quoted("and")).")
        }
    }

    /// Refuses a photo without a face where it is all there is, or the head cannot do without.
    private func checkFaces(_ taken: TakenParts) throws(Problem) {
        guard taken.faces?.isEmpty == true else { return }
        let part = head.inputs.first { $0.kind == .face }?.part ?? "image"
        guard taken.inputs.isEmpty || head.required.contains(part) else { return }
        throw Problem(
            .noFace,
            "No face was found in the \"\(part)\"; send a larger one, or another part with it. If the whole image is a face, "
                + "/v1/emotion takes it as it is with face=whole.", members: ["part": .string(part)])
    }

    /// The engine was asked for a classification and gave something else.
    private struct NoClassification: Error {}
}

extension HeadDescription {
    /// The labels with their probabilities, best first; of two that are equal, the one that the head names first.
    func ranked(_ probabilities: [Float]) -> [(label: String, probability: Double)] {
        Shares.ranked(labels, probabilities, isExclusive: isExclusive)
    }

    /// The same with an answer that was read in the picture, which is the likeliest.
    func ranked(_ probabilities: [Float], behind read: ReadAnswer?) -> [(label: String, probability: Double)] {
        guard let (labels, probabilities) = read?.before(labels, probabilities) else { return ranked(probabilities) }
        return Shares.ranked(labels, probabilities, isExclusive: isExclusive)
    }
}

extension HeadDescription {
    /// An answer in everyday names.
    struct Named {
        /// The likeliest name, with the nouns above the likeliest of its labels.
        let best: LabelName
        /// The names with their probabilities, best first.
        let names: [(name: String, probability: Double)]
    }

    /// Probabilities of labels as those of their names; nil for a head whose labels are names enough.
    func named(_ probabilities: [Float]) -> Named? {
        guard let names else { return nil }
        var sums: [String: Double] = [:]
        for (name, share) in zip(names, Shares.rounded(probabilities)) { sums[name.name, default: 0] += share }
        let ranked = sums.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        let likeliest = zip(names, probabilities).filter { $0.0.name == ranked.first?.key }.max { $0.1 < $1.1 }
        guard let best = likeliest?.0 else { return nil }
        return Named(
            best: LabelName(name: best.name, above: best.above.filter { $0 != best.name }),
            names: ranked.map { ($0.key, ($0.value * 1e6).rounded() / 1e6) })
    }
}

extension PartSpec {
    /// The parts of a request that it is read from.
    var rules: [InputRules.Part] {
        guard case .text(let text) = preparation, let pair = text.pair else { return [rule] }
        return [rule, .init(name: pair.part, kind: .text)]
    }

    /// The part of a request that it is read from, by itself.
    var rule: InputRules.Part {
        switch kind {
        case .image, .page, .face: .init(name: part, kind: .image)
        case .sound: .init(name: part, kind: .audio)
        case .text: .init(name: part, kind: .text)
        case .features: .init(name: part, kind: .features)
        }
    }
}

/// Probabilities as answers write them.
enum Shares {
    /// Labels with their scores, best first; of two that are equal, the one that comes first.
    static func ranked(
        _ labels: [String], _ scores: [Float], isExclusive: Bool
    ) -> [(label: String, probability: Double)] {
        let rounded = isExclusive ? rounded(scores) : scores.map { (Double($0) * 1e6).rounded() / 1e6 }
        let order = rounded.indices.sorted { (rounded[$1], $0) < (rounded[$0], $1) }
        return order.map { (labels[$0], rounded[$0]) }
    }

    /// Rounded to six digits such that they add up to one exactly, by the method of the largest remainder: rounding each
    /// for itself would be off by up to half a millionth for every label.
    static func rounded(_ probabilities: [Float]) -> [Double] {
        let total = probabilities.reduce(0.0) { $0 + Double($1) }
        guard total > 0 else { return probabilities.map { _ in 0 } }
        let exact = probabilities.map { Double($0) / total * 1e6 }
        var units = exact.map { $0.rounded(.down) }
        let missing = Int((1e6 - units.reduce(0, +)).rounded())
        let byRemainder = exact.indices.sorted { (exact[$1] - units[$1], $0) < (exact[$0] - units[$0], $1) }
        for index in byRemainder.prefix(missing) { units[index] += 1 }
        return units.map { $0 / 1e6 }
    }
}
