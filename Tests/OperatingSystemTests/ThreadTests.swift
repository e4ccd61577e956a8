import Dispatch
import Synchronization
import Testing

@testable import OperatingSystem

@Suite struct `Threads and variables` {
    @Test func `a thread has the name that it was given, as far as Linux keeps it`() {
        let found = Mutex("")
        let ended = DispatchSemaphore(value: 0)
        let code = SystemThread.start(named: "a name of more than 15 bytes", stackBytes: 256 << 10) {
            found.withLock { $0 = SmallFile.text("/proc/thread-self/comm") ?? "" }
            ended.signal()
        }
        #expect(code == 0)
        ended.wait()
        #expect(found.withLock(\.self) == "a name of more \n")
    }

    @Test func `a variable has one value, however it is asked for`() {
        #expect(Environment.value("PATH") == Environment.variables["PATH"])
        #expect(Environment.value("SENSORIUM_NO_SUCH_VARIABLE") == nil)
    }
}
