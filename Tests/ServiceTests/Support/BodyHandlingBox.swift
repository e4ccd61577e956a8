import HTTP

/// Keeps what a handler wants with a body, as a connection does.
final class BodyHandlingBox {
    private let handling: BodyHandling

    init(_ handling: BodyHandling) { self.handling = handling }

    func abort() {
        if case .deliver(let receiver, _) = handling { receiver.abort() }
    }
}
