/// Texts that are as long as anybody reads, and embedded without pause.
struct LongTexts: Attack {
    /// Eight connections of one client.
    static let one = LongTexts(name: "long-texts", addresses: 1)
    /// Eight clients.
    static let eight = LongTexts(name: "long-texts-of-eight", addresses: 8)

    let name: String
    let addresses: Int

    var deed: String {
        "eight connections of \(addresses == 1 ? "one address" : "eight addresses") embed texts of 2,000 words, another captions"
    }

    func run(_ server: ServerUnderAttack) throws -> [Figure] {
        let body = Array("{\"text\":\"\(Self.text(2000))\"}".utf8)
        let message = RequestBytes(server.target.at("/v1/embed")).send(type: "application/json", body)
        let hostile = (2..<2 + addresses).map { address in
            Traffic(
                source: "127.0.0.\(address)", messages: [message],
                arrivals: .closed(clients: 8 / addresses))
        }
        return try FairShare.figures(server, beside: hostile)
    }

    private static let words = [
        "a", "dog", "runs", "over", "the", "green", "grass", "and", "barks", "at", "two", "cats",
    ]

    /// A text of so many words, which differs from those that start elsewhere.
    static func text(_ count: Int, from start: Int = 0) -> String {
        (start..<start + count).map { words[$0 % words.count] }.joined(separator: " ")
    }
}
