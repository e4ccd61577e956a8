/// Rows of text with columns one below the other.
public struct TextTable: Sendable {
    /// One column.
    public struct Column: Sendable {
        let title: String
        let alignsRight: Bool

        /// A column; numbers are aligned on their right.
        public init(_ title: String, alignsRight: Bool = false) {
            self.title = title
            self.alignsRight = alignsRight
        }
    }

    private let columns: [Column]
    private var rows: [[String]] = []

    /// A table without rows.
    public init(_ columns: [Column]) { self.columns = columns }

    /// Adds a row of as many cells as there are columns. Control characters become `�`: a cell may hold what somebody else
    /// wrote, and must not command the terminal.
    public mutating func add(_ cells: [String]) {
        precondition(cells.count == columns.count, "a row has a cell for each column")
        rows.append(cells.map(\.withoutControls))
    }

    /// The titles, then the rows, without blanks at their ends. Columns are two blanks apart.
    public var lines: [String] {
        let all = [columns.map(\.title)] + rows
        let widths = columns.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { cells in
            let padded = cells.indices.map { column in
                let blanks = String(repeating: " ", count: widths[column] - cells[column].count)
                return columns[column].alignsRight ? blanks + cells[column] : cells[column] + blanks
            }
            let line = padded.joined(separator: "  ")
            return String(line[..<(line.lastIndex { $0 != " " }.map { line.index(after: $0) } ?? line.startIndex)])
        }
    }
}

extension String {
    /// The text with `�` in place of control characters, line ends and marks that turn the direction of writing.
    public var withoutControls: String {
        var text = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            switch scalar.properties.generalCategory {
            // The joiner holds an emoji together.
            case .format where scalar == "\u{200D}": text.append(scalar)
            case .control, .format, .lineSeparator, .paragraphSeparator: text.append("\u{FFFD}")
            default: text.append(scalar)
            }
        }
        return String(text)
    }
}
