import Glibc
import Testing

/// Waits until something that another thread is about to do has happened; fails the test where it does not in ten minutes.
///
/// Tests share few threads with others that compute for long, so what is certain to happen may be late by many seconds.
func wait(_ sourceLocation: SourceLocation = #_sourceLocation, until condition: () -> Bool) {
    let limit = ContinuousClock.now + .seconds(600)
    while !condition() {
        guard ContinuousClock.now < limit else {
            Issue.record("what was waited for did not happen", sourceLocation: sourceLocation)
            return
        }
        // Not `sched_yield`, which keeps the processor from threads of low priority, such as those that decode.
        usleep(1000)
    }
}
