import ArgumentParser

@main
struct Sensorium: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "A multimodal network behind HTTP.")
}
