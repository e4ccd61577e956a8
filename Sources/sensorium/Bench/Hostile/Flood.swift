/// One client asks for all that there is, and more.
struct Flood: Attack {
    /// Clients with keys, from one address.
    static let byKey = Flood(
        name: "flood-by-key", deed: "key A sends captions at four times the capacity, key B at a tenth of it",
        keys: ["hostile-0123456789", "polite-0123456789"])
    /// Clients without keys.
    static let byAddress = Flood(
        name: "flood-by-address",
        deed: "one address sends captions at four times the capacity, another at a tenth of it",
        keys: [])

    let name: String
    let deed: String
    let keys: [String]

    func run(_ server: ServerUnderAttack) throws -> [Figure] {
        try TenthOfCapacity.figures(server, polite: keys.last) { capacity in
            server.captions(
                .poisson(perSecond: 4 * capacity),
                from: keys.isEmpty ? "127.0.0.2" : ServerUnderAttack.politeAddress, key: keys.first)
        }
    }
}
