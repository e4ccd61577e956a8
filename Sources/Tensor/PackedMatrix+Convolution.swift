extension PackedMatrix {
    /// Packs the weight of a convolution as the matrix that windows of an image are multiplied with, whose channels lie side by
    /// side: [outputs, channels, taps], PyTorch's layout for one or two dimensions, becomes [outputs, taps · channels].
    public convenience init(
        convolution bytes: UnsafeRawBufferPointer, element: WeightElement = .float32, outputs: Int, channels: Int,
        taps: Int, storage: Storage = .automatic, kernels: KernelSet = .best
    ) {
        let size = element.byteCount
        precondition(
            bytes.count == outputs * channels * taps * size,
            "\(bytes.count) bytes are not a weight [\(outputs), \(channels), \(taps)] of \(element)")
        let ordered = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 64)
        defer { ordered.deallocate() }
        for output in 0..<outputs {
            for channel in 0..<channels {
                for tap in 0..<taps {
                    let from = ((output * channels + channel) * taps + tap) * size
                    let to = ((output * taps + tap) * channels + channel) * size
                    for byte in 0..<size { ordered[to + byte] = bytes[from + byte] }
                }
            }
        }
        self.init(
            UnsafeRawBufferPointer(ordered), element: element, outputs: outputs, inputs: taps * channels,
            storage: storage, kernels: kernels)
    }
}
