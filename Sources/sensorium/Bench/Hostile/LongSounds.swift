/// Sounds that are as long as a server takes them, and small.
struct LongSounds: Attack {
    let name = "long-sounds"
    let deed = "four connections of one address have ten minutes of silence heard, another captions"

    func run(_ server: ServerUnderAttack) throws -> [Figure] {
        let request = RequestBytes(server.target.at("/v1/classify/sound"))
        let message = request.send(type: "audio/wav", Self.silence(seconds: 600))
        let hostile = Traffic(source: "127.0.0.2", messages: [message], arrivals: .closed(clients: 4))
        return try FairShare.figures(server, beside: [hostile])
    }

    /// A WAV file of 8,000 samples of eight bits a second.
    private static func silence(seconds: Int) -> [UInt8] {
        let rate = 8000
        let count = seconds * rate
        func four(_ number: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } }
        func two(_ number: Int) -> [UInt8] { Array(four(number).prefix(2)) }
        let format = two(1) + two(1) + four(rate) + four(rate) + two(1) + two(8)
        return Array("RIFF".utf8) + four(36 + count) + Array("WAVEfmt ".utf8) + four(16) + format + Array("data".utf8)
            + four(count) + [UInt8](repeating: 0x80, count: count)
    }
}
