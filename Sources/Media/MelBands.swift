import Glibc

/// A band of pitch: from which frequency bin of a power spectrum on, with what weights.
struct MelBand: Sendable {
    let start: Int
    let weights: [Double]

    /// The band's share of the power spectrum in one lane of several.
    func sum(_ power: [Double], _ lane: Int = 0, _ lanes: Int = 1) -> Double {
        var sum = 0.0
        for (index, weight) in weights.enumerated() { sum += power[(start + index) * lanes + lane] * weight }
        return sum
    }
}

/// How pitch is measured.
enum MelScale: Sendable {
    /// Linear below 1 kHz, logarithmic above (Slaney), with bands of area 1.
    case slaney
    /// Logarithmic (O'Shaughnessy, as in HTK), with bands of height 1.
    case htk

    /// transformers' `mel_filter_bank`: triangular bands between `lowest` and `highest` Hz, equally far from each other, without the zeros.
    /// - Parameter frequencies: of the bins of the spectrum.
    func bands(_ count: Int, frequencies: [Double], lowest: Double, highest: Double) -> [MelBand] {
        let (first, last) = (mel(lowest), mel(highest))
        let edges = (0..<count + 2).map { hertz(first + (last - first) * Double($0) / Double(count + 1)) }
        return (0..<count).map { band in
            let (left, centre, right) = (edges[band], edges[band + 1], edges[band + 2])
            let scale = self == .slaney ? 2 / (right - left) : 1
            let weights = frequencies.map { frequency in
                max(0, min((frequency - left) / (centre - left), (right - frequency) / (right - centre))) * scale
            }
            let start = weights.firstIndex { $0 > 0 } ?? 0
            let end = weights.lastIndex { $0 > 0 } ?? -1
            return MelBand(start: start, weights: Array(weights[start..<max(start, end + 1)]))
        }
    }

    private func mel(_ hertz: Double) -> Double {
        switch self {
        case .slaney: hertz < 1_000 ? 3 * hertz / 200 : 15 + log(hertz / 1_000) * (27 / log(6.4))
        case .htk: 2595 * log10(1 + hertz / 700)
        }
    }

    private func hertz(_ mel: Double) -> Double {
        switch self {
        case .slaney: mel < 15 ? 200 * mel / 3 : 1_000 * exp(log(6.4) / 27 * (mel - 15))
        case .htk: 700 * (pow(10, mel / 2595) - 1)
        }
    }
}
