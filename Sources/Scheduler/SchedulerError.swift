/// Why a job was refused or did not get its answer.
public enum SchedulerError: Error, Equatable, Sendable {
    /// As many jobs of this task wait as are allowed to.
    case queueFull(task: TaskID, bound: Int)
    /// No new jobs are accepted, because the scheduler is about to end.
    case draining
    /// The configuration has no such task.
    case unknownTask(TaskID)
    /// The job was cancelled by its ticket.
    case cancelled(started: Bool)
    /// The job's deadline passed while it waited (`started` false) or while it was computed.
    case deadlineExceeded(task: TaskID, started: Bool)
    /// The job waited longer than its terms allow and was not begun.
    case overdue(task: TaskID)
    /// The scheduler ended before the job did.
    case stopped
    /// The worker returned another number of outcomes than it was given jobs or generations.
    case outcomeMissing(task: TaskID, expected: Int, got: Int)
    /// The worker started a generation for a task whose policy says that it has none.
    case unexpectedGeneration(task: TaskID)
}

extension SchedulerError: CustomStringConvertible {
    /// A sentence for a person.
    public var description: String {
        switch self {
        case .queueFull(let task, let bound):
            "\(bound) requests for \(task) are waiting already, which is the most allowed (--max-queue); try again later"
        case .draining:
            "the server is shutting down and takes no new work; try another instance"
        case .unknownTask(let task):
            "there is no task \(task)"
        case .cancelled(let started):
            started ? "the request was cancelled while it was computed" : "the request was cancelled while it waited"
        case .deadlineExceeded(let task, let started):
            started
                ? "\(task) was not done before the request's deadline (--request-deadline); ask for less"
                : "\(task) could not start before the request's deadline (--request-deadline); try again later"
        case .overdue(let task):
            "\(task) could not begin within the time that requests are to wait at most (--target-wait); try again later"
        case .stopped:
            "the server ended before the request was done; try another instance"
        case .outcomeMissing(let task, let expected, let got):
            "the engine returned \(got) outcomes for \(expected) jobs of \(task)"
        case .unexpectedGeneration(let task):
            "the engine started a generation for \(task), which has none"
        }
    }
}
