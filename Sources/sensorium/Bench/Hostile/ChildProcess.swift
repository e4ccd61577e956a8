import CLinux
import Glibc
import OperatingSystem

/// A program that was started from here, and writes what it says to a file.
final class ChildProcess: Sendable {
    /// Its number.
    let identifier: pid_t

    /// Starts it with the variables of this process.
    init(_ program: String, _ arguments: [String], log: String) throws(CommandFailure) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_addclosefrom_np(&actions, 3)
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) }
        defer { for word in words { free(word) } }
        words.append(nil)
        var variables: [UnsafeMutablePointer<CChar>?] = Environment.variables.map { strdup("\($0)=\($1)") }
        defer { for variable in variables { free(variable) } }
        variables.append(nil)
        var started: pid_t = 0
        let code = posix_spawn(&started, program, &actions, nil, &words, &variables)
        guard code == 0 else {
            throw .failed("\(program) cannot be started: \(String(cString: strerror(code))).")
        }
        identifier = started
    }

    /// Whether it runs. One that has ended stays until ``kill()``, so that nobody else gets its number.
    var isRunning: Bool {
        var found = siginfo_t()
        let isKnown = waitid(P_PID, id_t(identifier), &found, WEXITED | WNOHANG | WNOWAIT) == 0
        // waitid(2) leaves the structure as it was where nothing ended.
        return isKnown && found.si_signo == 0
    }

    /// Ends it, whatever it does. To be called once.
    func kill() {
        Glibc.kill(identifier, SIGKILL)
        while waitpid(identifier, nil, 0) < 0, errno == EINTR {}
    }
}
