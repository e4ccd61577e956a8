import CImageCodecs

extension PixelImage {
    /// Resizes without regard to the aspect ratio, as Pillow 13's `Image.resize` does: an antialiased filter in two passes,
    /// each rounded to 8 bits. Equal to Pillow in every bit.
    ///
    /// Deterministic and without shared state; the cost is about `height * width` plus a few times
    /// `(height + newHeight) * newWidth` multiplications.
    public func resized(width newWidth: Int, height newHeight: Int, _ filter: Resampling) -> PixelImage {
        resized(width: newWidth, height: newHeight, filter, portable: false)
    }

    /// The same to the size that a rendition gives it.
    public func resized(to rendition: ImageRendition) -> PixelImage {
        let size = rendition.size(ofWidth: width, height: height)
        return resized(width: size.width, height: size.height, rendition.filter)
    }

    /// The middle of the image, or the image in the middle of black where it is smaller, as transformers cuts and pads: of what is
    /// left over, the half at the top and the left is rounded down where something is cut off, and up where something is added.
    func centred(width newWidth: Int, height newHeight: Int) -> PixelImage {
        guard newWidth != width || newHeight != height else { return self }
        // Where its first pixel comes to lie, negative where that is cut off; the shift rounds down.
        let (left, top) = (-((width - newWidth) >> 1), -((height - newHeight) >> 1))
        let columns = max(0, -left)..<min(width, newWidth - left)
        var cut = [UInt8](repeating: 0, count: newWidth * newHeight * 3)
        for row in max(0, -top)..<min(height, newHeight - top) {
            let from = (row * width + columns.lowerBound) * 3
            let to = ((row + top) * newWidth + columns.lowerBound + left) * 3
            cut.replaceSubrange(to..<to + columns.count * 3, with: pixels[from..<from + columns.count * 3])
        }
        return PixelImage(width: newWidth, height: newHeight, pixels: cut)
    }

    /// `portable` leaves the processor's vector instructions alone, for the test that compares the two.
    func resized(width newWidth: Int, height newHeight: Int, _ filter: Resampling, portable: Bool) -> PixelImage {
        precondition(newWidth > 0 && newHeight > 0, "an image cannot be resized to nothing")
        let columnsFirst = Self.resizesColumnsFirst(from: (width, height), to: (newWidth, newHeight))
        return columnsFirst
            ? columnsResized(to: newHeight, filter, portable).rowsResized(to: newWidth, filter, portable)
            : rowsResized(to: newWidth, filter, portable).columnsResized(to: newHeight, filter, portable)
    }

    /// Which of the two passes comes first shows in the rounding between them. Since version 13 Pillow resizes columns first where
    /// the height shrinks by more than twice as many pixels as the width; before, rows always came first.
    static func resizesColumnsFirst(
        from old: (width: Int, height: Int), to new: (width: Int, height: Int)
    ) -> Bool {
        old.height > new.height && old.height - new.height > (old.width - new.width) * 2
    }

    private func rowsResized(to newWidth: Int, _ filter: Resampling, _ portable: Bool) -> PixelImage {
        guard newWidth != width else { return self }
        let across = ResamplingWeights(from: width, to: newWidth, filter)
        return resampled(width: newWidth, height: height) { source, target in
            across.withWeights {
                codec_resample_rows(source, Int32(width), Int32(height), $0, portable ? 1 : 0, target)
            }
        }
    }

    private func columnsResized(to newHeight: Int, _ filter: Resampling, _ portable: Bool) -> PixelImage {
        guard newHeight != height else { return self }
        let down = ResamplingWeights(from: height, to: newHeight, filter)
        return resampled(width: width, height: newHeight) { source, target in
            down.withWeights { codec_resample_columns(source, width * 3, $0, portable ? 1 : 0, target) }
        }
    }

    /// One pass: `body` reads all pixels of this image and writes all of the new one.
    private func resampled(
        width: Int, height: Int, _ body: (UnsafePointer<UInt8>?, UnsafeMutablePointer<UInt8>?) -> Void
    ) -> PixelImage {
        let count = width * height * 3
        let result = [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
            pixels.withUnsafeBufferPointer { body($0.baseAddress, target.baseAddress) }
            initialized = count
        }
        return PixelImage(width: width, height: height, pixels: result)
    }
}
