import Synchronization

/// The parts of one request while several threads may prepare them.
final class PreparedParts: Sendable {
    private let body: @Sendable (Int) throws -> TakenParts
    private let results: Mutex<[Result<TakenParts, any Error>?]>

    /// So many parts; `body` prepares one of them.
    init(_ count: Int, _ body: @escaping @Sendable (Int) throws -> TakenParts) {
        self.body = body
        results = Mutex(Array(repeating: nil, count: count))
    }

    /// Prepares a part, and keeps what came of it.
    func prepare(_ index: Int) {
        let result = Result { try body(index) }
        results.withLock { $0[index] = result }
    }

    /// All parts, in their order; those that no thread has prepared are prepared now. Throws the error of the first part that
    /// has one, whichever was noticed first.
    func joined() throws -> TakenParts {
        var taken = TakenParts()
        for (index, result) in results.withLock({ $0 }).enumerated() { taken.add(try part(index, result)) }
        return taken
    }

    private func part(_ index: Int, _ result: Result<TakenParts, any Error>?) throws -> TakenParts {
        switch result {
        case .success(let part): return part
        // Two at once may want more memory than there is, where one after the other does not.
        case .failure(let problem as Problem) where problem.code == .queueFull: return try body(index)
        case .failure(let error): throw error
        case nil: return try body(index)
        }
    }
}
