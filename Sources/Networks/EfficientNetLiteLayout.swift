/// The shape of an EfficientNet-Lite (Tan & Le 2019; "Lite": ReLU6, no squeeze-and-excitation, fixed stem and head), as
/// timm's tf_efficientnet_lite2 builds it.
struct EfficientNetLiteLayout: Sendable {
    /// An inverted residual block: expand 1×1 (absent at ratio 1), depthwise k×k, project 1×1.
    struct Block: Sendable {
        let inputs: Int, expanded: Int, outputs: Int
        let kernel: Int, stride: Int

        var expands: Bool { expanded != inputs }
        var hasResidual: Bool { stride == 1 && inputs == outputs }
    }

    let imageSize: Int
    let stemOutputs: Int
    let blocks: [Block]
    let headOutputs: Int

    /// Lite2: width × 1.1, depth × 1.2 of B0, 260 pixels.
    static let lite2 = EfficientNetLiteLayout(
        imageSize: 260, stemOutputs: 32,
        stages: [
            // (repeats, kernel, stride of the first, expansion, outputs)
            (1, 3, 1, 1, 16), (3, 3, 2, 6, 24), (3, 5, 2, 6, 48), (4, 3, 2, 6, 88), (4, 5, 1, 6, 120),
            (5, 5, 2, 6, 208),
            (1, 3, 1, 6, 352),
        ],
        headOutputs: 1280)

    init(
        imageSize: Int, stemOutputs: Int,
        stages: [(repeats: Int, kernel: Int, stride: Int, expansion: Int, outputs: Int)], headOutputs: Int
    ) {
        self.imageSize = imageSize
        self.stemOutputs = stemOutputs
        self.headOutputs = headOutputs
        var blocks: [Block] = []
        var inputs = stemOutputs
        for stage in stages {
            for index in 0..<stage.repeats {
                blocks.append(
                    Block(
                        inputs: inputs, expanded: inputs * stage.expansion, outputs: stage.outputs,
                        kernel: stage.kernel,
                        stride: index == 0 ? stage.stride : 1))
                inputs = stage.outputs
            }
        }
        self.blocks = blocks
    }

    /// Height and width of the output grid: the image halved, rounding up, by the stem and each strided block.
    var gridSize: Int { blocks.reduce((imageSize + 1) / 2) { ($0 + $1.stride - 1) / $1.stride } }
}
