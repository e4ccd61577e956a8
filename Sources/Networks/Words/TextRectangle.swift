import Glibc

/// A rectangle that may stand askew, around the points of one line of text.
struct TextRectangle: Sendable, Equatable {
    /// The middle.
    let centre: SIMD2<Float>
    /// The direction of the first side, of length 1.
    let axis: SIMD2<Float>
    /// Half the length along the axis and across it.
    let half: SIMD2<Float>

    /// Of all rectangles around the points the one with the least area, which has a side on an edge of their convex hull
    /// (Freeman & Shapira 1975); nil for no points.
    init?(around points: [SIMD2<Float>]) {
        let hull = Self.hull(points)
        guard let first = hull.first else { return nil }
        var best: TextRectangle?
        for (index, point) in hull.enumerated() {
            let edge = hull[(index + 1) % hull.count] - point
            let length = (edge * edge).sum().squareRoot()
            let axis = length > 0 ? edge / length : SIMD2(1, 0)
            let rectangle = TextRectangle(around: hull, origin: first, axis: axis)
            if let best, best.area <= rectangle.area { continue }
            best = rectangle
        }
        guard let best else { return nil }
        self = best
    }

    private init(around hull: [SIMD2<Float>], origin: SIMD2<Float>, axis: SIMD2<Float>) {
        let across = SIMD2(-axis.y, axis.x)
        var (least, most) = (SIMD2<Float>.zero, SIMD2<Float>.zero)
        for point in hull {
            let place = point - origin
            let turned = SIMD2((place * axis).sum(), (place * across).sum())
            least = pointwiseMin(least, turned)
            most = pointwiseMax(most, turned)
        }
        let middle = (least + most) / 2
        self.init(centre: origin + axis * middle.x + across * middle.y, axis: axis, half: (most - least) / 2)
    }

    private init(centre: SIMD2<Float>, axis: SIMD2<Float>, half: SIMD2<Float>) {
        self.centre = centre
        self.axis = axis
        self.half = half
    }

    var area: Float { 4 * half.x * half.y }
    var shorterSide: Float { 2 * half.min() }

    /// The rectangle that a line has which was shrunk to this one: each side further out by area · ratio / perimeter, as DB
    /// undoes it (Liao 2020, equation 10).
    func unclipped(ratio: Float) -> TextRectangle {
        let perimeter = 4 * (half.x + half.y)
        guard perimeter > 0 else { return self }
        return TextRectangle(centre: centre, axis: axis, half: half + area * ratio / perimeter)
    }

    /// The corners clockwise from the one at the top left: of the two left ones the upper.
    var corners: [SIMD2<Float>] {
        let along = axis * half.x
        let across = SIMD2(-axis.y, axis.x) * half.y
        let all = [centre - along - across, centre + along - across, centre + along + across, centre - along + across]
        let byColumn = all.enumerated().sorted { ($0.element.x, $0.offset) < ($1.element.x, $1.offset) }.map(\.element)
        let left = byColumn[0].y <= byColumn[1].y ? (byColumn[0], byColumn[1]) : (byColumn[1], byColumn[0])
        let right = byColumn[2].y <= byColumn[3].y ? (byColumn[2], byColumn[3]) : (byColumn[3], byColumn[2])
        return [left.0, right.0, right.1, left.1]
    }

    /// The convex hull of points by Andrew's monotone chain, counter-clockwise where y grows upward.
    private static func hull(_ points: [SIMD2<Float>]) -> [SIMD2<Float>] {
        let sorted = points.sorted { ($0.x, $0.y) < ($1.x, $1.y) }
        guard sorted.count > 2 else { return sorted }
        func chain(_ points: some Sequence<SIMD2<Float>>) -> [SIMD2<Float>] {
            var chain: [SIMD2<Float>] = []
            for point in points {
                while chain.count > 1, turn(chain[chain.count - 2], chain[chain.count - 1], point) <= 0 {
                    chain.removeLast()
                }
                chain.append(point)
            }
            return chain.dropLast()
        }
        let hull = chain(sorted) + chain(sorted.reversed())
        // All points are one.
        return hull.isEmpty ? [sorted[0]] : hull
    }

    /// Above zero where the way from a over b to c turns left.
    private static func turn(_ a: SIMD2<Float>, _ b: SIMD2<Float>, _ c: SIMD2<Float>) -> Float {
        let (first, second) = (b - a, c - a)
        return first.x * second.y - first.y * second.x
    }
}
