/// The rows of a table of positions [learned · learned] that the patches of a square picture of `across` · `across` take, row by row,
/// as Idefics 3 finds them: a patch lies at a fraction of the picture's side, and takes the position whose part of the side that is.
///
/// Also for as many patches as positions it is not always the patch's own: fractions are floats, and so are the borders between
/// positions, which differ in their last digits (of 25 across ten patches take the row before). Published weights were learned
/// with it.
func patchPlaces(across: Int, learned: Int) -> [Int] {
    let borders = borders(learned)
    let step = 1 / Float(across)
    let places = (0..<across).map { patch in
        let fraction = min(Float(patch) * step, Float(1.0 - 1e-6))
        return borders.count { $0 <= fraction }
    }
    return places.flatMap { row in places.map { row * learned + $0 } }
}

/// PyTorch's `arange(1 / parts, 1, 1 / parts)` in floats. Its elements are computed in doubles from the first of their eight, which was
/// rounded to a float, as long as there are sixteen; the rest each by itself.
private func borders(_ parts: Int) -> [Float] {
    let step = 1 / Double(parts)
    let count = max(0, Int(((1 - step) / step).rounded(.up)))
    return (0..<count).map { index in
        guard index < count / 16 * 16 else { return Float(step + Double(index) * step) }
        let first = Float(step + Double(index / 8 * 8) * step)
        return Float(Double(first) + Double(index % 8) * step)
    }
}
