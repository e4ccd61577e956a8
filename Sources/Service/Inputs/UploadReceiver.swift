import HTTP

/// Passes a body from the connection to its reader. The first problem is answered at once, while the client still sends.
final class UploadReceiver: BodyReceiver {
    /// Memory is taken in steps, so that the budget is not asked for every packet.
    private static let step = 16 << 10

    private var reader: (any BodyReader)?
    private let request: Request
    private let memory: MemoryBudget
    private let reservation: MemoryReservation
    private let onComplete: (ReceivedBody) -> Void

    /// - Parameter reservation: grows with what has come; what a client announces costs nothing.
    init(
        _ request: Request, _ reader: any BodyReader, _ memory: MemoryBudget, _ reservation: MemoryReservation,
        onComplete: @escaping (ReceivedBody) -> Void
    ) {
        self.request = request
        self.reader = reader
        self.memory = memory
        self.reservation = reservation
        self.onComplete = onComplete
        reservation.offer { [memory] in request.refuse(.memoryIsFull(memory)) }
    }

    func receive(_ bytes: UnsafeRawBufferPointer) {
        request.record.received(bytes.count)
        refuseOnProblem { () throws(Problem) in
            try reader?.receive(bytes)
            guard let kept = reader?.keptBytes else { return }
            guard reservation.grow(to: (kept + Self.step - 1) / Self.step * Self.step) else {
                throw .memoryIsFull(memory)
            }
        }
    }

    func finish() {
        refuseOnProblem { () throws(Problem) in
            guard let body = try reader?.finish() else { return }
            reader = nil
            guard reservation.settle() else { throw .memoryIsFull(memory) }
            onComplete(body)
        }
    }

    func abort() {
        reader = nil
        reservation.release()
    }

    private func refuseOnProblem(_ step: () throws(Problem) -> Void) {
        do throws(Problem) {
            try step()
        } catch {
            reader = nil
            reservation.release()
            request.refuse(error)
        }
    }
}
