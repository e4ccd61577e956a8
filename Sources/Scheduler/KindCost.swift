/// What work of one kind has cost lately, by the client that asked for it.
///
/// A client's next request is taken to cost what its last ones did: photos of one client that are long to decode say nothing of
/// those of another. Of a client that is not known the least of others' is expected. Where that is too little, it
/// shows as soon as its upload is looked at; where it were too much, one client could have all others turned away.
struct KindCost: Sendable {
    private struct Seen: Sendable {
        /// In seconds.
        var mean: Double
        var last: EngineInstant
    }

    /// Most clients that are remembered.
    private static let maxClients = 64
    /// After that many seconds without work a client makes room for others.
    private static let memory = 60.0
    /// The share of the newest observation in a mean.
    private static let newest = 0.1

    private var clients: [ClientID: Seen] = [:]

    /// The expected cost of the client's next piece of work, in seconds.
    func expected(for client: ClientID) -> Double {
        clients[client]?.mean ?? clients.values.lazy.map(\.mean).min() ?? 0
    }

    /// A client's work has cost so many seconds.
    mutating func note(_ cost: Double, of client: ClientID, at now: EngineInstant) {
        if let seen = clients[client] {
            clients[client] = Seen(mean: seen.mean + (cost - seen.mean) * Self.newest, last: now)
        } else if clients.count < Self.maxClients || makeRoom(for: cost, at: now) {
            clients[client] = Seen(mean: cost, last: now)
        }
    }

    /// Forgets who was last there long ago, else whoever's work costs most: a crowd with costly work displaces nobody.
    private mutating func makeRoom(for cost: Double, at now: EngineInstant) -> Bool {
        if let oldest = clients.min(by: { $0.value.last < $1.value.last }),
            oldest.value.last.duration(to: now).seconds > Self.memory
        {
            clients[oldest.key] = nil
            return true
        }
        guard let costliest = clients.max(by: { $0.value.mean < $1.value.mean }), costliest.value.mean > cost else {
            return false
        }
        clients[costliest.key] = nil
        return true
    }
}
