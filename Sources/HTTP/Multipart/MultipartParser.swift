import Glibc

/// Takes a `multipart/form-data` body (RFC 7578) apart as it arrives.
///
/// Pure and incremental: however the body is cut into pieces, the events are the same, up to where `partData` is cut. Memory is
/// bounded (one header line and one open delimiter), time is linear. Preamble and epilogue are skipped but count as body.
///
/// ```swift
/// var parser = MultipartParser(boundary: try MultipartBoundary(contentType: header), limits: MultipartLimits())
/// try parser.feed(bytes) { event in … }
/// try parser.finish()
/// ```
public struct MultipartParser {
    private enum Phase {
        case preamble
        case headers(PartHeaders)
        case content
        case closed(padding: Int)
        case closedLine
        case epilogue
        case failed(MultipartError)
    }

    private let boundary: MultipartBoundary
    private let limits: MultipartLimits
    private var phase = Phase.preamble
    private var matcher: DelimiterMatcher
    /// The bytes of earlier pieces that belong to the open delimiter candidate, and are content if it is none.
    private var held: [UInt8] = []
    private var receivedBytes = 0
    private var part = MultipartPart(name: "")
    private var partBytes = 0

    /// How many parts have begun.
    public private(set) var partCount = 0

    /// A parser for one body.
    public init(boundary: MultipartBoundary, limits: MultipartLimits) {
        self.boundary = boundary
        self.limits = limits
        matcher = DelimiterMatcher(boundary)
    }

    /// Takes the next bytes of the body and reports what they complete.
    ///
    /// After an error every further call throws it again.
    public mutating func feed(
        _ bytes: UnsafeRawBufferPointer, _ onEvent: (MultipartEvent) -> Void
    ) throws(MultipartError) {
        if case .failed(let error) = phase { throw error }
        do throws(MultipartError) {
            // What fits is parsed first, so that the outcome does not depend on how the body is cut.
            let allowed = min(bytes.count, limits.maxBodyBytes - receivedBytes)
            receivedBytes += allowed
            try parse(UnsafeRawBufferPointer(rebasing: bytes[..<allowed]), onEvent)
            guard allowed == bytes.count else { throw .bodyTooLarge(limit: limits.maxBodyBytes) }
        } catch {
            phase = .failed(error)
            throw error
        }
    }

    /// Says that the body ended. A body of no parts is complete; what it means is the receiver's to say.
    public mutating func finish() throws(MultipartError) {
        switch phase {
        case .closed, .epilogue: break
        case .preamble: throw .boundaryNotFound(boundary: boundary.text)
        case .headers, .content: throw .truncated(boundary: boundary.text)
        case .closedLine: throw .invalidEnd
        case .failed(let error): throw error
        }
    }

    private mutating func parse(
        _ bytes: UnsafeRawBufferPointer, _ onEvent: (MultipartEvent) -> Void
    ) throws(MultipartError) {
        var index = 0
        while index < bytes.count {
            switch phase {
            case .preamble, .content:
                index = try scanContent(bytes, from: index, onEvent)
            case .headers(var headers):
                // Leaving the enum lets the collected line be extended in place.
                phase = .preamble
                index = try readHeaders(&headers, bytes, from: index, onEvent)
            case .closed(let padding):
                try takeAfterClose(bytes[index], padding: padding)
                index += 1
            case .closedLine:
                guard bytes[index] == 0x0A else { throw .invalidEnd }
                phase = .epilogue
                index += 1
            case .epilogue, .failed:
                return
            }
        }
    }

    private mutating func readHeaders(
        _ headers: inout PartHeaders, _ bytes: UnsafeRawBufferPointer, from start: Int,
        _ onEvent: (MultipartEvent) -> Void
    ) throws(MultipartError) -> Int {
        for index in start..<bytes.count {
            if case .complete(let part) = try headers.take(bytes[index]) {
                self.part = part
                partBytes = 0
                phase = .content
                matcher.beginLine()
                onEvent(.partBegin(part))
                return index + 1
            }
        }
        phase = .headers(headers)
        return bytes.count
    }

