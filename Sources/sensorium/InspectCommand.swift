import ArgumentParser
import Checkpoint
import JSON
import Service
import Tasks

struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Show what a checkpoint holds, or everything that is wrong with it.",
        discussion: "With --image and --first-step, prints the logits of the first caption token as JSON.")

    @Argument(help: ArgumentHelp("Folder of the checkpoint.", valueName: "folder")) var folder: String
    @Flag(help: "List every tensor with type and shape.") var tensors = false
    @Option(help: ArgumentHelp("A photo for --first-step.", valueName: "file")) var image: String?
    @Flag(help: "Print the logits of the first caption token for --image.") var firstStep = false

    func validate() throws {
        if (image != nil) != firstStep { throw ValidationError("--image and --first-step belong together.") }
    }

    func run() throws {
        let folder = try ModelFolder.located(ModelSource(folder: folder)).folder
        guard !ModelFolder.isMissing(folder) else {
            throw CommandFailure.model("There is no model in \(folder): it has no config.json.")
        }
        var arguments = ModelArguments()
        arguments.named = folder
        arguments.threads = 0
        if let image { return try showFirstStep(try arguments.load(), image) }
        let service = try LocalService(arguments)
        defer { service.close() }
        try show(try service.model, folder)
    }

    private func show(_ model: ServedModelCard, _ folder: String) throws {
        let checkpoint: Checkpoint
        do {
            checkpoint = try Checkpoint.open(folder)
        } catch {
            throw ModelFolder.failure(folder, error)
        }
        try StandardOutput.print("name          \(model.name)")
        try StandardOutput.print("architecture  \(model.architecture)")
        // Of our own family, whose towers and heads have names.
        let made = (try? SensoriumCheckpoint(checkpoint).configuration.architecture) ?? []
        for (number, part) in made.enumerated() {
            try StandardOutput.print(number == 0 ? "made of       \(part)" : "              \(part)")
        }
        try StandardOutput.print("tasks         \(model.tasks.joined(separator: ", "))")
        try StandardOutput.print("parameters    \(model.parameters)")
        try StandardOutput.print("tensors       \(checkpoint.tensorNames.count)")
        try StandardOutput.print("bytes         \(checkpoint.byteCount)")
        try StandardOutput.print("digest        \(model.digest)")
        guard tensors else { return }
        for name in checkpoint.tensorNames {
            let tensor = try checkpoint.tensor(name)
            try StandardOutput.print("\(tensor.elementType.rawValue)  \(tensor.shape)  \(name)")
        }
    }

    private func showFirstStep(_ model: LoadedModel, _ image: String) throws {
        guard let encoding = model.encodeImages([try model.pixels(ofFile: image)]).first else {
            throw CommandFailure.failed("The model \(model.name) has no image tower.")
        }
        var json = JSONWriter(capacity: 1 << 16)
        let logits = try model.firstStepLogits(encoding)
        try json.object { json throws(JSONError) in try json.field("first_step_logits", logits) }
        try StandardOutput.print(json.text)
    }
}
