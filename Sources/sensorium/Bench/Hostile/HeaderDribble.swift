/// Heads of requests that never end.
struct HeaderDribble: Attack {
    let name = "header-dribble"
    let deed = "900 connections of four addresses send a header field a second"

    func run(_ server: ServerUnderAttack) throws -> [Figure] {
        let alone = try server.politeCaptions()
        let script = Crowd.Script(
            opening: Array("GET /health/live HTTP/1.1\r\nHost: a\r\n".utf8), dribble: Array("X-A: b\r\n".utf8))
        let plan = Crowd.Plan(
            count: 900, sources: (2..<6).map { "127.0.0.\($0)" }, scripts: [script], pause: 1, lead: 2)
        let (beside, returned) = try Crowd.beside(server.target, plan) { try server.politeCaptions() }
        return [.refused("captions", beside)]
            + Figure.slowdown("captions", beside, alone, quantile: 0.99, atMost: 2)
            + [Figure("connections that the server ended", Double(returned))]
    }
}
