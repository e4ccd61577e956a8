extension Connection {
    /// When something must happen if nothing else does.
    private var deadline: UInt64 {
        let limits = loop.shared.deadlines
        let write = !hasUnsent ? UInt64.max : lastOutput &+ limits.write
        switch phase {
        case .receiving:
            if let request {
                guard !request.bodyComplete else { return write }
                let byRate =
                    request.bodyStart &+ limits.bodyGrace
                    &+ limits.upload(of: request.bodyBytes, length: request.head.contentLength)
                return min(write, max(lastInput, request.bodyStart) &+ limits.body, byRate)
            }
            if headStart != 0 { return min(write, headStart &+ limits.header) }
            return min(write, idleSince &+ (servedAny ? limits.idle : limits.header))
        case .answering:
            return mayProbe ? min(write, peerFinishedAt &+ limits.halfCloseProbe) : write
        case .finishing:
            return write
        case .lingering:
            return min(lastInput &+ limits.linger, lingerStart &+ limits.lingerTotal)
        case .closed:
            return UInt64.max
        }
    }

    /// Whether the client has ended its side while its answer is awaited, and nobody has looked yet if it is still there.
    ///
    /// A client that was killed looks like one that half-closed: both send FIN, and only sending something tells them
    /// apart, because the kernel of the killed one answers with a reset. `100 Continue` is the interim answer that every
    /// client must be able to skip (RFC 9110 section 15.2); HTTP/1.0 has none.
    private var mayProbe: Bool {
        guard peerFinished, !probed, let request, request.head.minorVersion == 1, case .awaited = request.answer else {
            return false
        }
        return true
    }

    /// Enters the deadline in the loop's timers unless an earlier entry will look at it anyway.
    func schedule() {
        let deadline = deadline
        guard deadline < scheduled else { return }
        scheduled = deadline
        loop.timers.insert(token, at: deadline)
    }

    /// An entry of the timers is due.
    func timerFired(_ time: UInt64) {
        guard time == scheduled else { return }
        scheduled = UInt64.max
        // What the client did before its time was over and waits here for its turn still counts.
        if deadline <= loop.now, awaitsTurn { run() }
        if deadline <= loop.now {
            timeUp()
            if phase != .closed { run() }
        } else {
            schedule()
        }
    }

    /// Tells the ledger what the connection is at, for when there is no room for all.
    func report() {
        guard phase != .closed else { return }
        if hasUnsent {
            seat.note(.reading, since: lastOutput)
        } else {
            switch phase {
            case .receiving:
                if let request {
                    let limits = loop.shared.deadlines
                    let earned = limits.upload(of: request.bodyBytes, length: request.head.contentLength)
                    seat.note(.sending, since: request.bodyStart &+ earned)
                } else if headStart != 0 {
                    seat.note(.sending, since: headStart)
                } else {
                    seat.note(servedAny ? .idle : .sending, since: idleSince)
                }
            case .answering, .finishing: seat.note(.answering, since: max(lastInput, lastOutput))
            case .lingering: seat.note(.idle, since: lingerStart)
            case .closed: break
            }
        }
        let evicted = loop.shared.ledger.note(unsent: output.held + encrypted.held, at: seat, now: loop.now)
        loop.shared.evict(evicted)
    }

    private func timeUp() {
        if hasUnsent, lastOutput &+ loop.shared.deadlines.write <= loop.now {
            close()
            return
        }
        switch phase {
        case .receiving:
            if request != nil {
                refuse(.timedOut("The body came too slowly (--min-upload-rate) or stopped (--body-timeout)."))
            } else if headStart != 0 {
                refuse(.timedOut("The head of the request was not complete in time (--header-timeout)."))
            } else {
                close()
            }
        case .lingering: close()
        case .answering where mayProbe:
            probed = true
            output.write { $0.append("HTTP/1.1 100 Continue\r\n\r\n") }
        case .answering, .finishing, .closed: break
        }
    }
}
