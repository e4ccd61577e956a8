import Glibc

/// A grid of cells over the square that BlazeFace looks at, each cell with some anchors in its middle.
struct FaceGrid: Sendable {
    let side: Int
    let anchors: Int

    static let fine = FaceGrid(side: 16, anchors: 2)
    static let coarse = FaceGrid(side: 8, anchors: 6)
    /// Numbers of an anchor: centre and size of the box, and six landmarks, which are not used here.
    static let numbers = 16

    var cells: Int { side * side }
}

/// A face that ``BlazeFace`` found: a box in parts of the square, and how sure it is, 0 to 1.
public struct FoundFace: Sendable, Equatable {
    /// The sides of the box, in 0...1 where they lie in the square.
    public let left: Float, top: Float, right: Float, bottom: Float
    /// The network's probability that there is a face.
    public let score: Float

    init(left: Float, top: Float, right: Float, bottom: Float, score: Float) {
        self.left = left
        self.top = top
        self.right = right
        self.bottom = bottom
        self.score = score
    }

    /// The anchors' boxes with a score of at least `threshold`, best first. A box's centre is told from the middle of its
    /// cell, in pixels; anchors have no size of their own. Boxes without an area, which a face has, are left out.
    static func decoded(logits: [Float], raw: [Float], threshold: Float) -> [FoundFace] {
        var faces: [FoundFace] = []
        var anchor = 0
        for grid in [FaceGrid.fine, .coarse] {
            for cell in 0..<grid.cells {
                for _ in 0..<grid.anchors {
                    defer { anchor += 1 }
                    let score = 1 / (1 + exp(-min(max(logits[anchor], -100), 100)))
                    guard score >= threshold else { continue }
                    let numbers = raw[anchor * FaceGrid.numbers..<(anchor + 1) * FaceGrid.numbers].prefix(4)
                        .map { $0 / Float(BlazeFace.size) }
                    let x = (Float(cell % grid.side) + 0.5) / Float(grid.side) + numbers[0]
                    let y = (Float(cell / grid.side) + 0.5) / Float(grid.side) + numbers[1]
                    guard numbers[2] > 0, numbers[3] > 0 else { continue }
                    faces.append(
                        FoundFace(
                            left: x - numbers[2] / 2, top: y - numbers[3] / 2, right: x + numbers[2] / 2,
                            bottom: y + numbers[3] / 2, score: score))
                }
            }
        }
        // Of equal scores the first anchor comes first, so that an answer does not depend on the sort.
        return faces.enumerated().sorted { ($1.element.score, $0.offset) < ($0.element.score, $1.offset) }
            .map(\.element)
    }

    /// One face of each cluster: the best box and all that overlap it by more than `mostOverlap` (intersection over union)
    /// become their mean, weighted by score, with the score of the best. That is MediaPipe's weighted suppression.
    static func suppressed(_ faces: [FoundFace], mostOverlap: Float = 0.3) -> [FoundFace] {
        var found: [FoundFace] = []
        var rest = faces
        while let best = rest.first {
            let cluster = rest.prefix(1) + rest.dropFirst().filter { best.overlap($0) > mostOverlap }
            rest = rest.dropFirst().filter { best.overlap($0) <= mostOverlap }
            let weight = cluster.reduce(0) { $0 + $1.score }
            func mean(_ side: KeyPath<FoundFace, Float>) -> Float {
                cluster.reduce(0) { $0 + $1[keyPath: side] * $1.score } / weight
            }
            found.append(
                FoundFace(
                    left: mean(\.left), top: mean(\.top), right: mean(\.right), bottom: mean(\.bottom),
                    score: best.score))
        }
        return found
    }

    private var area: Float { (right - left) * (bottom - top) }

    /// Intersection over union.
    func overlap(_ other: FoundFace) -> Float {
        let width = min(right, other.right) - max(left, other.left)
        let height = min(bottom, other.bottom) - max(top, other.top)
        guard width > 0, height > 0 else { return 0 }
        return width * height / (area + other.area - width * height)
    }
}
