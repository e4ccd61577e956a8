import Glibc

/// How strong each band of pitch is, in decibels: the input of CLAP's audio tower, as transformers' `ClapFeatureExtractor` computes it.
///
/// Frames of `window` samples every `hop`, reflected at both ends, a periodic Hann window, power spectra, triangular bands, 10 · log₁₀ of at
/// least 1e-10. Computed in double precision; without shared state.
public struct DecibelSpectrogram: Sendable {
    /// Bands of pitch.
    public let bins: Int
    /// Samples of a frame, a power of two, and from one frame to the next.
    public let window: Int, hop: Int

    private let hann: [Double]
    /// The cosines and sines of the angles -2π · i / window.
    private let cosines: [Double], sines: [Double]
    private let bands: [MelBand]

    /// - Parameters:
    ///   - range: of the bands, in Hz.
    ///   - isSlaney: whether bands are those of Slaney, of area 1; else those of HTK, of height 1.
    public init(bins: Int, sampleRate: Int, window: Int, hop: Int, range: ClosedRange<Double>, isSlaney: Bool) {
        precondition(window > 1 && window & (window - 1) == 0 && hop > 0, "a frame of 2, 4, 8 … samples")
        self.bins = bins
        self.window = window
        self.hop = hop
        hann = (0..<window).map { 0.5 - 0.5 * cos(2 * .pi * Double($0) / Double(window)) }
        cosines = (0..<window / 2).map { cos(2 * .pi * Double($0) / Double(window)) }
        sines = (0..<window / 2).map { -sin(2 * .pi * Double($0) / Double(window)) }
        let frequencies = (0...window / 2).map { Double(sampleRate / 2) * Double($0) / Double(window / 2) }
        bands = (isSlaney ? MelScale.slaney : .htk).bands(
            bins, frequencies: frequencies, lowest: range.lowerBound, highest: range.upperBound)
    }

    /// How many frames a clip of `samples` samples has.
    public func frames(samples: Int) -> Int { 1 + samples / hop }

    /// The spectrogram of a clip, [frames, bins] row-major.
    ///
    /// - Precondition: `samples` has more than half a window of finite values.
    public func callAsFunction(_ samples: ArraySlice<Float>) -> [Float] {
        precondition(samples.count > window / 2, "a clip of half a window can be mirrored")
        let count = frames(samples: samples.count)
        var result = [Float](repeating: 0, count: count * bins)
        // Two frames at a time: the spectra of two real signals come apart from that of one complex signal.
        var (real, imaginary) = ([Double](repeating: 0, count: window), [Double](repeating: 0, count: window))
        var power = [Double](repeating: 0, count: window / 2 + 1)
        for frame in stride(from: 0, to: count, by: 2) {
            cut(samples, frame, into: &real)
            if frame + 1 < count { cut(samples, frame + 1, into: &imaginary) }
            transform(&real, &imaginary)
            for part in 0..<min(2, count - frame) {
                for bin in 0...window / 2 {
                    let mirror = (window - bin) % window
                    let (a, b) = (real[bin], imaginary[bin])
                    let (c, d) = (real[mirror], imaginary[mirror])
                    power[bin] =
                        part == 0
                        ? ((a + c) * (a + c) + (b - d) * (b - d)) / 4 : ((b + d) * (b + d) + (c - a) * (c - a)) / 4
                }
                for (index, band) in bands.enumerated() {
                    result[(frame + part) * bins + index] = Float(10 * log10(max(1e-10, band.sum(power))))
                }
            }
        }
        return result
    }

    /// A frame, windowed, its samples in the order in which the transform begins.
    private func cut(_ samples: ArraySlice<Float>, _ frame: Int, into target: inout [Double]) {
        let (first, last) = (samples.startIndex, samples.count - 1)
        let shift = Int.bitWidth - window.trailingZeroBitCount
        for index in 0..<window {
            var place = frame * hop + index - window / 2
            if place < 0 { place = -place }
            if place > last { place = 2 * last - place }
            let reversed = Int(bitPattern: UInt(bitPattern: index).bitReversed >> UInt(shift))
            target[reversed] = Double(samples[first + place]) * hann[index]
        }
    }

    /// The discrete Fourier transform in place (Cooley & Tukey 1965), of values in bit-reversed order.
    private func transform(_ real: inout [Double], _ imaginary: inout [Double]) {
        real.withUnsafeMutableBufferPointer { real in
            imaginary.withUnsafeMutableBufferPointer { imaginary in
                var half = 1
                while half < window {
                    let step = window / (2 * half)
                    for start in stride(from: 0, to: window, by: 2 * half) {
                        for index in 0..<half {
                            let (c, s) = (cosines[index * step], sines[index * step])
                            let (low, high) = (start + index, start + index + half)
                            let re = real[high] * c - imaginary[high] * s
                            let im = real[high] * s + imaginary[high] * c
                            real[high] = real[low] - re
                            imaginary[high] = imaginary[low] - im
                            real[low] += re
                            imaginary[low] += im
                        }
                    }
                    half *= 2
                }
            }
        }
    }
}

extension UInt {
    /// Its bits from the last to the first.
    fileprivate var bitReversed: UInt {
        var (value, result): (UInt, UInt) = (self, 0)
        for _ in 0..<UInt.bitWidth {
            result = result << 1 | value & 1
            value >>= 1
        }
        return result
    }
}
