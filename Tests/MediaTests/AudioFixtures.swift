import Foundation
import Media
import Testing

/// The files of Tests/Fixtures/media/audio, and files that are not well formed.
enum AudioFixtures {
    static func bytes(_ name: String) throws -> [UInt8] { try Fixtures.bytes("audio/\(name)") }

    static func floats(_ name: String) throws -> [Float] { floats(try bytes(name)[...]) }

    static func floats(_ bytes: ArraySlice<UInt8>) -> [Float] {
        let bytes = Array(bytes)
        return stride(from: 0, to: bytes.count, by: 4).map { offset in
            Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << (8 * UInt32($1)) })
        }
    }

    /// What soundfile and soxr made of a file: how many samples, and every seventh.
    static func golden(_ name: String) throws -> (count: Int, everySeventh: [Float]) {
        let bytes = try bytes("\(name).16k")
        return (bytes[0..<4].reversed().reduce(0) { $0 << 8 | Int($1) }, floats(bytes[4...]))
    }
}

/// Writes WAV files, well formed or not.
enum WAVBytes {
    static func little(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    static func chunk(_ name: String, _ content: [UInt8], length: Int? = nil) -> [UInt8] {
        let padding: [UInt8] = content.count % 2 == 1 ? [0] : []
        return Array(name.utf8) + little(length ?? content.count, 4) + content + padding
    }

    static func format(
        _ tag: Int = 1, channels: Int = 1, rate: Int = 16_000, bits: Int = 16, frameBytes: Int? = nil
    ) -> [UInt8] {
        let frame = frameBytes ?? channels * bits / 8
        return chunk(
            "fmt ",
            little(tag, 2) + little(channels, 2) + little(rate, 4) + little(rate * frame, 4) + little(frame, 2)
                + little(bits, 2))
    }

    static func file(_ chunks: [UInt8]..., riff: String = "RIFF", length: Int? = nil) -> [UInt8] {
        let content = Array("WAVE".utf8) + chunks.flatMap { $0 }
        return Array(riff.utf8) + little(length ?? content.count, 4) + content
    }

    /// A tone of 440 Hz at half strength.
    static func tone(_ frames: Int = 1_600, rate: Int = 16_000) -> [Float] {
        (0..<frames).map { 0.5 * sin(2 * .pi * 440 * Float($0) / Float(rate)) }
    }

    static func pcm16(_ samples: [Float]) -> [UInt8] {
        samples.flatMap { little(Int(($0 * 32_768).rounded()), 2) }
    }

    static func float32(_ samples: [Float]) -> [UInt8] { samples.flatMap { little(Int($0.bitPattern), 4) } }
}

/// What the decoder says to `bytes`: nil when it decodes them.
func audioRefusal(of bytes: [UInt8], limits: AudioLimits = AudioLimits()) -> MediaError? {
    do throws(MediaError) {
        _ = try AudioDecoder.decode(bytes, limits: limits, sampleRate: 16_000)
        return nil
    } catch {
        return error
    }
}

/// Expects a refusal with this code whose sentence has this word in it.
func expectAudioRefusal(
    _ bytes: [UInt8], _ code: String, saying word: String = "", limits: AudioLimits = AudioLimits(),
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let error = audioRefusal(of: bytes, limits: limits)
    #expect(error?.code == code, "\(error?.description ?? "decoded")", sourceLocation: sourceLocation)
    #expect(
        error?.description.contains(word) == true || word.isEmpty, "\(error?.description ?? "decoded")",
        sourceLocation: sourceLocation)
}

extension [Float] {
    /// The largest difference between two values, infinite if there are not as many.
    func largestDifference(from other: [Float]) -> Float {
        guard count == other.count else { return .infinity }
        return zip(self, other).map { abs($0 - $1) }.max() ?? 0
    }
}
