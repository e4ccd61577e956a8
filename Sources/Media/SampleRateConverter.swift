import CAudioCodecs

/// Resamples one channel as it comes, block by block, from one rate after the other. The blocks do not show in the result, nor
/// where a stream follows another one of the same rate.
struct SampleRateConverter: ~Copyable {
    /// What is resampled so far.
    private(set) var samples: [Float] = []
    /// The rate that comes out.
    let target: Int
    private var source = 0
    /// Nil where the rates are the same.
    private var resampler: OpaquePointer?

    /// - Parameter capacity: how many samples are expected to come out.
    init(to target: Int, capacity: Int) {
        self.target = target
        samples.reserveCapacity(capacity + 64)
    }

    deinit { sound_resampler_close(resampler) }

    /// What comes now has this rate.
    ///
    /// - Parameter anew: whether it is a sound of its own even at the same rate.
    mutating func begin(from rate: Int, anew: Bool) throws(MediaError) {
        guard rate != source || anew else { return }
        try finish()
        source = rate
        guard rate != target else { return }
        // Rates are those of `AudioLimits`, or the server's own.
        guard let opened = sound_resampler_open(Int32(rate), Int32(target)) else { throw Self.failed }
        resampler = opened
    }

    /// Multiplies what was made from a place on.
    mutating func scale(from place: Int, by gain: Float) {
        guard gain != 1 else { return }
        for index in place..<samples.count { samples[index] *= gain }
    }

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

    /// There are no more of this rate: what the filter still holds comes out.
    mutating func finish() throws(MediaError) {
        guard resampler != nil else { return }
        defer {
            sound_resampler_close(resampler)
            resampler = nil
            source = 0
        }
        var before = -1
        while samples.count > before {
            before = samples.count
            _ = try process(nil)
        }
    }

    /// One call of the library; says how much of `input` it took. Nil is the end.
    private mutating func process(_ input: UnsafeBufferPointer<Float>?) throws(MediaError) -> Int {
        let capacity = Int(Double(input?.count ?? 1024) * Double(target) / Double(max(1, source))) + 1024
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
