import Dispatch
import Service

/// Reads the files that an operator may change while the server runs: API keys and the certificate. On a thread of its own, so
/// that a file system that does not answer holds up neither signals nor requests.
final class FileRereading: Sendable {
    /// How soon a certificate that was renewed is noticed without a signal.
    private static let interval = 1

    private let service: Service
    private let queue = DispatchQueue(label: "rereading")

    init(_ service: Service) { self.service = service }

    /// Looks for a new certificate from now on, for as long as the process lives.
    func watchCertificate() {
        queue.asyncAfter(deadline: .now() + .seconds(Self.interval)) { [self] in
            service.rereadCertificate(onlyIfChanged: true)
            watchCertificate()
        }
    }

    /// Reads everything again (SIGHUP).
    func reread() {
        queue.async { [service] in
            service.rereadKeys()
            service.rereadCertificate()
        }
    }
}
