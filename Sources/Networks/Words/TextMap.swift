/// What ``TextFinder`` says of a picture, and the lines that it means.
public struct TextMap: Sendable {
    private let probabilities: [Float]
    private let height: Int, width: Int

    /// The bounds of PP-OCRv4 as RapidOCR runs it.
    private static let threshold: Float = 0.3
    private static let leastScore: Float = 0.5
    private static let unclipRatio: Float = 1.6
    private static let leastSide: Float = 3
    /// More lines than this are not looked at: the largest are.
    static let mostLines = 1000

    /// A map [height, width] of probabilities.
    public init(_ probabilities: [Float], height: Int, width: Int) {
        precondition(probabilities.count == height * width, "a probability for each pixel")
        self.probabilities = probabilities
        self.height = height
        self.width = width
    }

    /// The boxes of lines, each as its corners in pixels of the map, clockwise from the top left; and how many more there
    /// would have been.
    public func lines() -> (boxes: [[SIMD2<Float>]], left: Int) {
        let regions = regions()
        var boxes: [[SIMD2<Float>]] = []
        for region in regions.prefix(Self.mostLines) {
            guard let inner = TextRectangle(around: region.points), inner.shorterSide >= Self.leastSide,
                score(of: inner.corners) >= Self.leastScore
            else { continue }
            let box = inner.unclipped(ratio: Self.unclipRatio)
            guard box.shorterSide >= Self.leastSide + 2 else { continue }
            boxes.append(box.corners)
        }
        return (boxes, max(0, regions.count - Self.mostLines))
    }

    /// Pixels that hang together: the ends of their runs, which are what a hull needs, and how many there are.
    private struct Region {
        var points: [SIMD2<Float>] = []
        var area = 0
    }

    /// A run of pixels of a row that are above the threshold.
    private struct Run {
        let first: Int, last: Int
        let label: Int
    }

    /// The regions above the threshold, neighbours at corners included, the largest first.
    private func regions() -> [Region] {
        // Labels of runs; those that turned out to be of one region point to its first.
        var parents: [Int] = []
        func root(_ label: Int) -> Int {
            var label = label
            while parents[label] != label {
                parents[label] = parents[parents[label]]
                label = parents[label]
            }
            return label
        }
        var found: [(label: Int, row: Int, run: Run)] = []
        var above: [Run] = []
        for row in 0..<height {
            var runs: [Run] = []
            var next = 0
            for (first, last) in spans(row) {
                while next < above.count, above[next].last < first - 1 { next += 1 }
                var label: Int?
                var touching = next
                while touching < above.count, above[touching].first <= last + 1 {
                    let other = root(above[touching].label)
                    if let known = label { parents[max(known, other)] = min(known, other) }
                    label = min(label ?? other, other)
                    touching += 1
                }
                if label == nil { parents.append(parents.count) }
                let run = Run(first: first, last: last, label: label ?? parents.count - 1)
                runs.append(run)
                found.append((run.label, row, run))
            }
            above = runs
        }
        var regions: [Int: Region] = [:]
        for (label, row, run) in found {
            let ends = [SIMD2(Float(run.first), Float(row)), SIMD2(Float(run.last), Float(row))]
            regions[root(label), default: Region()].points += ends
            regions[root(label), default: Region()].area += run.last - run.first + 1
        }
        return regions.sorted { ($1.value.area, $0.key) < ($0.value.area, $1.key) }.map(\.value)
    }

    /// The first and last pixels of a row's runs, where a pixel counts that is above the threshold, or whose neighbour to the
    /// left, above, or both is: OpenCV's dilation by 2 × 2.
    private func spans(_ row: Int) -> [(first: Int, last: Int)] {
        var spans: [(first: Int, last: Int)] = []
        let rows = [row] + (row > 0 ? [row - 1] : [])
        for column in 0..<width {
            let isOn = rows.contains { y in
                probabilities[y * width + column] > Self.threshold
                    || column > 0 && probabilities[y * width + column - 1] > Self.threshold
            }
            guard isOn else { continue }
            if let last = spans.last, last.last == column - 1 {
                spans[spans.count - 1].last = column
            } else {
                spans.append((column, column))
            }
        }
        return spans
    }

    /// The mean probability in a box.
    private func score(of corners: [SIMD2<Float>]) -> Float {
        let rows = corners.map(\.y)
        let first = max(0, Int((rows.min() ?? 0).rounded(.down)))
        let last = min(height - 1, Int((rows.max() ?? 0).rounded(.up)))
        guard first <= last else { return 0 }
        var sum: Float = 0
        var count: Float = 0
        for row in first...last {
            // Where the row crosses the sides.
            let y = min(max(Float(row), rows.min() ?? 0), rows.max() ?? 0)
            var crossings: [Float] = []
            for (index, corner) in corners.enumerated() {
                let next = corners[(index + 1) % corners.count]
                guard min(corner.y, next.y) <= y, y <= max(corner.y, next.y) else { continue }
                if corner.y == next.y {
                    crossings += [corner.x, next.x]
                } else {
                    crossings.append(corner.x + (next.x - corner.x) * (y - corner.y) / (next.y - corner.y))
                }
            }
            guard let left = crossings.min(), let right = crossings.max() else { continue }
            let columns =
                max(0, Int(left.rounded()))...max(0, Int(left.rounded()), min(width - 1, Int(right.rounded())))
            for column in columns where column < width {
                sum += probabilities[row * width + column]
                count += 1
            }
        }
        return count > 0 ? sum / count : 0
    }
}
