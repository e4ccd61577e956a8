import ArgumentParser
import Checkpoint
import JSON
import Networks
import Tensor

struct TowerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tower", abstract: "Time one of a checkpoint's towers on one input, without a server.",
        discussion: "scripts/bench/tower.py and audio_tower.py run this and ONNX Runtime in turn.")

    @OptionGroup var arguments: ModelArguments
    @Option(help: "Timed runs.") var repeats = 20
    @Option(help: "The tower's name in config.json; the first image tower if not given.") var tower: String?
    @Option(help: "Length of the clip that an audio tower is given.") var seconds = 3.0

    func validate() throws {
        guard repeats > 0 else { throw ValidationError("--repeats must be at least 1.") }
        guard seconds >= 0.01, seconds <= 30 else { throw ValidationError("--seconds must be from 0.01 to 30.") }
    }

    func run() throws {
        let pool = ComputePool(threads: arguments.threads > 0 ? arguments.threads : ComputePool.availableThreads())
        let timed: Timed
        do {
            timed = try Timed(try SensoriumCheckpoint.open(arguments.model), tower: tower, seconds: seconds, pool: pool)
        } catch let error as CheckpointError {
            throw ModelFolder.failure(arguments.model, error)
        }
        var milliseconds: [Double] = []
        for run in 0..<repeats + 2 {
            let start = ContinuousClock.now
            timed.compute()
            let duration = start.duration(to: .now)
            // The first two fill the caches and allocate the memory for activations.
            if run >= 2 { milliseconds.append(duration / .milliseconds(1)) }
        }
        milliseconds.sort()
        var json = JSONWriter()
        try json.object { json throws(JSONError) in
            json.field("kernels", KernelSet.best.name)
            json.field("threads", pool.threadCount)
            try json.field("minimum_ms", milliseconds[0])
            try json.field("median_ms", milliseconds[repeats / 2])
            if let image = timed.image {
                json.field("weight_bytes", image.weightBytes)
                json.field("activation_bytes", image.workspaceBytes)
            }
        }
        try StandardOutput.print(json.text)
    }
}

/// One tower with an input, ready to compute. Speed does not depend on the numbers; ramps keep the activations in their
/// usual range.
private struct Timed {
    let compute: () -> Void
    /// The tower, where it is one of pictures.
    let image: EfficientNetLite?

    init(_ checkpoint: SensoriumCheckpoint, tower: String?, seconds: Double, pool: ComputePool) throws {
        let towers = checkpoint.configuration.towers
        guard let name = tower ?? towers.firstImage?.name, let configuration = towers[name] else {
            let names = towers.names.joined(separator: ", ")
            throw CommandFailure.failed("There is no such tower; this checkpoint has \(names).")
        }
        let workspace = Workspace()
        var image: EfficientNetLite?
        switch configuration {
        case .image:
            let network = try checkpoint.folder.read { EfficientNetLite($0[name]) }
            (image, compute) = (network, Self.computing(network, pool))
        case .imageBranch(let branch):
            let trunk = try checkpoint.folder.read { EfficientNetLite($0[branch.trunk]) }
            let network = try checkpoint.folder.read { EfficientNetLite($0[name], branch, of: trunk) }
            (image, compute) = (network, Self.computing(network, pool))
        case .audio(let tower):
            let network = try checkpoint.folder.read { WhisperEncoder($0[name], tower) }
            let mel = Self.ramp(min(Int(seconds * 100), 2 * tower.maxPositions) * tower.melBins)
            compute = { _ = network.encode([[mel]], workspace: workspace, pool: pool) }
        case .face(let tower):
            let network = try checkpoint.folder.read { FaceCNN($0[name], tower) }
            let pixels = Self.ramp(tower.imageSize * tower.imageSize)
            compute = { _ = network.encode([pixels], workspace: workspace, pool: pool) }
        case .faceFinder:
            let network = try checkpoint.folder.read { BlazeFace($0[name]) }
            let pixels = Self.ramp(BlazeFace.size * BlazeFace.size * 3)
            compute = { _ = network.find(pixels, threshold: 0.5, workspace: workspace, pool: pool) }
        case .textFinder:
            let network = try checkpoint.folder.read { TextFinder($0[name]) }
            let (width, height) = (960, 736)
            let pixels = Self.ramp(width * height * 3)
            compute = {
                _ = network.probabilities(pixels, height: height, width: width, workspace: workspace, pool: pool)
            }
        case .textReader(let reader):
            let network = try checkpoint.folder.read { TextReader($0[name], reader) }
            let pixels = Self.ramp(TextReader.height * 320 * 3)
            compute = { _ = network.read(pixels, width: 320, workspace: workspace, pool: pool) }
        case .text, .textBranch, .features:
            throw CommandFailure.failed("Towers of the type \(configuration.type) are not timed here.")
        }
        self.image = image
    }

    private static func computing(_ network: EfficientNetLite, _ pool: ComputePool) -> () -> Void {
        let pixels = FloatBuffer(ramp(network.imageSize * network.imageSize * 3))
        let tokens = FloatBuffer(count: network.tokenCount * network.channels)
        return { network.tokens(pixels.pointer, batch: 1, into: tokens.pointer, pool: pool) }
    }

    private static func ramp(_ count: Int) -> [Float] {
        (0..<count).map { index in Float(index % 255 - 127) / 128 }
    }
}
