import Glibc

extension Connection {
    /// Fetches what the exchange was given and writes it.
    func collect() {
        guard let exchange = request?.exchange else { return }
        let delivery = exchange.take()
        if let response = delivery.response { answer(response) }
        if let start = delivery.streamStart { startStream(start.status, start.headers) }
        for chunk in delivery.chunks { writeChunk(chunk) }
        if delivery.isBrokenOff {
            close()
        } else if delivery.ended {
            endStream()
        }
    }

    /// Writes a whole answer to the present request.
    func answer(_ response: HTTPResponse) {
        if response.closesConnection { request?.keepsAlive = false }
        giveUpBody()
        let content = writeHead(response.status, response.headers, length: response.body.count)
        if content { output.append(response.body) }
        request?.contentBytes = content ? response.body.count : 0
        answered()
    }

    private func startStream(_ status: Int, _ headers: HTTPHeaders) {
        giveUpBody()
        writeHead(status, headers, length: nil)
        settle()
    }

    private func writeChunk(_ bytes: [UInt8]) {
        guard let request, case .streaming(let framing) = request.answer, !request.hidesContent else { return }
        switch framing {
        case .chunked:
            output.write {
                $0.append(hexadecimal: bytes.count)
                $0.append("\r\n")
            }
            output.append(bytes)
            output.write { $0.append("\r\n") }
        case .untilClose: output.append(bytes)
        case .none, .length: return
        }
        self.request?.contentBytes += bytes.count
    }

    private func endStream() {
        guard let request, case .streaming(let framing) = request.answer else { return }
        if framing == .chunked, !request.hidesContent { output.write { $0.append("0\r\n\r\n") } }
        answered()
    }

    /// An answer that comes before the end of the body: the rest is skipped if it is little, else it ends the connection.
    private func giveUpBody() {
        guard let request, !request.bodyComplete else { return }
        if let receiver = request.receiver {
            self.request?.receiver = nil
            receiver.abort()
        }
        let rest = parser.fixedRemainder ?? Int.max
        if request.expectsContinue || rest > Self.skippedBody { self.request?.keepsAlive = false }
    }

    /// Writes the head of an answer to the present request; returns whether content follows. `length` nil is a stream.
    @discardableResult
    private func writeHead(_ status: Int, _ headers: HTTPHeaders, length: Int?) -> Bool {
        guard var request else { return false }
        let framing: ResponseWriter.Framing
        if HTTPStatus.hasNoContent(status) {
            framing = .none
        } else if let length {
            framing = .length(length)
        } else if request.head.minorVersion == 1 {
            framing = .chunked
        } else {
            framing = .untilClose
            request.keepsAlive = false
        }
        if loop.isDraining || loop.shared.closesAfterAnswers.load(ordering: .relaxed) { request.keepsAlive = false }
        let persistence: ResponseWriter.Persistence =
            request.keepsAlive ? (request.head.minorVersion == 0 ? .keepAlive : .implicit) : .close
        output.write { bytes in
            ResponseWriter.head(
                status: status, headers: headers, framing: framing, persistence: persistence, date: loop.date.bytes,
                into: &bytes)
        }
        request.status = status
        request.contentStart = output.appended
        request.answer = .streaming(framing)
        self.request = request
        return framing != .none && !request.hidesContent
    }

    /// The whole answer is in the output.
    private func answered() {
        guard let request else { return }
        self.request?.answer = .given
        completions.append(
            PendingCompletion(
                end: output.appended, exchange: request.exchange, status: request.status ?? 0,
                contentStart: request.contentStart, contentBytes: request.contentBytes))
        settle()
    }

    /// Goes on to the next request, to waiting for the answer, or to closing, as far as both halves are done.
    func settle() {
        guard let request, phase == .receiving || phase == .answering else { return }
        switch request.answer {
        case .given:
            if !request.keepsAlive || loop.isDraining {
                finishConnection()
            } else if request.bodyComplete {
                self.request = nil
                idleSince = loop.now
                phase = .receiving
            }
        case .streaming where !request.keepsAlive: phase = .answering
        case .streaming, .awaited:
            if request.bodyComplete { phase = .answering }
        }
    }

