/// Uploads that are announced as long as they may be, and come in so slowly that they never end.
struct SlowUploads: Attack {
    /// Sixteen from one address.
    static let few = SlowUploads(name: "slow-uploads", count: 16, addresses: 1)
    /// As many as fit beside others, from eight addresses.
    static let many = SlowUploads(name: "many-slow-uploads", count: 1000, addresses: 8)

    let name: String
    let count: Int
    let addresses: Int

    var deed: String {
        "\(count) connections from \(addresses == 1 ? "one address" : "\(addresses) addresses") announce 32 MiB and send 1.2 KB/s"
    }

    func run(_ server: ServerUnderAttack) throws -> [Figure] {
        let alone = try server.politeCaptions()
        let plan = Crowd.Plan(
            count: count, sources: (2..<2 + addresses).map { "127.0.0.\($0)" }, scripts: scripts(server.target),
            lead: 3)
        let (beside, returned) = try Crowd.beside(server.target, plan) { try server.politeCaptions() }
        return [.refused("captions", beside)]
            + Figure.slowdown("captions", beside, alone, quantile: 0.99, atMost: 2)
            + [Figure("uploads that the server ended", Double(returned))]
    }

    /// A form, JSON and a raw photo.
    private func scripts(_ target: Target) -> [Crowd.Script] {
        let request = RequestBytes(target.at("/v1/caption"))
        let size = 32 << 20
        let piece = [UInt8](repeating: UInt8(ascii: "A"), count: 600)
        let part = Array(
            "--B\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.jpg\"\r\n\r\n".utf8)
        let form = request.announcing(size, type: "multipart/form-data; boundary=B") + part
        let json = request.announcing(size, type: "application/json") + Array("{\"image\":\"".utf8)
        let photo = request.announcing(size, type: "image/jpeg")
        return [form, json, photo].map { Crowd.Script(opening: $0, dribble: piece) }
    }
}
