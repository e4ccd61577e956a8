import HTTP

/// Passes a body from the connection to its reader. The first problem is answered at once, while the client still sends.
final class UploadReceiver: BodyReceiver {
    private var reader: (any BodyReader)?
    private let request: Request
    private let memory: MemoryBudget
    private let reservation: MemoryReservation
    private let onComplete: (ReceivedBody) -> Void
    private var received = 0

    /// - Parameter reservation: memory for the announced length; grows with a body that announced none.
    init(
        _ request: Request, _ reader: any BodyReader, _ memory: MemoryBudget, _ reservation: MemoryReservation,
        onComplete: @escaping (ReceivedBody) -> Void
    ) {
        self.request = request
        self.reader = reader
        self.memory = memory
        self.reservation = reservation
        self.onComplete = onComplete
    }

    func receive(_ bytes: UnsafeRawBufferPointer) {
        request.record.received(bytes.count)
        received += bytes.count
        refuseOnProblem { () throws(Problem) in
            guard reader != nil else { return }
            let missing = received - reservation.bytes
            guard missing <= 0 || reservation.grow(by: missing) else { throw .memoryIsFull(memory) }
            try reader?.receive(bytes)
        }
    }

    func finish() {
        refuseOnProblem { () throws(Problem) in
            guard let body = try reader?.finish() else { return }
            reader = nil
            onComplete(body)
        }
    }

    func abort() {
        reader = nil
    }

    private func refuseOnProblem(_ step: () throws(Problem) -> Void) {
        do throws(Problem) {
            try step()
        } catch {
            reader = nil
            request.refuse(error)
        }
    }
}
