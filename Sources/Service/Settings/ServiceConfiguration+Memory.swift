import Glibc
import OperatingSystem

/// How much memory uploads and decoded media may take where `--max-memory` does not say it: what a limit on the process leaves.
extension ServiceConfiguration {
    /// The most that is taken where nobody says how much.
    static let usualMemory = 512 << 20

    /// What the server takes beside its checkpoint: batches under way, threads, connections. `scripts/bench/memory.py` prints it.
    static let serverMemory = 96 << 20

    /// What a decoder process takes that decodes nothing, and keeps when it is done. `scripts/bench/memory.py` prints it.
    static let decoderMemory = 16 << 20

    /// Bytes of uploads and decoded media in flight, over all requests.
    public var memory: Int { maxMemory > 0 ? maxMemory : Self.usualMemory }

    /// The largest body that such a budget takes, where nothing else is in flight.
    static func largestBody(of memory: Int) -> Int { MemoryShares(limit: memory).most }

    /// Settles `maxMemory` where it was not given, so that the server and its decoders stay below the limit on their memory.
    ///
    /// - Parameters:
    ///   - limit: Bytes that the server and its decoders may have together; nil where they may have any number.
    ///   - source: Where the limit stands.
    /// - Returns: What was settled and why, for the log.
    public mutating func settleMemory(limit: Int?, from source: String) throws(Setting.Invalid) -> String {
        let isGiven = maxMemory > 0
        guard let limit else {
            maxMemory = memory
            return "Uploads and decoded media may take \(ByteCount.text(memory)) (--max-memory)."
        }
        let checkpoint = servedModels.reduce(0) { $0 + Self.bytes(ofCheckpoint: $1.folder) }
        let needed = checkpoint + Self.serverMemory + decoders * Self.decoderMemory
        let left = (max(0, limit - needed) >> 20) << 20
        let reason =
            "The memory limit in \(source) is \(ByteCount.rounded(limit)); \(servedModels.count > 1 ? "the checkpoints" : "the checkpoint") (\(ByteCount.rounded(checkpoint))), the "
            + "server and \(decoders) decoders need \(ByteCount.rounded(needed)), which leaves \(ByteCount.rounded(left))"
        guard !isGiven else {
            let isEnough = memory <= left
            return "Uploads and decoded media may take \(ByteCount.text(memory)) (--max-memory)."
                + (isEnough ? "" : " That is too much: \(reason). The kernel may end the server or its decoders.")
        }
        maxMemory = min(left, Self.usualMemory)
        guard maxBody <= Self.largestBody(of: maxMemory) else {
            throw Setting.Invalid(
                description:
                    "\(reason) for uploads, and a body of \(ByteCount.text(maxBody)) (--max-body) with what it decodes "
                    + "to does not fit. Raise the limit, lower --max-body, or set --max-memory.")
        }
        return "Uploads and decoded media may take \(ByteCount.text(maxMemory)). \(reason)."
    }

    /// Bytes of the tensors in a checkpoint; 0 where there are none, which whoever loads it says.
    private static func bytes(ofCheckpoint folder: String) -> Int {
        let files = (try? Folder.entries(folder)) ?? []
        func bytes(_ suffix: String) -> Int {
            files.filter { $0.hasSuffix(suffix) }.reduce(0) { sum, name in
                // Of what a link leads to: files in the Hub's cache are links.
                var status = stat()
                return stat("\(folder)/\(name)", &status) == 0 ? sum + Int(status.st_size) : sum
            }
        }
        // What PyTorch wrote is read where there are no safetensors.
        let safetensors = bytes(".safetensors")
        return safetensors > 0 ? safetensors : bytes(".bin")
    }
}

extension ByteCount {
    /// About how many: `382 MiB`.
    fileprivate static func rounded(_ bytes: Int) -> String { "\(bytes >> 20) MiB" }
}
