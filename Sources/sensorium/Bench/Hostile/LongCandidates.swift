/// One request with as much to read as a request may have.
struct LongCandidates: Attack {
    let name = "long-candidates"
    let deed = "one connection has a photo compared with 63 texts of 2,000 words, another captions"

    func run(_ server: ServerUnderAttack) throws -> [Figure] {
        let texts = (0..<63).map { ("candidate", LongTexts.text(2000, from: $0)) }
        let message = RequestBytes(server.target.at("/v1/retrieve")).form(file: server.arms.photo, fields: texts)
        let hostile = Traffic(source: "127.0.0.2", messages: [message], arrivals: .closed(clients: 1))
        return try FairShare.figures(server, beside: [hostile])
    }
}
