/// Requests behind one another without end, whose answers nobody reads.
struct PipelinedRequests: Attack {
    let name = "pipelined-requests"
    let deed = "32 connections send requests for the contract without end and read no answer"

    func run(_ server: ServerUnderAttack) throws -> [Figure] {
        let request = RequestBytes(server.target.at("/openapi.yaml")).get
        let requests = Array(repeatElement(request, count: 2000).joined())
        let plan = Crowd.Plan(
            count: 32, sources: ["127.0.0.2"], scripts: [Crowd.Script(opening: requests, dribble: requests)],
            pause: 0.05, reads: false, lead: 3)
        return try UnreadCost.figures(server, plan)
    }
}
