import Tasks

/// What is no HTTP, or nearly.
struct Garbage: Attack {
    let name = "garbage"
    let deed =
        "20 connections send noise, half of a TLS greeting, HTTP/2, endless heads and absurd chunks, and come back at once"

    func run(_ server: ServerUnderAttack) throws -> [Figure] {
        let alone = try server.politeCaptions()
        let tree = server.tree
        let idle = tree.residentBytes ?? 0
        let plan = Crowd.Plan(count: 20, sources: ["127.0.0.2"], scripts: Self.scripts, pause: 0.05)
        let (measured, peak) = try Peak.of({ tree.residentBytes }) {
            try Crowd.beside(server.target, plan) { try server.politeCaptions() }
        }
        return [.refused("captions", measured.result)]
            + Figure.slowdown("captions", measured.result, alone, quantile: 0.99, atMost: 2)
            + [
                Figure("memory over idle", Double(peak - idle) / 1e6, "MB", .atMost(64)),
                Figure("connections that the server ended", Double(measured.returned)),
            ]
    }

    private static let scripts: [Crowd.Script] = {
        var random = SplitMix64(seed: 1)
        let noise = (0..<4096).map { _ in UInt8.random(in: 0...255, using: &random) }
        // A record of a TLS 1.2 handshake that announces 512 bytes of greeting.
        let greeting: [UInt8] = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3]
        let chunked =
            "POST /v1/caption HTTP/1.1\r\nHost: a\r\nContent-Type: image/jpeg\r\nTransfer-Encoding: chunked\r\n\r\n"
        let texts = [
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: y\r\n", count: 2000),
            "GET /" + String(repeating: "a", count: 60_000), chunked + "FFFFFFFFFFFFFFF\r\n",
            chunked + "1;" + String(repeating: "e", count: 60_000),
        ]
        return [Crowd.Script(opening: noise), Crowd.Script(opening: greeting)]
            + texts.map { Crowd.Script(opening: Array($0.utf8)) }
            + [Crowd.Script(opening: Array(chunked.utf8), dribble: Array("1\r\nA\r\n".utf8))]
    }()
}
