import JSON
import Media

/// A picture as the bytes that make a terminal show it, beginning where the cursor is.
public enum TerminalPicture {
    /// - Parameter rows: lines of text that it takes with kitty's protocol, which knows the size of a line; sixels are as high
    ///   as the picture.
    public static func bytes(_ picture: PalettePicture, _ way: PictureProtocol, rows: Int) -> [UInt8] {
        switch way {
        case .kitty: kitty(png: picture.png, rows: rows)
        case .sixel: sixel(picture)
        }
    }

    /// Bytes of base64 in one piece of kitty's protocol.
    private static let pieceBytes = 4096

    private static func kitty(png: [UInt8], rows: Int) -> [UInt8] {
        let text = Array(Base64.encode(png).utf8)
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: text.count, by: pieceBytes) {
            let end = min(start + pieceBytes, text.count)
            // Transmit and show (a=T) a PNG file (f=100), and answer nothing (q=2).
            let first = start == 0 ? "a=T,f=100,q=2,r=\(rows)," : ""
            bytes += Array("\u{1B}_G\(first)m=\(end < text.count ? 1 : 0);".utf8) + text[start..<end]
            bytes += Array("\u{1B}\\".utf8)
        }
        return bytes
    }

    /// Sixels: bands of six rows; in each, one line for each of its colours, over the last.
    private static func sixel(_ picture: PalettePicture) -> [UInt8] {
        // Pixels are square (1;1); what is not drawn stays as it was (P2 = 1).
        var bytes = Array("\u{1B}P0;1q\"1;1;\(picture.width);\(picture.height)".utf8)
        for colour in 0..<picture.palette.count / 3 {
            let percent = (0..<3).map { (Int(picture.palette[colour * 3 + $0]) * 100 + 127) / 255 }
            bytes += Array("#\(colour);2;\(percent[0]);\(percent[1]);\(percent[2])".utf8)
        }
        for top in stride(from: 0, to: picture.height, by: 6) {
            let rows = top..<min(top + 6, picture.height)
            let used = Set(picture.indices[rows.lowerBound * picture.width..<rows.upperBound * picture.width]).sorted()
            for (number, colour) in used.enumerated() {
                bytes += Array("\(number > 0 ? "$" : "")#\(colour)".utf8)
                let columns = (0..<picture.width).map { column in
                    rows.reduce(UInt8(0)) { bits, row in
                        picture.indices[row * picture.width + column] == colour ? bits | 1 << UInt8(row - top) : bits
                    }
                }
                append(columns, to: &bytes)
            }
            bytes.append(UInt8(ascii: "-"))
        }
        return bytes + Array("\u{1B}\\".utf8)
    }

    /// Columns of six pixels each, `?` to `~`, repetitions counted.
    private static func append(_ columns: [UInt8], to bytes: inout [UInt8]) {
        var start = 0
        while start < columns.count {
            let end = columns[start...].firstIndex { $0 != columns[start] } ?? columns.count
            let sixel = UInt8(ascii: "?") + columns[start]
            // "!4~" is no shorter than "~~~".
            if end - start > 3 {
                bytes += Array("!\(end - start)".utf8) + [sixel]
            } else {
                bytes += [UInt8](repeating: sixel, count: end - start)
            }
            start = end
        }
    }
}
