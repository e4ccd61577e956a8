import Foundation
import Media
import Testing

@testable import Decoders

/// Images are decoded while they come: whatever the file does meanwhile, the process and its server stay in step.
@Suite struct `Images on their way to a decoder process` {
    private static let tower = RealDecoder.tower
    private static let zeros = [UInt8](repeating: 0, count: 32 << 20)
    private static let limits = ImageLimits(maxBytes: 64 << 20)

    /// The images, or the refusal.
    private enum Outcome: Equatable {
        case images([PixelImage])
        case refused(MediaError)
    }

    private func outcome(_ decoder: some MediaDecoder, _ bytes: [UInt8]) throws -> Outcome {
        do {
            return .images(
                try decoder.image(bytes, limits: Self.limits, as: Self.tower + [.reduced(least: 64)], for: .test))
        } catch let refusal as MediaError {
            return .refused(refusal)
        }
    }

    /// The process that decodes everything here, after a first photo.
    private func firstUsed(_ processes: DecoderProcesses) throws -> [Int32] {
        _ = try outcome(processes, RealDecoder.bytes("astronaut.jpg"))
        return processes.keptIdentifiers
    }

    private func expectTheSame(_ processes: DecoderProcesses, _ bytes: [UInt8], _ what: Comment) throws {
        #expect(try outcome(processes, bytes) == outcome(InProcessDecoder(), bytes), what)
    }

    /// A file with a megabyte of comments between its start and the rest: so many that a piece ends among the pixels.
    private func commented(_ photo: [UInt8]) -> [UInt8] {
        let comment = [0xFF, 0xFE, 0xEA, 0x62] + [UInt8](repeating: 0x43, count: 60_000)
        return photo.prefix(2) + (0..<16).flatMap { _ in comment } + photo.dropFirst(2)
    }

    @Test func `become what they become in memory`() throws {
        let processes = RealDecoder.processes()
        let before = try firstUsed(processes)
        let files = try RealDecoder.images(in: ".", "jpeg", "png", "webp", "gif", "bmp", "heic", "avif", "tiff")
        #expect(files.count > 110)
        for file in files { try expectTheSame(processes, RealDecoder.bytes(file), "\(file)") }
        #expect(processes.keptIdentifiers == before)
    }

    @Test(arguments: ["rocket.jpg", "jpeg/progressive.jpg", "jpeg/restart.jpg", "astronaut-260.png"])
    func `that are cut are refused with the same words`(file: String) throws {
        let processes = RealDecoder.processes()
        let before = try firstUsed(processes)
        let whole = try RealDecoder.bytes(file)
        for part in 0..<24 {
            try expectTheSame(processes, Array(whole.prefix(whole.count * part / 24)), "\(part) of 24 parts")
        }
        for missing in 1..<8 {
            try expectTheSame(processes, Array(whole.dropLast(missing)), "all but \(missing) bytes")
        }
        #expect(processes.keptIdentifiers == before)
    }

    @Test func `that are skipped for more than a piece find their pixels`() throws {
        let processes = RealDecoder.processes()
        let photo = try RealDecoder.bytes("astronaut.jpg")
        let long = commented(photo)
        #expect(try outcome(processes, long) == outcome(InProcessDecoder(), photo))
        for missing in [1, 2, 3, 100, 20_000, 26_000] {
            try expectTheSame(processes, Array(long.dropLast(missing)), "all but \(missing) bytes")
        }
    }

    @Test(arguments: ["astronaut.jpg", "chelsea-260.png"])
    func `need no memory for themselves`(file: String) throws {
        // Less than the upload has.
        let processes = RealDecoder.processes(memory: 24 << 20)
        let before = try firstUsed(processes)
        let photo = try RealDecoder.bytes(file)
        for _ in 0..<2 {
            #expect(try outcome(processes, photo + Self.zeros) == outcome(InProcessDecoder(), photo))
            #expect(try outcome(processes, photo) == outcome(InProcessDecoder(), photo))
        }
        #expect(processes.keptIdentifiers == before)
    }

    @Test func `may be refused before all of them came`() throws {
        let processes = RealDecoder.processes(memory: 24 << 20)
        let before = try firstUsed(processes)
        let photo = try RealDecoder.bytes("astronaut.jpg")
        let expected = try outcome(InProcessDecoder(), photo)
        // It says that it ends before its last rows.
        let broken = Array(commented(photo).dropLast(13_000)) + [0xFF, 0xD9] + Self.zeros
        let refused = try outcome(InProcessDecoder(), broken)
        guard case .refused = refused else {
            Issue.record("an image without its lower half was decoded")
            return
        }
        for _ in 0..<3 {
            #expect(try outcome(processes, broken) == refused)
            #expect(try outcome(processes, photo) == expected)
            #expect(try outcome(processes, photo + Self.zeros) == expected)
        }
        #expect(processes.keptIdentifiers == before)
    }

