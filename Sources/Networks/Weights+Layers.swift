import Checkpoint
import Tensor

/// The layers that networks are made of, each read from its tensors in one statement.
extension Weights {
    /// y = x · Wᵀ + b of `<name>.weight` [outputs, inputs] and `<name>.bias` [outputs].
    /// - Parameters:
    ///   - bias: false where the file has none: it is zero.
    ///   - window: further dimensions of the weight, all 1, for a matrix that the file has as a convolution.
    ///   - storage: how it is kept: `smallest` for what is read for a token at a time.
    func linear(
        _ name: String, _ inputs: Int, _ outputs: Int, bias: Bool = true, window: [Int] = [],
        storage: PackedMatrix.Storage = .automatic
    ) -> Linear {
        linear(
            stacking: [name], inputs, outputs, unbiased: bias ? [] : [name], window: window, storage: storage)
    }

    /// Several of the same input and as many outputs each, stacked over their outputs and multiplied at once.
    /// - Parameter unbiased: those of them that have no bias.
    func linear(
        stacking names: [String], _ inputs: Int, _ outputs: Int, unbiased: Set<String> = [], window: [Int] = [],
        storage: PackedMatrix.Storage = .automatic
    ) -> Linear {
        linear(
            stacking: names, inputs, outputs: names.map { _ in outputs }, unbiased: unbiased, window: window,
            storage: storage)
    }

    /// Several of the same input, each with outputs of its own, stacked over them and multiplied at once.
    func linear(
        stacking names: [String], _ inputs: Int, outputs: [Int], unbiased: Set<String> = [], window: [Int] = [],
        storage: PackedMatrix.Storage = .automatic
    ) -> Linear {
        var matrices: [StoredTensor?] = []
        var shifts: [Float] = []
        for (name, outputs) in zip(names, outputs) {
            matrices.append(tensor("\(name).weight", [outputs, inputs] + window))
            if !unbiased.contains(name) {
                shifts += floats("\(name).bias", [outputs])
            } else if isSound {
                shifts += repeatElement(0, count: outputs)
            }
        }
        return made(
            Linear(weight: .stacking(matrices.compactMap(\.self), inputs: inputs, storage), bias: shifts),
            orElse: .standIn)
    }

    /// One whose weight has another name than its bias.
    func linear(
        weight: String, bias: String, _ inputs: Int, _ outputs: Int, storage: PackedMatrix.Storage = .automatic
    ) -> Linear {
        let matrix = tensor(weight, [outputs, inputs])
        let shifts = floats(bias, [outputs])
        return made(
            Linear(weight: .stacking([matrix].compactMap(\.self), inputs: inputs, storage), bias: shifts),
            orElse: .standIn)
    }

    /// The map of patches of a picture whose channels lie side by side, [rows · columns · 3] each: `<name>.weight`
    /// [outputs, 3, rows, columns] and, with `bias`, `<name>.bias` [outputs].
    func patches(_ name: String, _ outputs: Int, rows: Int, columns: Int, bias: Bool) -> Linear {
        let weight = tensor("\(name).weight", [outputs, 3, rows, columns])
        let shifts = bias ? floats("\(name).bias", [outputs]) : [Float](repeating: 0, count: isSound ? outputs : 0)
        guard isSound, let weight, let element = WeightElement(weight.elementType) else { return .standIn }
        return Linear(
            weight: PackedMatrix(
                convolution: weight.bytes, element: element, outputs: outputs, channels: 3, taps: rows * columns),
            bias: shifts)
    }

    /// The normalisation of `<name>.weight` [width] and `<name>.bias` [width], or of `<name>.gamma` and `<name>.beta`, as TensorFlow
    /// and the first published checkpoints have them.
    func layerNorm(_ name: String, _ width: Int, epsilon: Float) -> LayerNorm {
        let isFormer = !has("\(name).weight") && has("\(name).gamma")
        return LayerNorm(
            weight: floats("\(name).\(isFormer ? "gamma" : "weight")", [width]),
            bias: floats("\(name).\(isFormer ? "beta" : "bias")", [width]), epsilon: epsilon)
    }

    /// The table `name` [rows, width], read row by row.
    func table(_ name: String, _ rows: Int, _ width: Int) -> EmbeddingTable {
        EmbeddingTable(tensor(name, [rows, width]), width: width)
    }

    /// `<name>.weight` [outputs, inputs, 1, 1], or [outputs, inputs] where it `isMatrix`, and `<name>.bias` [outputs].
    func pointwise(_ name: String, _ inputs: Int, _ outputs: Int, isMatrix: Bool = false) -> Pointwise {
        let (weight, bias) = convolution(name, [outputs, inputs] + (isMatrix ? [] : [1, 1]))
        return made(Pointwise(weight: weight, bias: bias, outputs: outputs, inputs: inputs), orElse: .standIn)
    }

    /// `<name>.weight` [outputs, inputs, rows, columns] and `<name>.bias` [outputs].
    func window(
        _ name: String, _ inputs: Int, _ outputs: Int, rows: Int, columns: Int, stride: Int = 1,
        activation: Activation = .none
    ) -> WindowConvolution {
        let (weight, bias) = convolution(name, [outputs, inputs, rows, columns])
        return made(
            WindowConvolution(
                weight: weight, bias: bias, outputs: outputs, channels: inputs, rows: rows, columns: columns,
                stride: stride, activation: activation), orElse: .standIn)
    }

    /// What a batch norm does once it is learned, as a factor and a shift of each channel.
    func batchNorm(_ name: String, _ width: Int) -> (factor: [Float], shift: [Float]) {
        let scope = self[name]
        let (scale, shift) = (scope.floats("weight", [width]), scope.floats("bias", [width]))
        let (mean, variance) = (scope.floats("running_mean", [width]), scope.floats("running_var", [width]))
        guard isSound else { return ([], []) }
        let factor = (0..<width).map { scale[$0] / (variance[$0] + 1e-5).squareRoot() }
        return (factor, (0..<width).map { shift[$0] - mean[$0] * factor[$0] })
    }

    /// `<name>.weight` of that shape, outputs first, and `<name>.bias` [outputs].
    func convolution(_ name: String, _ shape: [Int]) -> (weight: [Float], bias: [Float]) {
        (floats("\(name).weight", shape), floats("\(name).bias", [shape[0]]))
    }
}

extension PackedMatrix {
    /// Matrices [outputs, inputs] with the same inputs, one below the other, in their own element type where they share it.
    fileprivate static func stacking(
        _ tensors: [StoredTensor], inputs: Int, _ storage: Storage
    ) -> PackedMatrix {
        let outputs = tensors.reduce(0) { $0 + $1.shape[0] }
        guard let element = tensors.first.flatMap({ WeightElement($0.elementType) }),
            tensors.allSatisfy({ $0.elementType == tensors[0].elementType })
        else {
            return tensors.flatMap { $0.floats() }.withUnsafeBytes {
                PackedMatrix($0, element: .float32, outputs: outputs, inputs: inputs, storage: storage)
            }
        }
        if tensors.count == 1 {
            return PackedMatrix(
                tensors[0].bytes, element: element, outputs: outputs, inputs: inputs, storage: storage)
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(outputs * inputs * element.byteCount)
        for tensor in tensors { bytes += tensor.bytes }
        return bytes.withUnsafeBytes {
            PackedMatrix($0, element: element, outputs: outputs, inputs: inputs, storage: storage)
        }
    }
}

extension WeightElement {
    init?(_ type: ElementType) {
        switch type {
        case .float32: self = .float32
        case .float16: self = .float16
        case .bfloat16: self = .bfloat16
        default: return nil
        }
    }
}
