import CKernels

/// The kernels of one instruction set.
public struct KernelSet: Sendable {
    // Points at a constant table of the C target, which nothing writes.
    nonisolated(unsafe) let table: UnsafePointer<sensorium_kernel_set>

    /// "avx512", "avx2" or "portable".
    public var name: String { String(cString: table.pointee.name) }

    /// The sets this CPU can run, fastest first; "portable" is always the last.
    public static let available: [KernelSet] = {
        var sets: [KernelSet] = []
        var index = 0
        while let table = sensorium_kernel_set_at(index) {
            if sensorium_kernel_set_runs(index) { sets.append(KernelSet(table: table)) }
            index += 1
        }
        return sets
    }()

    /// The fastest set of this CPU.
    public static let best = available[0]
}
