import CKernels

extension ComputePool {
    /// Threads worth starting: the CPUs this process may run on, or the whole CPUs of its cgroup's quota if that is
    /// less (one thread too many makes the kernel throttle all of them); at least 1.
    public static func availableThreads() -> Int {
        availableThreads(allowedCPUs: Int(sensorium_allowed_cpus()), group: ControlGroup())
    }

    /// The same from given sources.
    static func availableThreads(allowedCPUs: Int, group: ControlGroup) -> Int {
        max(1, min(allowedCPUs, group.cpus().map { Int($0) } ?? allowedCPUs))
    }
}
