import ArgumentParser
import JSON
import Tasks

/// How sure an answer has to be to be printed.
struct LeastConfidence: ParsableArguments {
    @Option(
        name: .customLong("min-confidence"),
        help: ArgumentHelp("Say \"not sure\" instead of an answer that is less sure, 0 to 1.", valueName: "share"))
    var least = 0.0

    /// What is printed instead of an answer.
    static let notSure = "not sure"

    func validate() throws {
        guard (0...1).contains(least) else {
            throw ValidationError("--min-confidence is \(least), but must be from 0 to 1.")
        }
    }

    /// Whether an answer is not sure enough. One of which the model does not say how sure it is counts as sure.
    func declines(_ confidence: Confidence?) -> Bool { confidence.map { $0.value < least } ?? false }

    /// Writes an answer's field, null where it is not sure enough, and how sure it is.
    func write(
        _ key: String, _ answer: String, _ confidence: Confidence?, least: Double? = nil, to json: inout JSONWriter
    ) {
        guard let confidence else { return json.field(key, answer) }
        let least = least ?? self.least
        let isDeclined = confidence.value < least
        if isDeclined { json.field(key) { $0.null() } } else { json.field(key, answer) }
        // A confidence is a probability, and finite.
        try? json.field("confidence", confidence.value)
        guard isDeclined else { return }
        json.field("declined", true)
        json.field("reason", confidence.reason(toDeclineBelow: least))
    }
}
