import Foundation

/// A probability in a column of percent: ` 61.2 %`.
func percent(_ probability: Double) -> String {
    let tenths = String(format: "%.1f", probability * 100)
    return String(repeating: " ", count: max(0, 5 - tenths.count)) + tenths + " %"
}
