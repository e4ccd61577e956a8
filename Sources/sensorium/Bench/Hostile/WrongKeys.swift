/// Guesses at API keys.
struct WrongKeys: Attack {
    let name = "wrong-keys"
    let deed = "300 wrong keys of one address, while another asks with a right one"
    let keys = ["polite-0123456789"]

    func run(_ server: ServerUnderAttack) throws -> [Figure] {
        let target = server.target.at("/v1/models")
        let guesses = (0..<300).map { number in
            RequestBytes(target, fields: ServerUnderAttack.authorization("guess-0123456789-\(number)")).get
        }
        let hostile = Traffic(
            source: "127.0.0.2", messages: guesses, arrivals: .closed(clients: 4, requests: guesses.count))
        let polite = server.captions(.closed(clients: 1, requests: 100), key: keys[0])
        let samples = try LoadLoop.run(server.target, polite, beside: [hostile])
        let limited = samples.hostile.count { $0.status == 429 }
        return [
            Figure("guesses answered with 429", Double(limited), "", .atLeast(1)),
            Figure("guesses let in", Double(samples.hostile.count(where: \.isDone)), "", .atMost(0)),
            .refused("captions with the right key", LoadFigures(samples.polite, seconds: 1)),
        ]
    }
}
