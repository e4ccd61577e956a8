import Glibc

extension Connection {
    /// Takes what the kernel has, once.
    func receive() {
        allowance.receives -= 1
        switch System.receive(descriptor, into: loop.receiveBuffer) {
        case .moved(0):
            isReadable = false
            sawEnd = true
            receivedEnd()
        case .moved(let count):
            // Less than asked for: the kernel's buffer is empty, and the next octet is a new edge.
            if count < loop.receiveBuffer.count && !peerFinished { isReadable = false }
            lastInput = loop.now
            let bytes = UnsafeRawBufferPointer(rebasing: loop.receiveBuffer[..<count])
            if phase == .lingering {
                dropLingering(count)
            } else if let tls {
                decrypt(bytes, tls)
            } else {
                take(bytes)
            }
        case .wouldBlock:
            isReadable = false
        case .failed:
            close()
        }
    }

    /// Decrypts and takes everything that the octets complete.
    private func decrypt(_ bytes: UnsafeRawBufferPointer, _ tls: TLSSession) {
        tls.feed(bytes)
        while phase == .receiving || phase == .answering {
            switch tls.decrypt(into: loop.decryptionBuffer) {
            case .octets(let count): take(UnsafeRawBufferPointer(rebasing: loop.decryptionBuffer[..<count]))
            case .needsMore:
                tls.drain(into: &encrypted)
                return
            case .ended:
                sawEnd = true
                receivedEnd()
                return
            case .failed:
                // An alert tells the client why, if it speaks TLS at all.
                tls.drain(into: &encrypted)
                if request == nil { finishConnection() } else { close() }
                return
            }
        }
    }

    /// Serves what is complete and keeps the rest for when the present answer is given.
    private func take(_ bytes: UnsafeRawBufferPointer) {
        let used = leftover.isEmpty ? consume(bytes) : 0
        if used < bytes.count, phase == .receiving || phase == .answering { leftover += bytes[used...] }
    }

    func parseLeftover() {
        let bytes = leftover
        let start = leftoverStart
        leftover = []
        leftoverStart = 0
        let used = bytes.withUnsafeBytes { consume(UnsafeRawBufferPointer(rebasing: $0[start...])) }
        if start + used < bytes.count, phase == .receiving || phase == .answering {
            leftover = bytes
            leftoverStart = start + used
        }
    }

    /// Parses and serves until the octets are used up, an answer is awaited, much output waits, or it is others' turn; returns
    /// the octets used.
    private func consume(_ bytes: UnsafeRawBufferPointer) -> Int {
        var position = 0
        // The span and all slices end with this call, before the buffer is reused.
        let octets = bytes.bindMemory(to: UInt8.self)
        do throws(HTTPFailure) {
            while phase == .receiving, output.count < Self.outputHighWater, request != nil || allowance.requests > 0 {
                let event = try parser.next(octets.span, from: &position)
                switch event {
                case .needsMore:
                    if request == nil, parser.isInHead, headStart == 0 { headStart = loop.now }
                    return position
                case .head(let head, let persistence):
                    try begin(head, persistence, bodyHere: position < bytes.count)
                case .body(let range):
                    takeBody(UnsafeRawBufferPointer(rebasing: bytes[range]))
                case .end:
                    endBody()
                }
            }
        } catch {
            refuse(error)
        }
        return position
    }

    /// A request's head is complete: the handler decides.
    private func begin(
        _ head: HTTPRequestHead, _ persistence: RequestParser.Persistence, bodyHere: Bool
    ) throws(HTTPFailure) {
        headStart = 0
        servedAny = true
        allowance.requests -= 1
        let exchange = makeExchange()
        request = ActiveRequest(
            head: head, exchange: exchange, keepsAlive: persistence.keepsAlive,
            expectsContinue: persistence.expectsContinue, bodyComplete: !head.hasBody, bodyStart: loop.now)
        let handling = exchange.whileLooking { loop.shared.handler.receive(head, exchange: exchange) }
        var limit = loop.shared.configuration.maxBody
        var wantsBody = false
        if case .deliver(let receiver, let receiverLimit) = handling {
            request?.receiver = receiver
            limit = receiverLimit
            wantsBody = true
        }
        collect()
        guard phase == .receiving, case .awaited? = request?.answer else { return }
        if let length = head.contentLength, length > limit { throw .bodyTooLarge(limit: limit) }
        parser.bodyLimit = limit
        if wantsBody, persistence.expectsContinue, !bodyHere {
            output.write { $0.append("HTTP/1.1 100 Continue\r\n\r\n") }
            request?.expectsContinue = false
        }
    }

    private func makeExchange() -> ServerExchange {
        ServerExchange(
            peerAddress: peerAddress, connection: token, mailbox: loop.mailbox,
            maxBacklog: loop.shared.configuration.maxStreamBacklog)
    }

    private func takeBody(_ bytes: UnsafeRawBufferPointer) {
        guard let exchange = request?.exchange else { return }
        request?.bodyBytes += bytes.count
        request?.expectsContinue = false
        guard let receiver = request?.receiver else { return }
        exchange.whileLooking { receiver.receive(bytes) }
        collect()
    }

    private func endBody() {
        guard let exchange = request?.exchange else { return }
        request?.bodyComplete = true
        if let receiver = request?.receiver {
            request?.receiver = nil
            exchange.whileLooking { receiver.finish() }
            collect()
        }
        settle()
    }

    /// The message is not one that can be answered by a handler.
    func refuse(_ failure: HTTPFailure) {
        if let receiver = request?.receiver {
            request?.receiver = nil
            receiver.abort()
        }
        guard let request else { return refuseUnasked(failure) }
        guard case .awaited = request.answer, request.exchange.claim() else {
            // An answer is under way; the broken rest of its request ends the connection behind it.
            self.request?.keepsAlive = false
            self.request?.bodyComplete = true
            collect()
            settle()
            return
        }
        let message = HTTPMessageStart(method: request.head.method, headers: request.head.headers)
        var response =
            request.exchange.answer(to: failure)
            ?? loop.shared.handler.response(to: failure, in: message, exchange: request.exchange)
        response.closesConnection = true
        answer(response)
    }

    /// Refuses what never became a request.
    private func refuseUnasked(_ failure: HTTPFailure) {
        let exchange = makeExchange()
        // Nobody else knows the exchange, so the right to answer is there to be taken.
        _ = exchange.claim()
        writeUnasked(
            loop.shared.handler.response(to: failure, in: parser.messageStart, exchange: exchange), exchange)
    }

    /// The client will send nothing more.
    private func receivedEnd() {
        switch phase {
        case .receiving:
            switch request?.answer {
            case .awaited?: close()
            case .streaming?:
                request?.keepsAlive = false
                settle()
            case .given?, nil: finishConnection()
            }
        case .answering: request?.keepsAlive = false
        case .lingering: close()
        case .finishing, .closed: break
        }
    }

    private func dropLingering(_ count: Int) {
        lingerBytes += count
        if lingerBytes > loop.shared.configuration.lingerBytes { close() }
    }
}
