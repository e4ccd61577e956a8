import CAudioCodecs

/// What full scale is in a file of floats, whose samples should be within -1 and 1 and are not always.
enum AudioLevel {
    /// How far beyond full scale samples may be that are no whole numbers: 24 dB, more than any mix overshoots.
    private static let loudest: Float = 16

    /// What the samples have to be multiplied by.
    ///
    /// Samples that are whole numbers, one by one, and go beyond 1 were integers that somebody turned into floats without
    /// dividing them: of 16 bits where they fit, else of 24 or 32. A sound within -1 and 1 is never of whole numbers alone, but for
    /// silence and for square waves at full scale. Samples that are far beyond and no whole numbers might have any scale: they are
    /// refused, for a guess would be a made-up answer.
    static func gain(_ levels: sound_levels, _ stream: AudioStream) throws(MediaError) -> Float {
        guard levels.peak > 1 else { return 1 }
        if levels.whole != 0 {
            return levels.peak <= 0x1p15 ? 0x1p-15 : levels.peak <= 0x1p23 ? 0x1p-23 : 0x1p-31
        }
        guard levels.peak <= loudest else {
            throw .undecodableAudio(
                format: stream.format,
                reason: "it has samples far beyond -1 and 1, which are full scale in floats (the largest is "
                    + "\(Int(levels.peak))). Divide them by what full scale was, such as 32768")
        }
        return 1
    }
}
