import Foundation
import Media
import Synchronization
import Testing

@testable import Decoders

@Suite struct `Decoder processes` {
    private static let tower = RealDecoder.tower

    /// A shell that does something else than decoding.
    private func shell(_ script: String, limit: Duration = .seconds(60)) -> DecoderProcesses {
        DecoderProcesses(
            DecoderCommand(executable: "/bin/sh", arguments: ["-c", script]), count: 1, limit: limit)
    }

    private func failure(_ decoders: DecoderProcesses, _ bytes: [UInt8] = emptyPNG(side: 8)) -> DecoderFailure? {
        do {
            _ = try decoders.image(bytes, limits: ImageLimits(), as: Self.tower)
            return nil
        } catch {
            return error as? DecoderFailure
        }
    }

    @Test(arguments: ["astronaut.jpg", "chelsea-260.png", "jpeg/cmyk-adobe.jpg"])
    func `give the pixels that decoding here gives`(file: String) throws {
        let bytes = try RealDecoder.bytes(file)
        let renditions = Self.tower + [.within(side: 100, .bilinear), .decoded(least: 64)]
        let decoders = RealDecoder.processes()
        let images = try decoders.image(bytes, limits: ImageLimits(), as: renditions)
        #expect(try images == InProcessDecoder().image(bytes, limits: ImageLimits(), as: renditions))
        #expect(max(images[1].width, images[1].height) == min(100, max(images[2].width, images[2].height)))
        // A photo that is wanted small only is decoded at a fraction of its size.
        #expect(
            try decoders.image(bytes, limits: ImageLimits(), as: Self.tower)
                == InProcessDecoder().image(bytes, limits: ImageLimits(), as: Self.tower))
    }

    @Test(arguments: ["voice.flac", "voice.ogg", "voice.opus", "voice.mp3"])
    func `give the samples that decoding here gives`(file: String) throws {
        let bytes = try RealDecoder.bytes("audio/\(file)")
        let clip = try RealDecoder.processes().audio(bytes, limits: AudioLimits(), sampleRate: 16_000)
        #expect(try clip == InProcessDecoder().audio(bytes, limits: AudioLimits(), sampleRate: 16_000))
    }

    @Test func `give the refusals that decoding here gives, and go on`() throws {
        let decoders = RealDecoder.processes()
        let before = decoders.idleIdentifiers
        let photo = try RealDecoder.bytes("astronaut.jpg")
        let cut = Array(photo.prefix(3_000))
        for bytes in [[], [1], Array("GIF89a".utf8), cut, photo] {
            #expect(
                refusal { try decoders.image(bytes, limits: ImageLimits(maxPixels: 9), as: Self.tower) }
                    == refusal {
                        try InProcessDecoder().image(bytes, limits: ImageLimits(maxPixels: 9), as: Self.tower)
                    })
            let limits = AudioLimits(maxSeconds: 1)
            #expect(
                refusal { try decoders.audio(bytes, limits: limits, sampleRate: 16_000) }
                    == refusal { try InProcessDecoder().audio(bytes, limits: limits, sampleRate: 16_000) })
        }
        #expect(decoders.idleIdentifiers == before)
    }

    @Test func `that hang are stopped and replaced`() {
        let decoders = shell("exec sleep 1000", limit: .milliseconds(50))
        let before = decoders.idleIdentifiers
        #expect(failure(decoders) == .tookTooLong(seconds: 0.05))
        #expect(decoders.idleIdentifiers.count == 1 && decoders.idleIdentifiers != before)
        #expect(before.allSatisfy { kill($0, 0) != 0 }, "the old one is gone")
    }

    @Test func `that hang before they read a large upload are stopped too`() {
        let decoders = shell("exec sleep 1000", limit: .milliseconds(50))
        let large = Self.emptyPNG(side: 8) + [UInt8](repeating: 0, count: 8 << 20)
        #expect(failure(decoders, large) == .tookTooLong(seconds: 0.05))
    }

    @Test(arguments: ["kill -SEGV $$", "exit 0", "head -c 1; exit 1", "head -c 500 /dev/zero >&0; exec sleep 1000"])
    func `that crash, end or talk nonsense fail one request`(script: String) {
        let decoders = shell(script)
        #expect(failure(decoders) == .broke)
        #expect(decoders.idleIdentifiers.count == 1)
    }

    @Test func `that end before they take an upload cost it nothing`() throws {
        let marker = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: marker) }
        // The first to start is there, and quiet, until the first byte comes; then it is gone.
        let real = "\(RealDecoder.program) \(DecoderWorker.command) 99999999"
        let decoders = shell("if mkdir \(marker.path); then head -c 1; else exec \(real); fi")
        let first = decoders.idleIdentifiers
        let photo = try RealDecoder.bytes("astronaut.jpg")
        // Until the shell has made the folder, a second one could take its part.
        while !FileManager.default.fileExists(atPath: marker.path) { sched_yield() }
        #expect(
            try decoders.image(photo, limits: ImageLimits(), as: Self.tower)
                == InProcessDecoder().image(photo, limits: ImageLimits(), as: Self.tower))
        #expect(first.count == 1 && decoders.idleIdentifiers.count == 1 && decoders.idleIdentifiers != first)
    }

    @Test func `that cannot be started say so`() {
        let command = DecoderCommand(executable: "/nowhere", arguments: [])
        #expect(failure(DecoderProcesses(command, count: 1, limit: .seconds(60))) == .unavailable(errno: ENOENT))
    }

    @Test func `killed while others work take nothing with them`() async throws {
        let decoders = RealDecoder.processes(4)
        let photo = try RealDecoder.bytes("astronaut.jpg")
        let expected = try InProcessDecoder().image(photo, limits: ImageLimits(), as: Self.tower)
        let outcomes = await withTaskGroup(of: [Bool].self) { group in
            for _ in 0..<4 {
                group.addTask {
                    (0..<20).map { _ in
                        for identifier in decoders.idleIdentifiers.prefix(1) { kill(identifier, SIGKILL) }
                        // Killed before or while it decoded: this one upload fails.
                        return (try? decoders.image(photo, limits: ImageLimits(), as: Self.tower)) == expected
                    }
                }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
        #expect(outcomes.count == 80)
        // Those that were killed while nobody used them cost nobody anything.
        for identifier in decoders.idleIdentifiers {
            kill(identifier, SIGKILL)
            var information = siginfo_t()
            #expect(waitid(P_PID, id_t(identifier), &information, WEXITED | WNOWAIT) == 0)
        }
        #expect(try decoders.image(photo, limits: ImageLimits(), as: Self.tower) == expected)
    }

    @Test func `have no more memory than they were given`() throws {
        let decoders = RealDecoder.processes(memory: 24 << 20)
        // 3,000 × 3,000 pixels of 3 bytes and their rows do not fit, whatever the limits say.
        let large = Self.emptyPNG(side: 3_000)
        #expect(failure(decoders, large) == .broke)
        #expect(refusal { try InProcessDecoder().image(large, limits: ImageLimits(), as: Self.tower) } != nil)
        let photo = try RealDecoder.bytes("astronaut.jpg")
        #expect(try decoders.image(photo, limits: ImageLimits(), as: Self.tower).count == 1)
    }

    @Test func `end with the server`() throws {
        let process = try DecoderProcess(RealDecoder.command(memory: 64 << 20))
        let identifier = process.processIdentifier
        #expect(kill(identifier, 0) == 0)
        process.closeConnection()
        // Ends by itself, without being killed: with 0, whatever it was doing. It stays to be collected.
        var information = siginfo_t()
        #expect(waitid(P_PID, id_t(identifier), &information, WEXITED | WNOWAIT) == 0)
        #expect(information.si_code == CLD_EXITED && information._sifields._sigchld.si_status == 0)
    }

    /// A PNG without image data: that is found when the memory for its pixels is there.
    private static func emptyPNG(side: Int) -> [UInt8] {
        var png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        func big(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
        func chunk(_ name: String, _ content: [UInt8]) {
            let named = Array(name.utf8) + content
            let sum = ~named.reduce(~0 as UInt32) { crc, byte in
                (0..<8).reduce(crc ^ UInt32(byte)) { value, _ in value >> 1 ^ (value & 1 == 1 ? 0xEDB8_8320 : 0) }
            }
            png += big(content.count) + named + big(Int(sum))
        }
        chunk("IHDR", big(side) + big(side) + [8, 2, 0, 0, 0])
        chunk("IDAT", [0x78, 0x01])
        chunk("IEND", [])
        return png
    }
}
