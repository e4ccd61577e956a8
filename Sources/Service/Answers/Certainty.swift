import JSON
import Tasks

/// How sure an answer has to be to be given.
struct Certainty: Sendable {
    static let option = InputOption.number("min_confidence", in: 0...1)

    /// What requests ask for that do not say; 0 for every answer.
    let usual: Double

    /// How sure an answer has to be.
    func least(_ inputs: RequestInputs) -> Double { inputs[Self.option] ?? usual }

    /// How an answer is given that a request gets. Throws for an answer of which the model does not say how sure it is, where the request wants to know.
    func verdict(
        on confidence: Confidence?, _ inputs: RequestInputs, _ card: ModelCard, explains: Bool, least: Double? = nil
    ) throws(Problem) -> Verdict {
        if let asked = inputs[Self.option], asked > 0, confidence == nil {
            throw Problem(
                .invalidOption,
                "The option \"min_confidence\" is \(asked.formatted), but \(card.name) does not say how sure it is of such an answer; "
                    + "leave it out.", members: ["option": .string("min_confidence")])
        }
        return Verdict(confidence: confidence, least: least ?? self.least(inputs), explains: explains)
    }
}

/// Whether an answer is given, and how sure it is.
struct Verdict: Sendable {
    /// nil where the model does not say.
    let confidence: Confidence?
    /// What is asked for.
    let least: Double
    /// Whether it is to be said what the confidence was computed from.
    let explains: Bool

    /// Whether the answer is withheld.
    var isDeclined: Bool { confidence.map { $0.value < least } ?? false }

    /// Writes the answer's field, null where it is withheld, then `confidence`, and `declined` and `reason` where it is.
    func write(_ key: String, _ answer: String, to json: inout JSONWriter) throws(JSONError) {
        if isDeclined { try json.field(key, .null) } else { json.field(key, answer) }
        guard let confidence else { return }
        try json.field("confidence", confidence.value)
        if isDeclined {
            json.field("declined", true)
            json.field("reason", confidence.reason(toDeclineBelow: least))
        }
        guard explains else { return }
        try json.field("confidence_from") { json throws(JSONError) in
            try json.object { json throws(JSONError) in
                for ground in confidence.grounds { try json.field(ground.name, Double(ground.value)) }
            }
        }
    }
}