    /// Answers what never became a request.
    func writeUnasked(_ response: HTTPResponse, _ exchange: ServerExchange) {
        output.write { bytes in
            ResponseWriter.head(
                status: response.status, headers: response.headers, framing: .length(response.body.count),
                persistence: .close, date: loop.date.bytes, into: &bytes)
        }
        let contentStart = output.appended
        output.append(response.body)
        completions.append(
            PendingCompletion(
                end: output.appended, exchange: exchange, status: response.status, contentStart: contentStart,
                contentBytes: response.body.count))
        finishConnection()
    }

    /// Serves no further request and closes once the output is sent.
    func finishConnection() {
        guard phase == .receiving || phase == .answering else { return }
        phase = .finishing
        leftover = []
        leftoverStart = 0
    }

    /// Gives the kernel what it takes.
    func flush() {
        guard phase != .closed else { return }
        if !isBlocked { lastOutput = loop.now }
        if let tls {
            guard sendEncrypted(tls) else { return close() }
        } else if !output.isEmpty {
            guard send(&output) else { return close() }
        }
        isBlocked = hasUnsent
        finishCompletions()
        if case .streaming? = request?.answer { request?.exchange.updateBacklog(waiting: output.count) }
        if phase == .finishing, !hasUnsent { beginLingering() }
    }

    /// Encrypts a record at a time, so that no more than one waits beside the answers; false if the connection is broken.
    private func sendEncrypted(_ tls: TLSSession) -> Bool {
        while true {
            if !encrypted.isEmpty {
                guard send(&encrypted) else { return false }
                if !encrypted.isEmpty { return true }
            }
            if !output.isEmpty {
                guard output.drain({ bytes, _ in tls.encrypt(bytes) }) > 0 else { return false }
            } else if phase == .finishing {
                tls.shut()
            }
            tls.drain(into: &encrypted)
            if encrypted.isEmpty { return true }
        }
    }

    /// Sends until the queue is empty, the kernel's buffer is full, or it is others' turn; false if the connection is broken.
    private func send(_ queue: inout OutputQueue) -> Bool {
        var failed = false
        while isWritable, !failed, !queue.isEmpty, allowance.sentOctets > 0 {
            let sent = queue.drain { bytes, more in
                let offered = UnsafeRawBufferPointer(rebasing: bytes.prefix(allowance.sentOctets))
                switch System.send(descriptor, offered, more: more || offered.count < bytes.count) {
                case .moved(let count):
                    // Less than offered: the kernel's buffer is full, and room is a new edge.
                    if count < offered.count { isWritable = false }
                    return count
                case .wouldBlock:
                    isWritable = false
                    return 0
                case .failed:
                    failed = true
                    return 0
                }
            }
            allowance.sentOctets -= sent
            if sent > 0 { lastOutput = loop.now }
        }
        return !failed
    }

    private func finishCompletions() {
        guard let first = completions.first, encrypted.isEmpty, first.end <= output.removed else { return }
        if completions.count == 1 {
            completions.removeAll(keepingCapacity: true)
            first.exchange.complete(status: first.status, bytes: first.contentBytes)
            return
        }
        let done = completions.prefix { $0.end <= output.removed }
        completions.removeFirst(done.count)
        for pending in done { pending.exchange.complete(status: pending.status, bytes: pending.contentBytes) }
    }

    /// Shuts our side, so that the client sees the end of the answer, and reads on: closing a socket with unread octets
    /// sends a reset, which can destroy the answer before the client has read it (RFC 9112 section 9.6).
    private func beginLingering() {
        if sawEnd {
            close()
            return
        }
        shutdown(descriptor, Int32(SHUT_WR))
        phase = .lingering
        lingerStart = loop.now
        lastInput = loop.now
        if isReadable { awaitTurn() }
    }
}
