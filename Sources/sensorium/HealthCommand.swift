import ArgumentParser
import OperatingSystem
import Terminal

struct HealthCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health", abstract: "Ask whether a server takes requests.",
        discussion: """
            Ends with 0 where it does, else with 1 and a sentence that says why not: for the health check of a container, in which \
            there is no other program to ask with.
            """)

    @Option(
        help: ArgumentHelp(
            "The server, http://… The one of this machine at SENSORIUM_PORT, or 8080, where it is not given.",
            valueName: "url"), transform: Target.init(argument:))
    var server: Target?

    func run() throws {
        let port = Environment.value("SENSORIUM_PORT").flatMap(UInt16.init) ?? 8080
        let server = server ?? Target(host: "127.0.0.1", port: port, path: "/")
        let answer: ServerClient.Answer
        do {
            answer = try ServerClient(server, apiKey: nil).send("GET", "/health/ready")
        } catch {
            throw CommandFailure.failed("\(error)".withoutControls)
        }
        guard answer.status == 200 else {
            let text = String(decoding: answer.body.prefix(512), as: UTF8.self).withoutControls
            throw CommandFailure.failed("The server takes no requests now: it answers \(answer.status), \(text)")
        }
    }
}
