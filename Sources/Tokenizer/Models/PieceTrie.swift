/// Pieces as a tree of their bytes: tells of every beginning of a text whether it is a piece, and stops as soon as no
/// piece goes on.
struct PieceTrie: Sendable {
    /// The children of node n are the nodes from `children[n]` to `children[n + 1]`, by their byte.
    private var children: [Int32] = []
    /// The byte that leads to a node, and the value of the piece that ends there, -1 for none.
    private var labels: [UInt8] = [0]
    private var values: [Int32] = [-1]

    /// Of equal pieces the last one counts. No piece is empty; values are not negative.
    init(_ pieces: [(bytes: [UInt8], value: Int32)]) {
        let order = pieces.indices.sorted {
            let (a, b) = (pieces[$0].bytes, pieces[$1].bytes)
            return a.lexicographicallyPrecedes(b) || $0 < $1 && a == b
        }
        // Breadth first: node n stands for the pieces order[spans[n]], whose first depth bytes are the same.
        var spans: [(range: Range<Int>, depth: Int)] = [(0..<order.count, 0)]
        var node = 0
        while node < spans.count {
            var (range, depth) = spans[node]
            while let first = range.first, pieces[order[first]].bytes.count == depth {
                values[node] = pieces[order[first]].value
                range = range.dropFirst()
            }
            children.append(Int32(spans.count))
            while let first = range.first {
                let byte = pieces[order[first]].bytes[depth]
                // Where the next byte begins, by halves: a root may have a quarter of a million pieces.
                var (low, high) = (first, range.upperBound)
                while low < high {
                    let middle = (low + high) / 2
                    if pieces[order[middle]].bytes[depth] > byte { high = middle } else { low = middle + 1 }
                }
                spans.append((first..<low, depth + 1))
                labels.append(byte)
                values.append(-1)
                range = low..<range.upperBound
            }
            node += 1
        }
        children.append(Int32(spans.count))
    }

    /// Calls `onPiece` with the end and the value of every piece that `text` has at `begin`, the shortest first; pieces
    /// end by `end`.
    @inline(__always)
    func forEachMatch(in text: [UInt8], from begin: Int, to end: Int, _ onPiece: (_ end: Int, _ value: Int32) -> Void) {
        var node = 0
        var position = begin
        while position < end, let child = child(of: node, text[position]) {
            node = child
            position += 1
            if values[node] >= 0 { onPiece(position, values[node]) }
        }
    }

    @inline(__always)
    private func child(of node: Int, _ byte: UInt8) -> Int? {
        var (low, high) = (Int(children[node]), Int(children[node + 1]))
        while low < high {
            let middle = (low + high) / 2
            if labels[middle] < byte { low = middle + 1 } else { high = middle }
        }
        return low < Int(children[node + 1]) && labels[low] == byte ? low : nil
    }
}
