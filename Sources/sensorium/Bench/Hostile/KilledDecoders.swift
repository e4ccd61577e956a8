import Glibc
import OperatingSystem
import Synchronization

/// Decoders that somebody else kills, as a kernel short of memory does.
struct KilledDecoders: Attack {
    let name = "killed-decoders"
    let deed = "one of the server's decoders is killed every tenth of a second while good photos are uploaded"

    func run(_ server: ServerUnderAttack) throws -> [Figure] {
        let tree = server.tree
        let isOver = Atomic(false)
        let killed = Atomic(0)
        SystemThread.start {
            while !isOver.load(ordering: .relaxed) {
                if let decoder = tree.children.randomElement(), kill(pid_t(decoder), SIGKILL) == 0 {
                    killed.add(1, ordering: .relaxed)
                }
                SystemThread.sleep(for: .milliseconds(100))
            }
        }
        defer { isOver.store(true, ordering: .relaxed) }
        let uploads = server.captions(.closed(clients: 4))
        let samples = try LoadLoop.run(server.target, [uploads], for: server.arms.seconds).samples[0]
        isOver.store(true, ordering: .relaxed)
        let wrong = samples.count { !$0.isDone && $0.status != 503 }
        let afterwards = try LoadLoop.run(
            server.target, [server.captions(.closed(clients: 1, requests: 20))]
        ).samples[0]
        return [
            Figure("good uploads called bad, or not answered", Double(wrong), "", .atMost(0)),
            Figure("good uploads done", Double(samples.count(where: \.isDone))),
            Figure("good uploads told to come again (503)", Double(samples.count { $0.status == 503 })),
            Figure("decoders killed", Double(killed.load(ordering: .relaxed))),
            .refused("captions afterwards", LoadFigures(afterwards, seconds: 1)),
        ]
    }
}
