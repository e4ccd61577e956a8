import CAudioCodecs

/// Resamples one channel as it comes, block by block. The blocks do not show in the result.
struct SampleRateConverter: ~Copyable {
    /// What is resampled so far.
    private(set) var samples: [Float] = []
    /// Nil where the rates are the same.
    private let resampler: OpaquePointer?
    private let ratio: Double

    /// - Parameter capacity: how many samples are expected to come out.
    init(from: Int, to: Int, capacity: Int) throws(MediaError) {
        ratio = Double(to) / Double(from)
        if from == to {
            resampler = nil
        } else {
            // Rates are those of `AudioLimits`, or the server's own.
            guard let opened = sound_resampler_open(Int32(from), Int32(to)) else { throw Self.failed }
            resampler = opened
        }
        samples.reserveCapacity(capacity + 64)
    }

    deinit { sound_resampler_close(resampler) }

    /// Takes the next samples.
    mutating func append(_ block: ArraySlice<Float>) throws(MediaError) {
        guard resampler != nil else { return samples.append(contentsOf: block) }
        try block.withUnsafeBufferPointer { (input) throws(MediaError) in
            var rest = input[...]
            while !rest.isEmpty {
                let used = try process(UnsafeBufferPointer(rebasing: rest))
                rest = rest.dropFirst(used)
            }
        }
    }

    /// There are no more: what the filter still holds comes out.
    mutating func finish() throws(MediaError) {
        guard resampler != nil else { return }
        var before = -1
        while samples.count > before {
            before = samples.count
            _ = try process(nil)
        }
    }

    /// One call of the library; says how much of `input` it took. Nil is the end.
    private mutating func process(_ input: UnsafeBufferPointer<Float>?) throws(MediaError) -> Int {
        let capacity = Int(Double(input?.count ?? 1024) * ratio) + 1024
        var used = 0
        var written: Int64 = -1
        let output = [Float](unsafeUninitializedCapacity: capacity) { target, initialized in
            written = sound_resample(
                resampler, input?.baseAddress, input?.count ?? 0, &used, target.baseAddress, capacity)
            initialized = max(0, Int(written))
        }
        guard written >= 0 else { throw Self.failed }
        samples.append(contentsOf: output)
        return used
    }

    private static let failed = MediaError.undecodableAudio(format: nil, reason: "it cannot be resampled")
}
