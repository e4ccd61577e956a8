import Media
import Scheduler
import Tasks

extension ModelCard {
    /// How `/v1/read` reads its image.
    static let page = PartSpec(part: "image", tower: "words", .page)
}

extension Engine {
    /// Reads the words of a picture. Its lines are found by one job and read by others, a few of them at a time, so that a full page
    /// does not keep the engine from everybody else until it is read.
    /// - Returns: the words, and the times of the first job, in which `generate` is what reading took.
    func read(_ page: PixelImage, for work: RequestWork) async throws -> (page: ReadPage, timing: JobTiming) {
        var (output, timing) = try await compute(.findLines(page), for: work, onText: nil)
        guard case .lines(let boxes, let left) = output else { throw NothingRead() }
        let (batches, unread) = ReadPage.batches(boxes)
        var read = ReadPage(left: left + unread)
        for batch in batches {
            let (output, later) = try await compute(.readLines(Array(batch), of: page), for: work, onText: nil)
            guard case .texts(let texts) = output else { throw NothingRead() }
            read.add(texts, of: batch)
            timing.ended = later.ended
        }
        return (read, timing)
    }
}

extension Engine {
    /// Reads the words of the picture of a request, if it was taken as a page; the page is gone then.
    func readWords(of taken: inout TakenParts, for request: Request, _ metrics: Metrics, task: String) async throws {
        guard let page = taken.page else { return }
        taken.page = nil
        let (read, timing) = try await read(page.image, for: request.work)
        let took = timing.submitted.duration(to: timing.ended)
        metrics.stages(task, card.name, "read").observe(took.inSeconds)
        taken.words = TakenWords(read: read, scale: page.scale, took: took)
    }
}

/// The engine was asked for the words of a picture and gave something else.
private struct NothingRead: Error {}
