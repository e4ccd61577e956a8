/// What of a sound's file is not in what was made of it.
public struct SoundGaps: Sendable, Equatable {
    /// Seconds that the file tells of and does not have; 0 where it is whole.
    public let missingSeconds: Double
    /// Bytes that are neither sound nor tags.
    public let unreadBytes: Int

    /// Nil where nothing is missing.
    public init?(missingSeconds: Double, unreadBytes: Int) {
        guard missingSeconds > 0 || unreadBytes > 0 else { return nil }
        self.missingSeconds = missingSeconds
        self.unreadBytes = unreadBytes
    }
}
