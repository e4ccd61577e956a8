import ArgumentParser
import JSON
import Terminal

struct HostileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hostile", abstract: "Attack servers of its own, and show what others get meanwhile.",
        discussion: """
            Each attack has a server of its own on a free port of 127.0.0.1 with a data folder that is thrown away. Attackers come from \
            127.0.0.2 and up, polite clients from 127.0.0.1. A figure stands beside its bound; where one is missed, the exit \
            code is 1. What is measured "alone" is measured in the same run.
            """)

    @Option(help: ArgumentHelp("Only this attack; may be given several times.", valueName: "name")) var only: [String] =
        []
    @Option(help: ArgumentHelp("The sensorium to attack, if not this one.", valueName: "file"))
    var program = "/proc/self/exe"
    @Option(help: ModelFolder.help)
    var model: String?
    @Option(help: ArgumentHelp("Folder of the test media.", valueName: "folder")) var media = "Tests/Fixtures/media"
    @Option(help: "Seconds of each measurement.") var seconds = 6.0
    @Flag(help: "Print a line of JSON for each figure instead of a table.") var json = false
    @Flag(help: "Print the attacks and what they do, and attack nobody.") var list = false

    /// In the order in which they run.
    private static let attacks: [any Attack] = [
        SlowUploads.few, SlowUploads.many, IdleConnections.one, IdleConnections.eight, UnreadAnswers(),
        PipelinedRequests(), HeaderDribble(),
        OverloadAttack(), Flood.byKey, Flood.byAddress, LargePhotos(), ProgressivePhotos(), LongTexts.one,
        LongTexts.eight, LongCandidates(), LongSounds(), Bombs(), KilledDecoders(), WrongKeys(), Garbage(),
    ]

    func validate() throws {
        let names = Self.attacks.map(\.name)
        if let unknown = only.first(where: { !names.contains($0) }) {
            throw ValidationError("There is no attack \(unknown); there are \(names.joined(separator: ", ")).")
        }
        guard seconds > 0 else { throw ValidationError("--seconds must be more than 0.") }
    }

    func run() throws {
        let attacks = Self.attacks.filter { only.isEmpty || only.contains($0.name) }
        guard !list else { return try attacks.forEach { try StandardOutput.print("\($0.name): \($0.deed)") } }
        let arms = ServerUnderAttack.Arms(
            program: program, model: model ?? ModelFolder.standard, photo: try InputFile.read("\(media)/astronaut.jpg"),
            media: media,
            seconds: seconds)
        var rows: [(attack: any Attack, figure: Figure)] = []
        for attack in attacks {
            StandardError.write("\(attack.name): \(attack.deed)")
            for figure in try figures(of: attack, arms) {
                rows.append((attack, figure))
                if json { try show(attack, figure) }
            }
        }
        if !json { try show(rows) }
        let missed = rows.count { !$0.figure.isHeld }
        guard missed == 0 else {
            throw CommandFailure.failed("\(missed) of \(rows.count { $0.figure.bound != nil }) bounds were missed.")
        }
    }

    private func figures(of attack: any Attack, _ arms: ServerUnderAttack.Arms) throws -> [Figure] {
        let server = try ServerUnderAttack(attack, arms)
        defer { server.stop() }
        let figures = try attack.run(server)
        return figures + [Figure("the server answers afterwards", server.isAlive ? 1 : 0, "", .atLeast(1))]
    }

    private func show(_ attack: any Attack, _ figure: Figure) throws {
        var json = JSONWriter()
        try json.object { json throws(JSONError) in
            json.field("attack", attack.name)
            json.field("figure", figure.name)
            // JSON has no infinity; what never came has no value.
            if figure.value.isFinite { try json.field("value", figure.value) }
            json.field("unit", figure.unit)
            json.field("bound", figure.boundText)
            json.field("held", figure.isHeld)
        }
        try StandardOutput.print(json.text)
    }

    private func show(_ rows: [(attack: any Attack, figure: Figure)]) throws {
        var table = TextTable([
            .init("attack"), .init("figure"), .init("value", alignsRight: true), .init("bound", alignsRight: true),
            .init(""),
        ])
        for row in rows {
            let verdict = row.figure.bound == nil ? "" : row.figure.isHeld ? "holds" : "MISSED"
            table.add([row.attack.name, row.figure.name, row.figure.text, row.figure.boundText, verdict])
        }
        try StandardOutput.print(table.lines.joined(separator: "\n"))
    }
}
