import CForbiddenCalls
import Decoders
import Foundation

/// A decoder that does something else than decoding, started like one and confined like one.
///
///     StandInDecoder BEHAVIOUR PROCESSES MEMORY
///
/// The first so many processes behave so, the others decode.
@main enum StandInDecoder {
    static func main() {
        let arguments = CommandLine.arguments
        guard arguments.count == 4, let processes = Int(arguments[2]), let memory = Int(arguments[3]) else { exit(2) }
        let server = getppid()
        exit(
            DecoderWorker.run(memory: memory) { socket, number in
                guard number <= processes else { return DecoderWorker.serve(socket, number: number) }
                return behave(arguments[1], socket, server)
            })
    }

    /// Waits for the first byte of a task, and then does what its name says.
    private static func behave(_ name: String, _ socket: Int32, _ server: pid_t) -> Int32 {
        if name == "hang" { hang() }
        var byte: UInt8 = 0
        _ = recv(socket, &byte, 1, 0)
        switch name {
        case "crash": raise(SIGSEGV)
        case "abort": abort()
        case "be killed": raise(SIGKILL)
        case "talk":
            _ = send(socket, [UInt8](repeating: 0, count: 500), 500, 0)
            hang()
        case "try calls":
            let results = (0..<forbidden_count()).map { Int(forbidden_call($0, server)) } + [Int(permitted_calls())]
            let message = [results.count, 0] + results
            _ = message.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, 0) }
            hang()
        default: break
        }
        return 0
    }

    private static func hang() -> Never { while true { poll(nil, 0, -1) } }
}
