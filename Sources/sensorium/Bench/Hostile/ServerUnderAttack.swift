import Glibc
import OperatingSystem

/// A server of the attack's own on a free port, with a data folder that is thrown away.
final class ServerUnderAttack {
    /// What attacks need that does not depend on the server.
    struct Arms: Sendable {
        /// The program that serves: this one, or another version of it.
        let program: String
        let model: String
        /// An ordinary photo.
        let photo: [UInt8]
        /// The folder of the test media.
        let media: String
        /// Seconds of each measurement.
        let seconds: Double
    }

    /// The address of polite clients; attackers have others, for clients without a key are told apart by address.
    static let politeAddress = "127.0.0.1"

    let target: Target
    let arms: Arms
    private let process: ChildProcess
    private let folder: String

    /// Starts it and waits until it is ready and warm.
    init(_ attack: any Attack, _ arms: Arms) throws {
        self.arms = arms
        target = Target(host: "127.0.0.1", port: try Self.freePort(), path: "/")
        folder = try Self.temporaryFolder()
        var arguments = [
            "serve", "--model", arms.model, "--host", target.host, "--port", String(target.port), "--access-log", "off",
            "--data", "\(folder)/data",
        ]
        if !attack.keys.isEmpty {
            try SmallFile.write(attack.keys.joined(separator: "\n") + "\n", to: "\(folder)/keys")
            arguments += ["--api-keys", "\(folder)/keys"]
        }
        process = try ChildProcess(arms.program, arguments + attack.settings, log: "\(folder)/log")
        try waitUntilReady()
        _ = try LoadLoop.run(target, [captions(.closed(clients: 4, requests: 40), key: attack.keys.last)])
    }

    /// The process.
    var tree: ProcessTree { ProcessTree(pid: Int(process.identifier)) }

    /// Ends it and throws its data away.
    func stop() {
        // Nothing it holds is needed any more, so that it need not finish what it does.
        process.kill()
        Folder.remove(folder)
    }

    /// Whether it runs and answers.
    var isAlive: Bool {
        guard process.isRunning else { return false }
        let outcome = try? LoadLoop.run(
            target,
            [
                Traffic(
                    messages: [RequestBytes(target.at("/health/live")).get], arrivals: .closed(clients: 1, requests: 1))
            ],
            for: 5)
        return outcome?.samples[0].first?.isDone ?? false
    }

    /// A client that has photos captioned.
    func captions(
        _ arrivals: Traffic.Arrivals, from source: String = politeAddress, key: String? = nil
    ) -> Traffic {
        let request = RequestBytes(target.at("/v1/caption"), fields: Self.authorization(key))
        return Traffic(
            source: source, messages: [request.form(file: arms.photo, fields: [("beams", "1")])], arrivals: arrivals)
    }

    /// The figures of a polite client's captions, one after the other, for as long as a measurement takes.
    func politeCaptions() throws -> LoadFigures {
        let outcome = try LoadLoop.run(target, [captions(.closed(clients: 1))], for: arms.seconds)
        return LoadFigures(outcome.samples[0], seconds: arms.seconds)
    }

    /// The figures of probes that come at random, a hundred a second.
    func probes() throws -> LoadFigures {
        let probe = Traffic(
            source: Self.politeAddress, messages: [RequestBytes(target.at("/health/live")).get],
            arrivals: .poisson(perSecond: 100))
        let outcome = try LoadLoop.run(target, [probe], for: arms.seconds)
        return LoadFigures(outcome.samples[0], seconds: arms.seconds)
    }

    /// A file of the test media.
    func medium(_ path: String) throws -> [UInt8] { try InputFile.read("\(arms.media)/\(path)") }

    /// The header field that carries a key.
    static func authorization(_ key: String?) -> [(name: String, value: String)] {
        key.map { [("Authorization", "Bearer \($0)")] } ?? []
    }

    private func waitUntilReady() throws {
        let end = ContinuousClock.now + .seconds(60)
        let probe = RequestBytes(target.at("/health/ready")).get
        while process.isRunning, ContinuousClock.now < end {
            if var connection = try? BlockingConnection(target, timeout: 5),
                let answer = try? connection.exchange(probe), answer.status == 200
            {
                return
            }
            SystemThread.sleep(for: .milliseconds(20))
        }
        let text = SmallFile.text("\(folder)/log") ?? ""
        stop()
        throw CommandFailure.failed("The server to be attacked did not become ready. It said: \(text)")
    }

    /// A new folder that nobody else may look into.
    private static func temporaryFolder() throws -> String {
        var template = Array("\(Environment.value("TMPDIR") ?? "/tmp")/sensorium-hostile-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw CommandFailure.failed("No temporary folder could be made, error \(errno).")
        }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// A port that nobody listens on: the system's choice, given back.
    private static func freePort() throws -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            // Both calls take every family's address through the general type and are told the real size.
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { general in
                bind(descriptor, general, length) == 0 && getsockname(descriptor, general, &length) == 0
            }
        }
        guard result else { throw CommandFailure.failed("No free port was found, error \(errno).") }
        return UInt16(bigEndian: address.sin_port)
    }
}
