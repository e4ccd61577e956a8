import Foundation
import Media
import Synchronization
import Testing

@testable import Decoders

@Suite struct `Decoder processes` {
    private static let tower = RealDecoder.tower

    /// Some of which the first `processes` do not decode.
    private func standIns(_ behaviour: String, processes: Int, limit: Duration = .seconds(600)) -> DecoderProcesses {
        DecoderProcesses(RealDecoder.standIn(behaviour, processes: processes), count: 1, limit: limit)
    }

    private func failure(
        _ decoders: DecoderProcesses, _ bytes: [UInt8] = emptyPNG(side: 8), as sizes: [ImageRendition] = tower
    ) -> DecoderFailure? {
        do {
            _ = try decoders.image(bytes, limits: ImageLimits(), as: sizes, for: .test)
            return nil
        } catch {
            return error as? DecoderFailure
        }
    }

    @Test(arguments: ["astronaut.jpg", "chelsea-260.png", "jpeg/cmyk-adobe.jpg"])
    func `give the pixels that decoding here gives`(file: String) throws {
        let bytes = try RealDecoder.bytes(file)
        let renditions = Self.tower + [.within(side: 100, .bilinear), .reduced(least: 64)]
        let decoders = RealDecoder.processes()
        let images = try decoders.image(bytes, limits: ImageLimits(), as: renditions, for: .test)
        #expect(try images == InProcessDecoder().image(bytes, limits: ImageLimits(), as: renditions, for: .test))
        #expect(max(images[1].width, images[1].height) == min(100, max(images[2].width, images[2].height)))
        // A photo that is wanted small only is decoded at a fraction of its size.
        #expect(
            try decoders.image(bytes, limits: ImageLimits(), as: Self.tower, for: .test)
                == InProcessDecoder().image(bytes, limits: ImageLimits(), as: Self.tower, for: .test))
    }

    @Test(arguments: ["voice.flac", "voice.ogg", "voice.opus", "voice.mp3"])
    func `give the samples that decoding here gives`(file: String) throws {
        let bytes = try RealDecoder.bytes("audio/\(file)")
        let clip = try RealDecoder.processes().audio(bytes, limits: AudioLimits(), sampleRate: 16_000, for: .test)
        #expect(try clip == InProcessDecoder().audio(bytes, limits: AudioLimits(), sampleRate: 16_000, for: .test))
    }

    @Test func `give the refusals that decoding here gives, and go on`() throws {
        let decoders = RealDecoder.processes()
        let photo = try RealDecoder.bytes("astronaut.jpg")
        _ = try decoders.image(photo, limits: ImageLimits(), as: Self.tower, for: .test)
        let before = decoders.keptIdentifiers
        let cut = Array(photo.prefix(3_000))
        for bytes in [[], [1], Array("GIF89a".utf8), cut, photo] {
            #expect(
                refusal { try decoders.image(bytes, limits: ImageLimits(maxPixels: 9), as: Self.tower, for: .test) }
                    == refusal {
                        try InProcessDecoder().image(
                            bytes, limits: ImageLimits(maxPixels: 9), as: Self.tower, for: .test)
                    })
            let limits = AudioLimits(maxSeconds: 1)
            #expect(
                refusal { try decoders.audio(bytes, limits: limits, sampleRate: 16_000, for: .test) }
                    == refusal { try InProcessDecoder().audio(bytes, limits: limits, sampleRate: 16_000, for: .test) })
        }
        #expect(decoders.keptIdentifiers == before)
    }

    @Test func `that hang are stopped and replaced`() throws {
        // Which of those that are made ahead is taken first is not said: all of them hang.
        let decoders = standIns("hang", processes: 9, limit: .milliseconds(50))
        #expect(failure(decoders) == .tookTooLong(seconds: 0.05))
        #expect(decoders.keptIdentifiers.isEmpty)
        let photo = try RealDecoder.bytes("jpeg/grey.jpg")
        let second = DecoderProcesses(
            RealDecoder.standIn("hang", processes: 0), count: 1, limit: .seconds(600))
        #expect(try second.image(photo, limits: ImageLimits(), as: Self.tower, for: .test).count == 1)
    }

    @Test func `that hang before they read a large upload are stopped too`() {
        let decoders = standIns("hang", processes: 9, limit: .milliseconds(50))
        let large = Self.emptyPNG(side: 8) + [UInt8](repeating: 0, count: 8 << 20)
        #expect(failure(decoders, large) == .tookTooLong(seconds: 0.05))
    }

    @Test(arguments: ["crash", "abort", "end", "talk"])
    func `that crash, end or talk nonsense twice fail the upload`(behaviour: String) {
        let decoders = standIns(behaviour, processes: 99)
        #expect(failure(decoders) == .broke)
        #expect(decoders.keptIdentifiers.isEmpty)
    }

    @Test(arguments: ["crash", "end", "be killed"])
    func `that fail once cost the upload nothing`(behaviour: String) throws {
        let decoders = standIns(behaviour, processes: 1)
        let photo = try RealDecoder.bytes("astronaut.jpg")
        #expect(
            try decoders.image(photo, limits: ImageLimits(), as: Self.tower, for: .test)
                == InProcessDecoder().image(photo, limits: ImageLimits(), as: Self.tower, for: .test))
    }

    @Test func `that somebody else kills are not the upload's fault`() {
        let decoders = standIns("be killed", processes: 99)
        #expect(failure(decoders) == .unavailable(.killed(signal: SIGKILL)))
        #expect(throws: DecoderFailure.unavailable(.killed(signal: SIGKILL))) { try decoders.check() }
    }

    @Test(arguments: ["crash", "talk"])
    func `that fail on what is known to be good cannot decode at all`(behaviour: String) {
        let decoders = standIns(behaviour, processes: 99)
        #expect(throws: DecoderFailure.unavailable(.wrong)) { try decoders.check() }
    }

    @Test func `that decode what is known to be good pass, and are not kept`() throws {
        let decoders = RealDecoder.processes()
        try decoders.check()
        #expect(decoders.keptIdentifiers.isEmpty)
    }

    @Test func `that cannot be started say so`() {
        let nowhere = DecoderProcesses(
            DecoderCommand(executable: "/nowhere", arguments: []), count: 1, limit: .seconds(600))
        #expect(failure(nowhere) == .unavailable(.cannotStart(errno: ENOENT)))
        let silent = DecoderProcesses(
            DecoderCommand(executable: "/bin/true", arguments: []), count: 1, limit: .seconds(600))
        #expect(failure(silent) == .unavailable(.silent))
    }

    @Test func `never decode for two clients`() throws {
        let decoders = RealDecoder.processes(2)
        let photo = try RealDecoder.bytes("jpeg/grey.jpg")
        var used: [String: Set<Int32>] = [:]
        for turn in 0..<40 {
            let name = "client \(turn % 3)"
            let before = Set(decoders.keptIdentifiers)
            _ = try decoders.image(photo, limits: ImageLimits(), as: Self.tower, for: Sender(name))
            // Whoever is there now and was not before decoded for this client; else one of its own did again.
            used[name, default: []].formUnion(Set(decoders.keptIdentifiers).subtracting(before))
        }
        #expect(used.values.map(\.count) == [1, 1, 1])
        #expect(Set(used.values.flatMap { $0 }).count == 3)
        for turn in 0..<20 {
            _ = try decoders.image(photo, limits: ImageLimits(), as: Self.tower, for: Sender("other \(turn)"))
        }
        #expect(
            decoders.keptIdentifiers.count == 4
                && Set(decoders.keptIdentifiers).isDisjoint(with: used["client 0"] ?? []))
    }

    @Test func `that had to give way are not used again`() throws {
        let decoders = RealDecoder.processes()
        let photo = try RealDecoder.bytes("jpeg/grey.jpg")
        let sender = Sender("test", isLong: true)
        #expect(try decoders.image(photo, limits: ImageLimits(), as: Self.tower, for: sender).count == 1)
        #expect(decoders.keptIdentifiers.isEmpty)
    }

    @Test func `that take long are asked how urgent they are, and get as much of a processor as that`() throws {
        let bomb = try RealDecoder.bytes("bombs/progressive.jpg")
        let small = try RealDecoder.bytes("jpeg/grey.jpg")
        for (urgency, expected) in [(Urgency.usual, [0, 5]), (.shared, [0, 10]), (.low, [0, 19]), (.idle, [5, 5])] {
            let decoders = RealDecoder.processes()
            _ = try decoders.image(small, limits: ImageLimits(), as: Self.tower, for: .test)
            let process = try #require(decoders.keptIdentifiers.first)
            let told = Mutex((had: Duration.zero, seen: Set<[Int]>()))
            let sender = Sender("test", isLong: true) { time in
                told.withLock { told in
                    told.had += time
                    let niceness = getpriority(__priority_which_t(PRIO_PROCESS.rawValue), id_t(process))
                    told.seen.insert([Int(sched_getscheduler(process)), Int(niceness)])
                }
                return urgency
            }
            _ = try decoders.image(bomb, limits: ImageLimits(), as: Self.tower, for: sender)
            told.withLock { told in
                #expect(told.had > .milliseconds(20), "the processor time that it had")
                #expect(told.seen.contains(expected), "\(told.seen)")
            }
        }
    }

    @Test func `killed while others work take nothing with them`() async throws {
        let decoders = RealDecoder.processes(4)
        let photo = try RealDecoder.bytes("astronaut.jpg")
        let expected = try InProcessDecoder().image(photo, limits: ImageLimits(), as: Self.tower, for: .test)
        let outcomes = await withTaskGroup(of: [Bool].self) { group in
            for _ in 0..<4 {
                group.addTask {
                    (0..<20).map { _ in
                        for identifier in decoders.keptIdentifiers.prefix(1) { kill(identifier, SIGKILL) }
                        // Killed before it decoded or while it did: another decodes, unless that is killed too.
                        return (try? decoders.image(photo, limits: ImageLimits(), as: Self.tower, for: .test))
                            == expected
                    }
                }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
        #expect(outcomes.count == 80)
        // Those that were killed while nobody used them cost nobody anything.
        for identifier in decoders.keptIdentifiers {
            kill(identifier, SIGKILL)
            var information = siginfo_t()
            #expect(waitid(P_PID, id_t(identifier), &information, WEXITED | WNOWAIT) == 0)
        }
        #expect(try decoders.image(photo, limits: ImageLimits(), as: Self.tower, for: .test) == expected)
    }

    @Test func `have no more memory than they were given`() throws {
        let decoders = RealDecoder.processes(memory: 24 << 20)
        // 3,000 × 3,000 pixels of 3 bytes do not fit, whatever the limits say.
        let large = Self.emptyPNG(side: 3_000)
        #expect(failure(decoders, large, as: [.whole]) == .unavailable(.outOfMemory))
        #expect(
            refusal { try InProcessDecoder().image(large, limits: ImageLimits(), as: Self.tower, for: .test) } != nil)
        let photo = try RealDecoder.bytes("astronaut.jpg")
        #expect(try decoders.image(photo, limits: ImageLimits(), as: Self.tower, for: .test).count == 1)
    }

    @Test func `end with the server`() throws {
        let process = try ForkServer(RealDecoder.command(memory: 64 << 20)).fork()
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
