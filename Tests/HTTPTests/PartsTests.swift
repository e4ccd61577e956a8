import Testing

@testable import HTTP

/// The small values that the server is made of.
struct PartsTests {
    @Test(arguments: [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (951_782_399, "Mon, 28 Feb 2000 23:59:59 GMT"), (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
        (1_709_164_800, "Thu, 29 Feb 2024 00:00:00 GMT"), (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
        (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
    ]) func `dates have the form of RFC 9110`(_ seconds: Int, _ text: String) {
        #expect(HTTPDate.text(seconds) == text)
    }

    @Test func `timers come due in the order of their times`() {
        var random = SplitMix(seed: 7)
        var heap = TimerHeap<Int>()
        var times: [UInt64] = []
        for key in 0..<500 {
            let time = UInt64.random(in: 0...200, using: &random)
            times.append(time)
            heap.insert(key, at: time)
        }
        var popped: [UInt64] = []
        for now in stride(from: UInt64(0), through: 200, by: 20) {
            while let due = heap.popDue(now) {
                #expect(due.time <= now && times[due.key] == due.time)
                popped.append(due.time)
            }
            #expect(heap.earliest ?? .max > now)
        }
        #expect(popped == times.sorted())
        #expect(heap.count == 0)
    }

    @Test func `an output queue gives back what it was given, in any portions`() {
        var random = SplitMix(seed: 11)
        var queue = OutputQueue()
        var (expected, drained): ([UInt8], [UInt8]) = ([], [])
        for round in 0..<2000 {
            if Bool.random(using: &random) {
                let size = Int.random(in: 0...(round % 50 == 0 ? 40_000 : 300), using: &random)
                let piece = (0..<size).map { UInt8(truncatingIfNeeded: $0 &+ round) }
                expected += piece
                if size % 2 == 0 { queue.append(piece) } else { queue.write { $0 += piece } }
            } else if !queue.isEmpty {
                let before = queue.count
                let taken = queue.drain { bytes, more in
                    #expect(more == (bytes.count < before))
                    let count = Int.random(in: 0...bytes.count, using: &random)
                    drained += bytes[..<count]
                    return count
                }
                #expect(queue.count == before - taken)
            }
            #expect(queue.appended == expected.count && queue.removed == drained.count)
        }
        while !queue.isEmpty {
            _ = queue.drain { bytes, _ in
                drained += bytes
                return bytes.count
            }
        }
        #expect(drained == expected)
    }

    @Test func `numbers are written as they are read`() {
        for number in [0, 1, 9, 10, 15, 16, 99, 255, 256, 4095, 65_536, Int.max] {
            var (decimal, hexadecimal): ([UInt8], [UInt8]) = ([], [])
            decimal.append(decimal: number)
            hexadecimal.append(hexadecimal: number)
            #expect(String(decoding: decimal, as: UTF8.self) == String(number))
            #expect(String(decoding: hexadecimal, as: UTF8.self) == String(number, radix: 16))
        }
    }

    @Test func `every status that this project answers with has a name`() {
        for status in [
            200, 201, 204, 400, 401, 404, 405, 406, 408, 411, 413, 414, 415, 417, 422, 429, 431, 500, 501, 503, 504,
            505,
        ] {
            #expect(HTTPStatus.reason(status).description != "Unnamed")
        }
    }
}
