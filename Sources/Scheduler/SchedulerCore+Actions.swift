extension SchedulerCore {
    /// Whether the turn is a client's, as told by the client.
    typealias Turn = (ClientID) -> Bool

    /// Decides what the engine does now. The previous action must have been reported.
    mutating func nextAction(at now: EngineInstant) -> Action {
        precondition(beginnings.isEmpty, "the batch that was begun has not been reported")
        sweep(at: now)
        if isStopped { return .stop }
        let limit = (leastStanding ?? 0) + configuration.slice.seconds
        // Where those whose turn it is cannot be helped on, others are: nobody gains from an idle engine.
        return action(for: { [shares] in shares.standing($0) <= limit }, at: now)
            ?? action(for: { _ in true }, at: now) ?? .wait
    }

    /// What may be done for others while the batch that is begun pauses; nil to go on with it. It has to be reported like an
    /// action of `nextAction`. `isFirst`: whether nothing was done yet in this pause.
    ///
    /// A batch that pauses is like a generation between two steps: where its turn has not passed to others altogether, they get
    /// one step or small batch, and then it is its turn again.
    mutating func interlude(isFirst: Bool, at now: EngineInstant) -> Action? {
        guard let paused = beginnings.last, beginnings.count == 1 else { return nil }
        sweep(at: now)
        guard !isStopped else { return nil }
        guard let least = leastStanding else { return nil }
        let limit = least + configuration.slice.seconds
        let isPausedInTurn = paused.contains { shares.standing($0.client) <= limit }
        guard isFirst || !isPausedInTurn else { return nil }
        return action(for: { [shares] in shares.standing($0) <= limit }, at: now)
    }

    /// The standing of the client that has had least of those with jobs that wait or generate; others may want only to be decoded
    /// for.
    private var leastStanding: Double? {
        var least = running.lazy.map { [shares] in shares.standing($0.client) }.min()
        for queue in queues {
            for entry in queue { least = min(least ?? .infinity, shares.standing(entry.client)) }
        }
        return least
    }

    /// A step or a batch for those whose turn it is; nil where they have nothing that can be done now.
    private mutating func action(for isTurn: Turn, at now: EngineInstant) -> Action? {
        let step = steppable(isTurn)
        if !(owesStep && !step.isEmpty), let batch = formBatch(for: isTurn, at: now) { return batch }
        owesStep = false
        return step.isEmpty ? nil : self.step(step)
    }

    /// The generations of those whose turn it is: as many as may run at once, of the clients that have had least.
    private func steppable(_ isTurn: Turn) -> [JobID] {
        var chosen = running.filter { isTurn($0.client) }[...]
        if chosen.reduce(0, { $0 + $1.weight }) > configuration.maxBatch {
            var room = configuration.maxBatch
            let byStanding = chosen.sorted {
                (shares.standing($0.client), $0.id.number) < (shares.standing($1.client), $1.id.number)
            }
            chosen = byStanding.prefix { entry in
                room -= entry.weight
                return room >= 0
            }
        }
        return chosen.map(\.id)
    }
}
