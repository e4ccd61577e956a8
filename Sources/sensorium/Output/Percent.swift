import JSON

/// A probability in a column of percent: ` 61.2 %`.
func percent(_ probability: Double) -> String {
    let tenths = (probability * 100).text(decimals: 1)
    return String(repeating: " ", count: max(0, 5 - tenths.count)) + tenths + " %"
}