    private mutating func takeAfterClose(_ byte: UInt8, padding: Int) throws(MultipartError) {
        if byte.isBlank, padding < MultipartLimits.maxPadding {
            phase = .closed(padding: padding + 1)
        } else if byte == 0x0D {
            phase = .closedLine
        } else {
            throw .invalidEnd
        }
    }

    /// Reads preamble or content up to the next delimiter or the end of the piece; returns where to go on.
    private mutating func scanContent(
        _ bytes: UnsafeRawBufferPointer, from start: Int, _ onEvent: (MultipartEvent) -> Void
    ) throws(MultipartError) -> Int {
        var index = start
        // Where the open candidate's bytes of this piece begin; meaningless while the matcher is idle.
        var candidate = start
        while index < bytes.count {
            if matcher.isIdle {
                guard let next = Self.carriageReturn(in: bytes, from: index) else { break }
                index = next
                candidate = next
            }
            switch matcher.take(bytes[index]) {
            case .more:
                index += 1
            case .mismatch:
                try releaseHeld(onEvent)
            case .delimiter:
                try emit(bytes, start..<candidate, onEvent)
                try endPart(onEvent)
                try beginPart()
                return index + 1
            case .close:
                try emit(bytes, start..<candidate, onEvent)
                try endPart(onEvent)
                phase = .closed(padding: 0)
                return index + 1
            }
        }
        if matcher.isIdle {
            try emit(bytes, start..<bytes.count, onEvent)
        } else {
            try emit(bytes, start..<candidate, onEvent)
            held.append(contentsOf: bytes[candidate...])
        }
        return bytes.count
    }

    private static func carriageReturn(in bytes: UnsafeRawBufferPointer, from index: Int) -> Int? {
        // `index` lies within `bytes`, so base and length describe memory of the caller's buffer.
        guard let base = bytes.baseAddress, let found = memchr(base + index, 0x0D, bytes.count - index) else {
            return nil
        }
        return UnsafeRawPointer(found) - base
    }

    private mutating func beginPart() throws(MultipartError) {
        guard partCount < limits.maxParts else { throw .tooManyParts(limit: limits.maxParts) }
        partCount += 1
        phase = .headers(PartHeaders(number: partCount, limits: limits))
    }

    private mutating func endPart(_ onEvent: (MultipartEvent) -> Void) throws(MultipartError) {
        held.removeAll(keepingCapacity: true)
        guard case .content = phase else { return }
        guard part.filename == nil || part.mayBeUnchosen || partBytes > 0 else { throw .emptyFile(part: part.label) }
        onEvent(.partEnd)
    }

    /// Gives the held bytes out as content, for their candidate was no delimiter.
    private mutating func releaseHeld(_ onEvent: (MultipartEvent) -> Void) throws(MultipartError) {
        guard !held.isEmpty else { return }
        let bytes = held
        held.removeAll(keepingCapacity: true)
        // `withUnsafeBytes` takes no typed throws over `self`; the error is carried out by hand.
        var failure: MultipartError?
        bytes.withUnsafeBytes { buffer in
            do throws(MultipartError) { try emit(buffer, 0..<buffer.count, onEvent) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    private mutating func emit(
        _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ onEvent: (MultipartEvent) -> Void
    ) throws(MultipartError) {
        guard case .content = phase, !range.isEmpty else { return }
        let allowed = min(range.count, limits.maxPartBytes - partBytes)
        partBytes += allowed
        if allowed > 0 {
            onEvent(.partData(UnsafeRawBufferPointer(rebasing: bytes[range.lowerBound..<range.lowerBound + allowed])))
        }
        guard allowed == range.count else { throw .partTooLarge(part: part.label, limit: limits.maxPartBytes) }
    }
}
