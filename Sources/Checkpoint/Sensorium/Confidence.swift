/// What is measured of an answer, from which its confidence is computed. Names are those of `config.json`.
public enum ConfidenceMeasure: String, Sendable, CaseIterable {
    /// Of a caption: the mean log-probability of a token, the end included.
    case meanLogProbability = "mean_log_probability"
    /// Of an answer among others: log(p / (1 − p)) of its probability, −12 to 12.
    case logOdds = "log_odds"
    /// How likely the likeliest thing in the picture is, 0 to 1; 0 where none is seen.
    case seen
    /// How likely the likeliest of the things is that the answer names, 0 to 1; 0 where it names none that is seen.
    case said
    /// 1 where the answer names a thing that is seen, otherwise 0.
    case names
    /// Of a caption: how well it fits the picture, the cosine of their vectors in the joint space, −1 to 1.
    case match
}

extension SensoriumConfiguration {
    /// How sure a head is of its answers: for each set of parts a curve.
    ///
    ///     "confidence": {"emotion": {"audio": {"offset": 0.4, "measures": {"log_odds": {"weight": 0.8, "usual": 1.2}}}, "any": …}}
    ///
    /// Parts are joined by "+" in alphabetical order; "any" is for all sets that are not there.
    public struct Confidence: Sendable, Equatable {
        /// The curves by parts.
        public let curves: [String: ConfidenceCurve]

        /// The key of the curve for every set of parts that has none of its own.
        static let any = "any"

        init(reading reader: inout ConfigurationReader) {
            var curves: [String: ConfidenceCurve] = [:]
            for key in reader.keys { curves[key] = reader.object(key) { ConfidenceCurve(reading: &$0) } }
            self.curves = curves
        }

        /// The curve for an answer from those parts; nil where the head says nothing of how sure it is of such.
        public func curve(of parts: some Collection<String>) -> ConfidenceCurve? {
            curves[parts.sorted().joined(separator: "+")] ?? curves[Self.any]
        }
    }

    /// From what was measured of an answer to the probability that it is right, by logistic regression (Platt 1999):
    /// 1 / (1 + exp(−offset − Σ weight · (measured − usual))).
    public struct ConfidenceCurve: Sendable, Equatable {
        /// What a measure says.
        public struct Term: Sendable, Equatable {
            /// What is measured.
            public let measure: ConfidenceMeasure
            /// How much it counts.
            public let weight: Float
            /// Its mean over the answers that the curve was fitted to: what is below or above it is unusual.
            public let usual: Float
        }

        /// The log-odds of an answer that is usual in every way.
        public let offset: Float
        /// The measures, each once.
        public let terms: [Term]
    }
}

extension SensoriumConfiguration.ConfidenceCurve {
    init(reading reader: inout ConfigurationReader) {
        reader.refuseKeys(except: ["offset", "measures"])
        offset = reader.number("offset")
        terms = reader.object("measures") { measures in
            measures.keys.compactMap { name in
                guard let measure = ConfidenceMeasure(rawValue: name) else {
                    measures.refuseKeys(except: ConfidenceMeasure.allCases.map(\.rawValue))
                    return nil
                }
                return measures.object(name) { term in
                    term.refuseKeys(except: ["weight", "usual"])
                    return Term(measure: measure, weight: term.number("weight"), usual: term.number("usual"))
                }
            }
        }
    }
}

extension SensoriumConfiguration {
    /// Notes where a head is said to be sure of something that it does not answer, or by what it does not have.
    func check(_ confidence: Confidence, of name: String, _ reader: inout ConfigurationReader) {
        let path = "confidence.\(name)"
        guard let head = heads[name] else {
            return reader.demand(false, path, "present", fits: "heads.\(name)", "missing")
        }
        for (parts, curve) in confidence.curves.sorted(by: { $0.key < $1.key }) {
            for measure in curve.terms.map(\.measure) where !isMeasured(measure, of: head) {
                reader.demand(
                    false, "\(path).\(parts).measures", measure.rawValue, fits: "heads.\(name).type", head.type)
            }
        }
    }

    /// Whether answers of a head have such a measure.
    private func isMeasured(_ measure: ConfidenceMeasure, of head: Head) -> Bool {
        switch (measure, head) {
        case (_, .projection): false
        case (.meanLogProbability, .caption): true
        // The picture's vector and the caption's.
        case (.match, .caption): heads.space.map { ["image", "text"].allSatisfy($0.head.parts.contains) } ?? false
        case (.seen, .caption(let head)), (.said, .caption(let head)), (.names, .caption(let head)): head.things != nil
        case (.logOdds, .classifier), (.logOdds, .linear): true
        case (.seen, .classifier(let head)), (.said, .classifier(let head)), (.names, .classifier(let head)):
            head.things != nil
        default: false
        }
    }
}
