import HTTP

/// Takes bodies in: picks a reader by `Content-Type`, and keeps all of them together within `--max-memory`.
struct BodyIntake: Sendable {
    let limits: BodyLimits
    let memory: MemoryBudget

    /// Begins to read the body of a request; `onComplete` gets it whole. A request without a body is complete at once.
    func receive(
        _ request: Request, _ task: some TaskRoute, _ rules: InputRules,
        onComplete: @escaping (ReceivedBody) -> Void
    ) throws(Problem) -> BodyHandling {
        let inputs = try RequestInputs(rules, query: request.head.query)
        guard request.head.hasBody else {
            onComplete(.inputs(inputs))
            return .discard
        }
        if let length = request.head.contentLength, length > limits.body {
            throw Problem(
                .bodyTooLarge,
                "The body has \(length) bytes; at most \(limits.body) are taken (--max-body). Send a smaller file.",
                members: ["limit": .integer(limits.body)])
        }
        let reader = try task.bodyReader(for: request.head, inputs, limits)
        // What is announced is not set aside: whoever announces much and sends little would keep others out.
        guard let reservation = memory.reserve(0, for: request.client.id) else { throw .memoryIsFull(memory) }
        inputs.hold(reservation)
        let receiver = UploadReceiver(request, reader, memory, reservation, onComplete: onComplete)
        return .deliver(to: receiver, limit: limits.body)
    }
}

extension Problem {
    /// Uploads and decoded media take up all the memory they may, or all that one client may have while others want some.
    static func memoryIsFull(_ memory: MemoryBudget) -> Problem {
        .retryLater(
            .queueFull,
            "Uploads in flight take up the \(ByteCount.text(memory.limit)) they may (--max-memory), or your share of it. "
                + "Try again later.")
    }
}
