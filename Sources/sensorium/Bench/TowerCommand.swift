import ArgumentParser
import Checkpoint
import JSON
import Networks
import Tensor

struct TowerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tower", abstract: "Time the image tower on one image, without a server.",
        discussion: "scripts/bench/tower.py runs this and ONNX Runtime in turn.")

    @OptionGroup var arguments: ModelArguments
    @Option(help: "Timed runs.") var repeats = 20

    func validate() throws {
        guard repeats > 0 else { throw ValidationError("--repeats must be at least 1.") }
    }

    func run() throws {
        let tower: EfficientNetLite
        do {
            tower = try EfficientNetLite(try Checkpoint.open(arguments.model))
        } catch {
            throw CommandFailure.model("\(error)")
        }
        let pool = ComputePool(threads: arguments.threads > 0 ? arguments.threads : ComputePool.availableThreads())
        let size = tower.imageSize
        // Speed does not depend on the pixels; a ramp keeps the activations in their usual range.
        let pixels = FloatBuffer((0..<size * size * 3).map { Float($0 % 255 - 127) / 128 })
        let tokens = FloatBuffer(count: tower.tokenCount * tower.channels)
        var milliseconds: [Double] = []
        for run in 0..<repeats + 2 {
            let start = ContinuousClock.now
            tower.tokens(pixels.pointer, batch: 1, into: tokens.pointer, pool: pool)
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
            json.field("weight_bytes", tower.weightBytes)
            json.field("activation_bytes", tower.workspaceBytes)
        }
        print(json.text)
    }
}
