import ArgumentParser
import Decoders
import JSON
import Media
import OperatingSystem

struct DecodeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decode", abstract: "Time what decoding in a process of its own adds to a file.",
        discussion: """
            Each file is decoded here and in a decoder process, in turn; the difference is what a request waits longer. Photos \
            are resized to 260 × 260 as the image tower takes them, sounds resampled to 16 kHz.
            """)

    @Argument(help: "Photos and sounds.") var files: [String]
    @Option(help: "Timed runs of each.") var repeats = 200

    func validate() throws {
        guard repeats > 0 else { throw ValidationError("--repeats must be at least 1.") }
    }

    func run() throws {
        let processes = DecoderProcesses(.thisProgram(memory: 1 << 30), count: 1, limit: .seconds(60))
        for file in files {
            let bytes = try InputFile.read(file)
            let isPhoto = (try? ImageDecoder.header(of: bytes)) != nil
            var here: [Double] = []
            var there: [Double] = []
            for run in 0..<repeats + 3 {
                let first = try milliseconds(bytes, isPhoto, InProcessDecoder())
                let second = try milliseconds(bytes, isPhoto, processes)
                // The first ones fill caches and let both grow to their size.
                guard run >= 3 else { continue }
                here.append(first)
                there.append(second)
            }
            here.sort()
            there.sort()
            var json = JSONWriter()
            try json.object { json throws(JSONError) in
                json.field("file", file)
                json.field("bytes", bytes.count)
                try json.field("here_median_ms", here[repeats / 2])
                try json.field("process_median_ms", there[repeats / 2])
                try json.field("added_median_ms", there[repeats / 2] - here[repeats / 2])
                try json.field("process_p99_ms", there[repeats * 99 / 100])
                json.field("process_memory", processes.keptIdentifiers.first.map(Self.memory) ?? "")
            }
            try StandardOutput.print(json.text)
        }
    }

    private func milliseconds(_ bytes: [UInt8], _ isPhoto: Bool, _ decoder: some MediaDecoder) throws -> Double {
        let start = ContinuousClock.now
        let sender = Sender("bench")
        if isPhoto {
            let tower = [ImageRendition.stretched(width: 260, height: 260, .bicubic)]
            _ = try decoder.image(bytes, limits: ImageLimits(), as: tower, for: sender)
        } else {
            _ = try decoder.audio(bytes, limits: AudioLimits(), sampleRate: 16_000, for: sender)
        }
        return start.duration(to: .now) / .milliseconds(1)
    }

    /// What the kernel says that a process takes: its own pages, and its share of those that it shares.
    private static func memory(_ identifier: Int32) -> String {
        let text = SmallFile.text("/proc/\(identifier)/smaps_rollup") ?? ""
        let lines = text.split(separator: "\n").filter {
            $0.hasPrefix("Rss:") || $0.hasPrefix("Pss:") || $0.hasPrefix("Private_Dirty:")
        }
        return lines.map { $0.split(separator: " ").joined(separator: " ") }.joined(separator: ", ")
    }
}
