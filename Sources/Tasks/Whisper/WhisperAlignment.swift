/// When each token was said, by what the decoder looked at when it wrote it: dynamic time warping over the attention weights of some
/// heads, as transformers does it (`_extract_token_timestamps`).
enum WhisperAlignment {
    /// Seconds from the begin of the window for each of `count` tokens; the last, whose successor was never computed, as the one before.
    /// - Parameters:
    ///   - weights: of each head [tokens but the last, tokens of the window].
    ///   - frames: of sound from the begin of the window on.
    ///   - columns: tokens of the window.
    static func times(of count: Int, _ weights: [[Float]], frames: Int, tokens columns: Int, filter: Int) -> [Double] {
        let rows = count - 1
        let kept = max(0, min(columns, frames / 2))
        guard rows > 0, kept > 0, !weights.isEmpty else { return [Double](repeating: 0, count: count) }
        var mean = [Float](repeating: 0, count: rows * kept)
        for head in weights {
            var matrix = normalized(head, rows: rows, columns: columns, kept: kept)
            smooth(&matrix, columns: kept, width: filter)
            for index in matrix.indices { mean[index] += matrix[index] }
        }
        let heads = Float(weights.count)
        let path = warp(mean.map { -Double($0 / heads) }, rows: rows, columns: kept)
        var times = [Double](repeating: 0, count: count)
        var last = -1
        for (row, column) in path where row != last {
            times[row] = Double(column) * 0.02
            last = row
        }
        times[count - 1] = times[count - 2]
        return times
    }

    /// Each column less its mean, in deviations.
    private static func normalized(_ head: [Float], rows: Int, columns: Int, kept: Int) -> [Float] {
        var matrix = [Float](repeating: 0, count: rows * kept)
        for column in 0..<kept {
            var sum: Float = 0
            for row in 0..<rows { sum += head[row * columns + column] }
            let mean = sum / Float(rows)
            var squares: Float = 0
            for row in 0..<rows {
                let difference = head[row * columns + column] - mean
                squares += difference * difference
            }
            let deviation = (squares / Float(rows)).squareRoot()
            for row in 0..<rows { matrix[row * kept + column] = (head[row * columns + column] - mean) / deviation }
        }
        return matrix
    }

    /// The median of `width` neighbours in each row, mirrored at both ends.
    private static func smooth(_ matrix: inout [Float], columns: Int, width: Int) {
        let half = width / 2
        guard columns > half else { return }
        for start in stride(from: 0, to: matrix.count, by: columns) {
            let row = Array(matrix[start..<start + columns])
            for column in 0..<columns {
                let window = (column - half...column + half).map { place in
                    row[place < 0 ? -place : place >= columns ? 2 * (columns - 1) - place : place]
                }
                // NaN, of a column without deviation, is in no order; it is behind all others, as PyTorch sorts it.
                matrix[start + column] = window.sorted { $1.isNaN && !$0.isNaN || $0 < $1 }[half]
            }
        }
    }

    /// The cheapest way through the matrix, from its first to its last element.
    private static func warp(_ matrix: [Double], rows: Int, columns: Int) -> [(row: Int, column: Int)] {
        let width = columns + 1
        var cost = [Float](repeating: .infinity, count: (rows + 1) * width)
        var trace = [UInt8](repeating: 0, count: (rows + 1) * width)
        cost[0] = 0
        for column in 1...columns {
            for row in 1...rows {
                let diagonal = cost[(row - 1) * width + column - 1]
                let above = cost[(row - 1) * width + column]
                let left = cost[row * width + column - 1]
                let (least, step): (Float, UInt8) =
                    diagonal < above && diagonal < left
                    ? (diagonal, 0) : above < diagonal && above < left ? (above, 1) : (left, 2)
                cost[row * width + column] = Float(matrix[(row - 1) * columns + column - 1] + Double(least))
                trace[row * width + column] = step
            }
        }
        for column in 0..<width { trace[column] = 2 }
        for row in 0...rows { trace[row * width] = 1 }
        var path: [(row: Int, column: Int)] = []
        var (row, column) = (rows, columns)
        while row > 0 || column > 0 {
            path.append((row - 1, column - 1))
            switch trace[row * width + column] {
            case 0: (row, column) = (row - 1, column - 1)
            case 1: row -= 1
            default: column -= 1
            }
        }
        return path.reversed()
    }
}
