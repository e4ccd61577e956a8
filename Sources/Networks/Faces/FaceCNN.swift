import Checkpoint
import Tensor

/// The face tower: a stack of 3×3 convolutions with ReLU over a grey face. What stands in the configuration's layout is all
/// there is: batch norms and the identity branches of training (RepVGG, Ding 2021) are folded into the convolutions.
///
/// Each layer is one product of all faces' windows with its matrix, so that a face's tokens do not depend on its batch.
public final class FaceCNN: Sendable {
    private let configuration: SensoriumConfiguration.FaceTower
    private let layers: [ConvolutionMatrix]

    /// Faces that are computed at once; more would only take more memory for windows.
    private static let facesAtOnce = 8

    /// Reads the tensors `layers.*`.
    public init(_ weights: Weights, _ configuration: SensoriumConfiguration.FaceTower) {
        self.configuration = configuration
        var channels = 1
        layers = configuration.layout.enumerated().map { index, layer in
            defer { channels = layer.channels }
            return ConvolutionMatrix(weights["layers.\(index)"], channels, layer.channels, taps: [3, 3])
        }
    }

    /// Grey faces [size, size], normalised → their tokens [tokens, channels], the cells of the last grid row by row. A face
    /// of another size is the caller's mistake and stops the program.
    public func encode(_ faces: [[Float]], workspace: Workspace, pool: ComputePool) -> [TowerTokens] {
        stride(from: 0, to: faces.count, by: Self.facesAtOnce).flatMap { first in
            encode(faces[first..<min(first + Self.facesAtOnce, faces.count)], workspace, pool)
        }
    }

    private func encode(_ faces: ArraySlice<[Float]>, _ workspace: Workspace, _ pool: ComputePool) -> [TowerTokens] {
        var size = configuration.imageSize
        var channels = 1
        var most = size * size
        var mostWindows = 0
        for layer in configuration.layout {
            size = (size + layer.stride - 1) / layer.stride
            mostWindows = max(mostWindows, size * size * 9 * channels)
            channels = layer.channels
            most = max(most, size * size * channels)
        }
        workspace.begin(faces.count * most, faces.count * most, faces.count * mostWindows)
        var x = workspace.take(faces.count * most)  // [faces, size, size, channels], as the other
        var next = workspace.take(faces.count * most)
        let windows = workspace.take(faces.count * mostWindows)  // [faces, size, size, 9 · channels]

        size = configuration.imageSize
        for (place, face) in faces.enumerated() {
            precondition(face.count == size * size, "\(face.count) numbers are not a face of \(size) x \(size)")
            for index in face.indices { x[place * size * size + index] = face[index] }
        }
        for (layer, shape) in zip(layers, configuration.layout) {
            gather(x, faces: faces.count, size: size, layer.channels, stride: shape.stride, into: windows, pool)
            size = (size + shape.stride - 1) / shape.stride
            layer.apply(
                windows, step: 9 * layer.channels, rows: faces.count * size * size, activation: .relu, into: next,
                pool: pool)
            swap(&x, &next)
        }
        let count = configuration.tokens * configuration.channels
        return faces.indices.map { face in
            // The last layer has written `count` numbers of each face.
            let values = [Float](UnsafeBufferPointer(start: x + (face - faces.startIndex) * count, count: count))
            return TowerTokens(tokens: configuration.tokens, width: configuration.channels, values: values)
        }
    }

    /// x [faces, size, size, channels] → the window of each output [faces, ⌈size / stride⌉², 9 · channels], with one row or
    /// column of zeros around x.
    private func gather(
        _ x: UnsafePointer<Float>, faces: Int, size: Int, _ channels: Int, stride: Int,
        into windows: UnsafeMutablePointer<Float>, _ pool: ComputePool
    ) {
        let outputs = (size + stride - 1) / stride
        let rowCount = outputs * 9 * channels
        // Threads read x and write the windows of output rows of their own.
        nonisolated(unsafe) let (x, windows) = (x, windows)
        pool.parallelFor(faces * outputs, grain: max(1, 50_000 / rowCount)) { range in
            for index in range {
                let image = x + index / outputs * size * size * channels
                let top = index % outputs * stride - 1
                var window = windows + index * rowCount
                for left in Swift.stride(from: -1, to: outputs * stride - 1, by: stride) {
                    for row in top..<top + 3 {
                        for column in left..<left + 3 {
                            if row >= 0, row < size, column >= 0, column < size {
                                window.update(from: image + (row * size + column) * channels, count: channels)
                            } else {
                                window.update(repeating: 0, count: channels)
                            }
                            window += channels
                        }
                    }
                }
            }
        }
    }
}
