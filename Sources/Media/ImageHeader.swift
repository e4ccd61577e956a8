/// What is known of an image before it is decoded.
public struct ImageHeader: Sendable {
    enum Details: Sendable {
        case jpeg(JPEGHeader)
        case png(PNGHeader)
    }

    let details: Details

    /// Which decoder reads it: decided by the first bytes alone, never by a name or a declared type.
    public var format: ImageFormat {
        switch details {
        case .jpeg: .jpeg
        case .png: .png
        }
    }

    /// Pixels of a row as stored, before EXIF turns the image.
    public var width: Int {
        switch details {
        case .jpeg(let header): header.width
        case .png(let header): header.width
        }
    }

    /// Rows as stored, before EXIF turns the image.
    public var height: Int {
        switch details {
        case .jpeg(let header): header.height
        case .png(let header): header.height
        }
    }

    /// The EXIF orientation, 1...8; 1 where there is none or it makes no sense.
    public var orientation: Int { turn.rawValue }

    /// Width of the upright image.
    public var orientedWidth: Int { turn.swapsSides ? height : width }
    /// Height of the upright image.
    public var orientedHeight: Int { turn.swapsSides ? width : height }

    var turn: Orientation {
        switch details {
        case .jpeg(let header): header.orientation
        case .png(let header): header.orientation
        }
    }
}
