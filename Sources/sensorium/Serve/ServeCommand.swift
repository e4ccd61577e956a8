import ArgumentParser
import CLinux
import Decoders
import Foundation
import HTTP
import Logging
import Retrieval
import Service
import Tensor

struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve a checkpoint over HTTP.",
        discussion: """
            Probes are answered as soon as the address is bound, tasks once a warm-up caption was computed. SIGTERM and SIGINT \
            finish what runs and refuse new work; a second one ends at once. SIGHUP reads the API keys again.

            Each flag may also be set by the variable named with it; the flag wins.
            """)

    @OptionGroup var settings: SettingArguments

    func run() throws {
        // Before any other thread is started: threads inherit the mask.
        let signals = SignalWatch()
        MemoryPolicy.keepFlat()
        let configuration = try configuration()
        let sink = LogSink(configuration.accessLog == .json ? .json : .text)
        let logger = Logger(label: "sensorium") { SinkLogHandler(label: $0, sink: sink) }
        let service = try start(configuration, configuration.accessLog == .off ? nil : sink, logger)
        load(service, logger)
        waitForEnd(signals, service, sink, logger)
    }

    private func configuration() throws(CommandFailure) -> ServiceConfiguration {
        do throws(Setting.Invalid) {
            var configuration = try ServiceConfiguration(
                environment: ProcessInfo.processInfo.environment, flags: settings.values)
            if configuration.threads == 0 { configuration.threads = ComputePool.availableThreads() }
            return configuration
        } catch {
            throw .usage(error.description)
        }
    }

    private func start(
        _ configuration: ServiceConfiguration, _ accessLog: LogSink?, _ logger: Logger
    ) throws -> Service {
        do {
            let service = try Service(
                configuration, decoder: decoders(configuration), accessLog: accessLog, logger: logger)
            for address in try service.start() {
                logger.info("Listening on \(configuration.http.tlsKeyPath == nil ? "http" : "https")://\(address).")
            }
            return service
        } catch let error as HTTPServerError {
            throw Self.failure(error)
        } catch let error as APIKeysError {
            throw CommandFailure.usage("\(error).")
        } catch let error as RetrievalError {
            throw CommandFailure.data("\(error)")
        }
    }

    /// Processes of this program, one for each decoder thread, that start while the model is loaded.
    private func decoders(_ configuration: ServiceConfiguration) -> DecoderProcesses {
        // What decoding may take, and the upload itself beside it, received piece by piece.
        let memory = configuration.maxMemory + 2 * configuration.maxPart + (64 << 20)
        return DecoderProcesses(
            .thisProgram(memory: memory), count: configuration.decoders, limit: .seconds(configuration.decodeSeconds))
    }

    private static func failure(_ error: HTTPServerError) -> CommandFailure {
        switch error {
        case .tls, .invalidOption: .usage(error.description)
        case .unknownHost, .cannotBind, .systemCall: .address(error.description)
        }
    }

    /// Loads while probes are answered already.
    private func load(_ service: Service, _ logger: Logger) {
        Thread.detachNewThread {
            do {
                let start = ContinuousClock.now
                try service.load()
                logger.info("Ready after \(start.duration(to: .now)).")
            } catch {
                StandardError.write("sensorium: \(error)")
                // Nothing was taken yet that would have to be finished.
                Foundation.exit(error is RetrievalError ? 5 : 3)
            }
        }
    }

    private func waitForEnd(_ signals: SignalWatch, _ service: Service, _ sink: LogSink, _ logger: Logger) {
        while case .reread = signals.next() { service.rereadKeys() }
        logger.info("Finishing what runs.")
        Thread.detachNewThread {
            let finished = service.drain()
            logger.info(finished ? "Done." : "Ended with requests unfinished: --drain-seconds passed.")
            sink.flush()
            Foundation.exit(0)
        }
        while case .reread = signals.next() {}
        Foundation.exit(130)
    }
}

/// How the allocator treats memory that a request gave back.
enum MemoryPolicy {
    /// Keeps the process's size near what it uses. glibc's default lets each thread keep an arena of its own that never
    /// shrinks, and raises the size from which blocks are returned to the system.
    static func keepFlat() {
        mallopt(M_ARENA_MAX, 2)
        mallopt(M_MMAP_THRESHOLD, 256 << 10)
        mallopt(M_TRIM_THRESHOLD, 1 << 20)
    }
}
