import HTTP

/// Passes a body from the connection to its reader. The first problem is answered at once, while the client still sends.
final class UploadReceiver: BodyReceiver {
    private var reader: (any BodyReader)?
    private let request: Request
    private let onComplete: (ReceivedBody) -> Void

    init(_ request: Request, _ reader: any BodyReader, onComplete: @escaping (ReceivedBody) -> Void) {
        self.request = request
        self.reader = reader
        self.onComplete = onComplete
    }

    func receive(_ bytes: UnsafeRawBufferPointer) {
        refuseOnProblem { () throws(Problem) in try reader?.receive(bytes) }
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
