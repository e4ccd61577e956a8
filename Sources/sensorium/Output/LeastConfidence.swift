import ArgumentParser

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

    /// Asks for it.
    func add(to form: inout MultipartForm) { if least > 0 { form.add("min_confidence", "\(least)") } }
}