    @Test func `are the server's to decode later where others keep the processors from it`() throws {
        let process = try ForkServer(RealDecoder.command()).fork()
        let photo = try RealDecoder.bytes("rocket.jpg")
        let task = Self.task(try ImageDecoder.header(of: photo))
        kill(process.processIdentifier, SIGSTOP)
        #expect(throws: DecoderFailure.unavailable(.keptWaiting(seconds: 0.2))) {
            try process.run(
                task, photo, memory: 16 << 20, maxAnswer: 1 << 20, within: .milliseconds(50), patience: .zero,
                urgency: Sender.test.urgency)
        }
    }

    @Test func `end a process whose server goes away in the middle`() throws {
        let process = try ForkServer(RealDecoder.command()).fork()
        let photo = try RealDecoder.bytes("rocket.jpg")
        let bytes = photo + Self.zeros
        // It reads nothing until a part is on its way, and time and room are over.
        kill(process.processIdentifier, SIGSTOP)
        #expect(throws: DecoderFailure.tookTooLong(seconds: 0.05)) {
            try process.run(
                Self.task(try ImageDecoder.header(of: photo)), bytes, memory: 16 << 20, maxAnswer: 1 << 20,
                within: .milliseconds(50), patience: .seconds(600), urgency: Sender.test.urgency)
        }
        process.closeConnection()
        kill(process.processIdentifier, SIGCONT)
        var information = siginfo_t()
        #expect(waitid(P_PID, id_t(process.processIdentifier), &information, WEXITED | WNOWAIT) == 0)
        #expect(information.si_code == CLD_EXITED && information._sifields._sigchld.si_status == 0)
    }

    @Test func `are held to the header and the limits that came with them`() throws {
        let process = try ForkServer(RealDecoder.command()).fork()
        let photo = try RealDecoder.bytes("astronaut.jpg")
        let header = try ImageDecoder.header(of: photo)
        func like(_ format: ImageFormat, wider: Int = 0, keeping bytes: Int = 0) throws -> DecoderTask {
            let other = ImageHeader(
                format: format, width: header.width + wider, height: header.height, keptBytes: bytes, orientation: 1)
            return Self.task(try #require(other))
        }
        func answer(_ task: DecoderTask) throws -> [PixelImage] {
            try process.run(
                task, photo, memory: 16 << 20, maxAnswer: 1 << 20, within: .seconds(600), patience: .seconds(60),
                urgency: Sender.test.urgency
            ).answer.images(Self.tower, maxPixels: 1 << 20)
        }
        func expectRefusal(_ task: DecoderTask, saying words: String) {
            #expect("a refusal that says \(words)") {
                _ = try answer(task)
            } throws: { error in
                (error as? MediaError)?.description.contains(words) == true
            }
        }
        expectRefusal(try like(.jpeg, wider: 1), saying: "two different sizes are declared")
        expectRefusal(try like(.png), saying: "PNG")
        expectRefusal(try like(.jpeg, keeping: 600 << 20), saying: "MiB")
        expectRefusal(Self.task(header, maxBytes: 26_000), saying: "bytes")
        expectRefusal(Self.task(header, maxSide: header.width - 1), saying: "a side may have")
        #expect(try answer(like(.jpeg)) == answer(Self.task(header)))
        #expect(
            try answer(Self.task(header))
                == InProcessDecoder().image(photo, limits: Self.limits, as: Self.tower, for: .test))
    }

    private static func task(
        _ header: ImageHeader, maxBytes: Int = 64 << 20, maxSide: Int = 65_500
    ) -> DecoderTask {
        .image(
            header, maxBytes: maxBytes, maxPixels: 64_000_000, maxSide: maxSide, maxMemory: 512 << 20, maxScans: 100,
            tower)
    }

    @Test func `are asked for by the shorter side, and come so`() throws {
        let photo = try RealDecoder.bytes("png/exif-6.png")
        let size = [ImageRendition.shortest(side: 30, .lanczos)]
        let task = DecoderTask.image(
            try ImageDecoder.header(of: photo), maxBytes: 64 << 20, maxPixels: 64_000_000, maxSide: 65_500,
            maxMemory: 512 << 20, maxScans: 100, size)
        #expect(DecoderTask(task.numbers) == task)
        let image = try ImageDecoder.decode(photo, as: size[0])
        #expect(image.width == 30 && image.height == 35)
    }

    @Test func `say nothing as numbers that no server sends`() throws {
        let header = try ImageDecoder.header(of: RealDecoder.bytes("png/exif-6.png"))
        let numbers = Self.task(header).numbers
        #expect(DecoderTask(numbers) == Self.task(header))
        for (place, value) in [
            (6, ImageFormat.allCases.count), (6, -1), (7, 0), (8, 1 << 31), (9, -1), (10, 0), (10, 9), (11, 5),
            (14, 99),
        ] {
            var other = numbers
            other[place] = value
            #expect(DecoderTask(other) == nil, "\(value) at \(place)")
        }
        for count in 0..<numbers.count where count != 11 { #expect(DecoderTask(Array(numbers.prefix(count))) == nil) }
    }
}
