import Checkpoint

/// A window's tokens cut into segments at their time stamps, as transformers cuts them (`_retrieve_segment`).
struct WhisperSegments: Equatable {
    /// One segment.
    struct Segment: Equatable {
        /// Steps of time stamps behind the begin of the window.
        let start: Int, end: Int
        /// Its tokens among those of the window, time stamps included.
        let tokens: Range<Int>
    }

    let segments: [Segment]
    /// Frames from the begin of this window to that of the next.
    let advance: Int

    /// - Parameters:
    ///   - tokens: behind the prompt, without the end.
    ///   - first: the id of time stamp 0.
    ///   - frames: of the window that are sound.
    init(_ tokens: [Int], firstTimestamp first: Int, frames: Int) {
        let isTime = tokens.map { $0 >= first }
        let endsWithOne = isTime.count >= 2 && !isTime[isTime.count - 2] && isTime[isTime.count - 1]
        var cuts = isTime.indices.dropLast().filter { isTime[$0] && isTime[$0 + 1] }.map { $0 + 1 }
        let step = WhisperConfiguration.framesOfToken
        guard !cuts.isEmpty else {
            var end = frames / step
            if let last = tokens.last(where: { $0 >= first }), last != first { end = last - first }
            segments = [Segment(start: 0, end: end, tokens: 0..<tokens.count)]
            advance = frames
            return
        }
        if endsWithOne {
            cuts.append(tokens.count)
        } else {
            // The second time stamp of the last pair goes with it.
            cuts[cuts.count - 1] += 1
        }
        var segments: [Segment] = []
        var begin = 0
        for (index, cut) in cuts.enumerated() {
            let isLast = index == cuts.count - 1
            let last = tokens[isLast && !endsWithOne ? cut - 2 : cut - 1]
            segments.append(Segment(start: tokens[begin] - first, end: last - first, tokens: begin..<cut))
            begin = cut
        }
        self.segments = segments
        // What was written behind the last pair of time stamps is thrown away: the sound is cut within it.
        advance = endsWithOne ? frames : (tokens[begin - 2] - first) * step
    }
}
