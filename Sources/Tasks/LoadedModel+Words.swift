import Media
import Networks

/// Words in pictures.
extension LoadedModel {
    /// The lines of text of a picture, in the order in which they are read, and how many more it has than are looked at; none for a
    /// model that does not read.
    public func findLines(in image: PixelImage, pause: () -> Void = {}) -> (boxes: [TextBox], left: Int) {
        compute.take { _ in words?.find(in: image, pool: pool, pause: pause) ?? ([], 0) }
    }

    /// What stands in each of the boxes, found in this picture.
    public func read(_ boxes: [TextBox], of image: PixelImage, pause: () -> Void = {}) -> [ReadText] {
        compute.take { _ in
            words?.read(boxes, of: image, pool: pool, pause: pause)
                ?? boxes.map { _ in ReadText(text: "", confidence: 0) }
        }
    }
}

/// The words of a picture.
public struct ReadPage: Sendable, Equatable {
    /// A line that was read.
    public struct Line: Sendable, Equatable {
        /// Where it is.
        public let box: TextBox
        /// What stands there.
        public let text: String
        /// The mean probability of its characters, 0 to 1.
        public let confidence: Float
    }

    /// The lines that were read, in the order in which they are.
    public private(set) var lines: [Line] = []
    /// What looked like lines and was not read: for it has characters that the reader does not know, or it is more than is read of
    /// one picture.
    public private(set) var unread: Int

    /// A page of which nothing is read yet.
    /// - Parameter left: lines that are not looked at.
    public init(left: Int) { unread = left }

    /// The lines, one below the other.
    public var text: String { lines.map(\.text).joined(separator: "\n") }

    /// Adds what was read of boxes.
    public mutating func add(_ texts: [ReadText], of boxes: ArraySlice<TextBox>) {
        for (text, box) in zip(texts, boxes) {
            // What has no characters was no line.
            if text.text.allSatisfy(\.isWhitespace) { continue }
            guard text.confidence >= WordReader.leastConfidence(of: text.text) else {
                unread += 1
                continue
            }
            lines.append(Line(box: box, text: text.text, confidence: text.confidence))
        }
    }

    /// Boxes in the batches in which they are read, so that others get their turn in between, and the number of those that are too
    /// many for one picture.
    public static func batches(_ boxes: [TextBox]) -> (batches: [ArraySlice<TextBox>], left: Int) {
        let most = 2560
        var (batches, first, columns, total): ([ArraySlice<TextBox>], Int, Int, Int) = ([], 0, 0, 0)
        for (index, box) in boxes.enumerated() {
            let width = WordReader.columns(of: box)
            guard total + width <= WordReader.mostColumns else {
                if first < index { batches.append(boxes[first..<index]) }
                return (batches, boxes.count - index)
            }
            if columns + width > most, first < index {
                batches.append(boxes[first..<index])
                (first, columns) = (index, 0)
            }
            columns += width
            total += width
        }
        if first < boxes.count { batches.append(boxes[first...]) }
        return (batches, 0)
    }
}
