/// TensorFlow's SAME padding: output = ⌈input / stride⌉, and where the padding is odd the extra zero comes last.
public struct SamePadding: Sendable {
    /// Output positions.
    public let output: Int
    /// Zeros before the first input.
    public let before: Int

    /// Padding of one axis.
    public init(input: Int, kernel: Int, stride: Int) {
        output = (input + stride - 1) / stride
        before = max(0, (output - 1) * stride + kernel - input) / 2
    }

    /// PyTorch's padding of half a window on either side instead, of an odd window.
    public init(input: Int, centred kernel: Int, stride: Int) {
        output = (input + stride - 1) / stride
        before = kernel / 2
    }
}
