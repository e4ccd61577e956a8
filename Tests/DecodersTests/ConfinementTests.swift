import CForbiddenCalls
import Foundation
import Media
import Testing

@testable import Decoders

@Suite struct `A decoder process that is taken over` {
    private func decoder() throws -> DecoderProcess {
        try ForkServer(RealDecoder.standIn("try calls", processes: 1)).fork()
    }

    @Test func `can make no call that reaches beyond it`() throws {
        let photo = try RealDecoder.bytes("jpeg/grey.jpg")
        let task = DecoderTask.audio(maxBytes: 1 << 20, maxSeconds: 1, maxMemory: 1 << 20, sampleRate: 16_000)
        let errors = try decoder().run(
            task, photo, memory: 1 << 20, maxAnswer: 0, within: .seconds(600), patience: .seconds(60),
            urgency: Sender.test.urgency
        ).answer.numbers
        try #require(errors.count == Int(forbidden_count()) + 1)
        for (index, error) in errors.dropLast().enumerated() {
            #expect(error == Int(EPERM), "\(String(cString: forbidden_name(Int32(index))))")
        }
        // The same kinds of calls, for itself: so that it is the arguments that are looked at.
        #expect(errors.last == 0)
    }

    @Test func `holds no file but its socket, nor privileges, and goes first when memory is short`() throws {
        let process = try decoder()
        let folder = "/proc/\(process.processIdentifier)"
        let status = try String(contentsOfFile: "\(folder)/status", encoding: .utf8)
        func line(_ name: String) -> String? {
            status.split(separator: "\n").first { $0.hasPrefix(name + ":") }
                .map { $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) }
        }
        #expect(line("Seccomp") == "2")
        #expect(line("NoNewPrivs") == "1")
        for set in ["CapPrm", "CapEff", "CapInh"] { #expect(line(set) == "0000000000000000", "\(set)") }
        #expect(try String(contentsOfFile: "\(folder)/oom_score_adj", encoding: .utf8) == "1000\n")
        let limits = try String(contentsOfFile: "\(folder)/limits", encoding: .utf8).split(separator: "\n")
        for (name, value) in [
            ("Max open files", 1), ("Max processes", 0), ("Max core file size", 0), ("Max file size", 0),
        ] {
            let fields = limits.first { $0.hasPrefix(name) }?.dropFirst(name.count).split(separator: " ").prefix(2)
            #expect(fields.map { Array($0) } == [Substring(String(value)), Substring(String(value))], "\(name)")
        }
    }

    @Test func `is not used without the filter of system calls unless that is allowed`() throws {
        let confinement = try RealDecoder.confinement()
        #expect(confinement?.seccomp == true)
        #expect(DecoderFailure.unavailable(.notConfined(errno: EPERM)).description.contains("--sandbox try"))
    }
}
