import HTTP
import JSON
import Tasks

/// `POST /v1/read`: a photo in, the words in it out, line by line.
struct ReadRoute: TaskRoute {
    let rules = InputRules(parts: [.init(name: "image", kind: .image)], options: [ModelChoice.option.rule])
    let produces = ["application/json"]
    let media: MediaIntake

    func suits(_ card: ModelCard, _ request: Request, _ inputs: RequestInputs?) -> Bool {
        card.tasks.contains("read")
    }

    func answer(_ request: Request, _ inputs: RequestInputs, _ engine: any Engine) async throws -> Reply {
        try ModelChoice.check(engine.card, task: "read")
        guard inputs.hasFile("image") else {
            throw Problem.missing("image", "send the bytes of a photo in it, such as a JPEG file")
        }
        let taken = try await media.take([ModelCard.page], of: inputs, for: request, engine, task: "read")
        guard let page = taken.page else { throw NoPage() }
        let (read, job) = try await engine.read(page.image, for: request.work)
        let timing = AnswerTiming(
            queue: taken.waited + job.queue, decode: taken.took, encode: job.begin, generate: job.generate
        ).ended(request)
        let frame = AnswerFrame(
            model: engine.card.name, requestID: request.identity.id, timing: timing, inputs: taken.understood)
        return .whole(
            try .json(headers: timing.headers) { json throws(JSONError) in
                try read.write(to: &json, scale: page.scale)
                try frame.write(to: &json)
            })
    }

    /// An image was taken, and no page came of it.
    private struct NoPage: Error {}
}

extension ReadPage {
    /// Writes `lines`, `text` and `unread`.
    /// - Parameter scale: pixels of the upload for each of the picture, in which boxes are told.
    func write(to json: inout JSONWriter, scale: SIMD2<Float>) throws(JSONError) {
        try json.field("lines") { json throws(JSONError) in
            try json.array { json throws(JSONError) in
                for line in lines {
                    try json.object { json throws(JSONError) in
                        json.field("text", line.text)
                        json.field("box") { json in
                            json.array { json in
                                for corner in line.box.corners {
                                    let place = (corner * scale).rounded(.toNearestOrAwayFromZero)
                                    json.array { json in
                                        json.value(Int(place.x))
                                        json.value(Int(place.y))
                                    }
                                }
                            }
                        }
                        try json.field("confidence", (Double(line.confidence) * 1e6).rounded() / 1e6)
                    }
                }
            }
        }
        json.field("text", text)
        json.field("unread", unread)
    }
}
