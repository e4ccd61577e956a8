import CAudioCodecs
import Glibc

/// The input of a Whisper encoder: how strong each band of pitch is, every 10 ms.
///
/// The formula is that of transformers' `WhisperFeatureExtractor`, on the clip's own length instead of 30 s: frames of 400
/// samples every 160, reflected at both ends, a periodic Hann window, power spectra, triangular bands of Slaney's mel scale
/// with Slaney's normalisation up to 8 kHz, the common logarithm, at most 8 below the clip's largest value, then (x + 4) / 4.
/// Computed in double precision; without shared state.
public struct LogMelSpectrogram: Sendable {
    /// Samples from one frame to the next.
    public static let hop = 160
    /// Samples of a frame, and the least that a clip must have.
    public static let window = Int(spectrum_length)

    /// Bands of pitch.
    public let bins: Int
    private let hann: [Double]
    private let roots: [Double]
    private let bands: [MelBand]

    /// - Parameters:
    ///   - bins: bands of pitch, 80 for all but the newest Whisper models.
    ///   - sampleRate: of the samples, in 1/s.
    public init(bins: Int = 80, sampleRate: Int = 16_000) {
        precondition(bins > 0 && sampleRate > 0, "a spectrogram has bands, and samples have a rate")
        self.bins = bins
        hann = (0..<Self.window).map { 0.5 - 0.5 * cos(2 * .pi * Double($0) / Double(Self.window)) }
        // The call writes a cosine and a sine for each of `spectrum_length` angles.
        roots = [Double](unsafeUninitializedCapacity: 2 * Self.window) { target, initialized in
            spectrum_roots(target.baseAddress)
            initialized = 2 * Self.window
        }
        let frequencies = (0..<Int(spectrum_bins)).map {
            Double(sampleRate) / 2 * Double($0) / Double(Self.window / 2)
        }
        bands = MelScale.slaney.bands(bins, frequencies: frequencies, lowest: 0, highest: 8_000)
    }

    /// How many frames a clip of `samples` samples has.
    public static func frames(samples: Int) -> Int { samples / hop }

    /// The spectrogram of a clip, `[frames, bins]` row-major.
    ///
    /// - Precondition: `samples` has at least ``window`` finite values.
    public func callAsFunction(_ samples: ArraySlice<Float>) -> [Float] {
        let (logarithms, largest): ([Double], Double) = logarithms(of: samples)
        let floor = largest - 8
        return logarithms.map { Float((max($0, floor) + 4) / 4) }
    }

    /// The same of a sound of any length, its logarithms kept in single precision: an hour takes 115 MB for each 80 bins.
    ///
    /// - Precondition: `samples` has at least ``window`` finite values.
    public func whole(_ samples: [Float]) -> [Float] {
        var (logarithms, largest): ([Float], Double) = logarithms(of: samples[...])
        let floor = Float(largest - 8)
        for index in logarithms.indices { logarithms[index] = (max(logarithms[index], floor) + 4) / 4 }
        return logarithms
    }

    /// The common logarithm of each band of each frame, and the largest.
    private func logarithms<Number: BinaryFloatingPoint>(of samples: ArraySlice<Float>) -> ([Number], Double) {
        precondition(samples.count >= Self.window, "a clip has at least one window")
        let padded = Self.padded(samples)
        let frames = Self.frames(samples: samples.count)
        let lanes = Int(spectrum_lanes)
        var logarithms = [Number](repeating: 0, count: frames * bins)
        var largest = -Double.infinity
        var windowed = [Double](repeating: 0, count: Self.window * lanes)
        var power = [Double](repeating: 0, count: Int(spectrum_bins) * lanes)
        for first in stride(from: 0, to: frames, by: lanes) {
            let group = min(lanes, frames - first)
            cut(padded, from: first, group, into: &windowed)
            spectrum_power(roots, windowed, &power)
            for lane in 0..<group {
                for (index, band) in bands.enumerated() {
                    let value = log10(max(1e-10, band.sum(power, lane, lanes)))
                    logarithms[(first + lane) * bins + index] = Number(value)
                    largest = max(largest, value)
                }
            }
        }
        return (logarithms, largest)
    }

    /// Puts the frames from `first` on side by side, windowed.
    private func cut(_ padded: [Float], from first: Int, _ count: Int, into windowed: inout [Double]) {
        let lanes = Int(spectrum_lanes)
        for lane in 0..<count {
            let start = (first + lane) * Self.hop
            // Behind the last of `count` frames: `padded` has `window` more samples than the clip, and the clip at least
            // `frames * hop`.
            for index in 0..<Self.window {
                windowed[index * lanes + lane] = Double(padded[start + index]) * hann[index]
            }
        }
    }

    /// The clip with half a window mirrored at both ends, the end samples themselves not repeated.
    private static func padded(_ samples: ArraySlice<Float>) -> [Float] {
        let half = window / 2
        let before = samples.dropFirst().prefix(half).reversed()
        let behind = samples.dropLast().suffix(half).reversed()
        return Array(before) + samples + behind
    }
}
