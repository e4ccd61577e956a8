import HTTP
import Media
import Retrieval
import Scheduler
import Tasks

extension Problem {
    /// What the client is told of an error from below. Nil where the cause is the server's own fault, to be logged and
    /// answered as `internal_error`.
    init?(_ error: any Error, deadlineSeconds: Double) {
        switch error {
        case let problem as Problem: self = problem
        case let error as MediaError: self.init(error)
        case let error as TaskError: self.init(error)
        case let error as SchedulerError:
            guard let problem = Problem(error, deadlineSeconds: deadlineSeconds) else { return nil }
            self = problem
        case let error as RetrievalError:
            guard let problem = Problem(error) else { return nil }
            self = problem
        case let refusal as DecoderPool.Refusal: self.init(refusal, deadlineSeconds: deadlineSeconds)
        default: return nil
        }
    }

    /// A message that the HTTP server itself refuses.
    init(_ failure: HTTPFailure) {
        self.init(
            ProblemCode(rawValue: failure.code) ?? .malformedRequest, failure.detail, status: failure.status)
    }

    /// A form that could not be read.
    init(_ error: MultipartError) {
        let sentence = error.description
        self.init(
            ProblemCode(rawValue: error.code) ?? .malformedMultipart,
            sentence.prefix(1).uppercased() + sentence.dropFirst() + ".", status: error.status)
    }

    private init(_ error: MediaError) {
        self.init(ProblemCode(rawValue: error.code) ?? .undecodableImage, error.description)
    }

    private init(_ error: TaskError) {
        switch error {
        case .taskNotAvailable: self.init(.taskNotAvailable, error.description)
        case .viewNotAvailable:
            self.init(.taskNotAvailable, error.description, members: ["option": .string("view")])
        case .invalidOption(let name, _):
            self.init(.invalidOption, error.description, members: ["option": .string(name)])
        case .unexpectedPart: self.init(.unexpectedPart, error.description)
        case .missingParts: self.init(.missingPart, error.description)
        default: self.init(.invalidOption, error.description)
        }
    }

    private init?(_ error: SchedulerError, deadlineSeconds: Double) {
        switch error {
        case .queueFull(_, let bound):
            self = .retryLater(
                .queueFull,
                "\(bound) requests of this kind wait already, which is the most allowed (--max-queue). Try again later."
            )
        case .draining, .stopped: self = .isDraining
        case .deadlineExceeded(_, let started):
            self = .deadlineExceeded(afterStart: started, seconds: deadlineSeconds)
        case .cancelled: self.init(.requestTimeout, "The client went away before the answer was there.")
        case .overdue: self = .overdue(after: 1)
        case .unknownTask, .outcomeMissing, .unexpectedGeneration: return nil
        }
    }

    private init(_ refusal: DecoderPool.Refusal, deadlineSeconds: Double) {
        switch refusal {
        case .full(let bound):
            self = .retryLater(
                .queueFull, "\(bound) uploads wait to be decoded already, which is the most allowed. Try again later.")
        case .deadlineExceeded: self = .deadlineExceeded(afterStart: false, seconds: deadlineSeconds)
        case .cancelled: self.init(.requestTimeout, "The client went away before the answer was there.")
        case .stopped: self = .isDraining
        }
    }

    /// A request that was taken on waited for too long all the same.
    static func overdue(after seconds: Int) -> Problem {
        .retryLater(
            .overloaded, after: seconds,
            "The request waited for its turn until its answer would have come too late (--target-wait, or "
                + "X-Request-Timeout). Try again in \(seconds) s.")
    }

    /// The server is shutting down.
    static let isDraining = retryLater(
        .draining, "The server is shutting down and takes no new work. Ask another instance, or this one later.")

    /// The server has not computed its warm-up caption yet.
    static let isNotReady = retryLater(
        .notReady, "The model is still being loaded. GET /health/ready answers 200 when it can be asked.")
}
