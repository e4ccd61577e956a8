import Glibc
import Synchronization

/// Where results go. What is written is whole or an error: a result never gets lost without a word.
enum StandardOutput {
    /// One at a time: what two threads write does not mix.
    private static let turn = Mutex(())

    /// Writes a line.
    static func print(_ line: String) throws(CommandFailure) { try write(Array((line + "\n").utf8)) }

    /// Writes all of `bytes`, which a signal that ends the program does not cut.
    ///
    /// Where the reader has gone the process ends as if the system had ended it for that (SIGPIPE), also where whoever started
    /// it had that signal ignored: quietly, and with a status, 141 to a shell, that tells an answer cut short from a whole one.
    static func write(_ bytes: [UInt8]) throws(CommandFailure) {
        let problem = turn.withLock { _ in
            Interruption.heldOff { DescriptorWriting.write(bytes, to: STDOUT_FILENO) }
        }
        guard let problem else { return }
        if problem == EPIPE { Interruption.end(by: SIGPIPE) }
        throw failure(problem)
    }

    /// Says that everything was written. Some file systems tell only now that there is no room (close(2)).
    static func finish() throws(CommandFailure) {
        if close(STDOUT_FILENO) != 0 { throw failure(errno) }
    }

    private static func failure(_ number: Int32) -> CommandFailure {
        let reason = number == EBADF ? "it is closed" : String(cString: strerror(number))
        return .failed("The results cannot be written to standard output: \(reason).")
    }
}

/// Writing to a descriptor until everything is written.
enum DescriptorWriting {
    /// Writes all of `bytes`; the system's error number where that could not be done.
    static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if count < 0, errno == EAGAIN {
                // Whoever shares the descriptor made it non-blocking.
                var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&wanted, 1, -1)
            } else if count == 0 || errno != EINTR {
                return count == 0 ? EIO : errno
            }
        }
        return nil
    }

    /// Gives the standard descriptors that whoever started the program had closed to a file that cannot be written, so that no
    /// file that is opened later gets their numbers, and with them what is meant for people.
    static func occupyStandardDescriptors() {
        for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(descriptor, F_GETFD) < 0 {
            // The lowest number that is free is this one.
            _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
        }
    }
}
