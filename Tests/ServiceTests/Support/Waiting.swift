import Glibc
import Testing

/// Waits until something that another thread is about to do has happened; fails the test where it does not in ten seconds.
func wait(_ sourceLocation: SourceLocation = #_sourceLocation, until condition: () -> Bool) {
    let limit = ContinuousClock.now + .seconds(10)
    while !condition() {
        guard ContinuousClock.now < limit else {
            Issue.record("what was waited for did not happen", sourceLocation: sourceLocation)
            return
        }
        sched_yield()
    }
}
