import Dispatch

/// Where the tasks of requests run between their waits: one thread of the service's own, in turn. They only wait and write
/// answers; images are decoded and networks computed elsewhere. Nobody else's blocking can hold them up, as it could on the
/// threads that all of a process's tasks share.
final class RequestExecutor: TaskExecutor {
    private let queue = DispatchQueue(label: "sensorium.requests")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
