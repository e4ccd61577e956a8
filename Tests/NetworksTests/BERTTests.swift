import Checkpoint
import Tensor
import Testing

@testable import Networks

@Suite struct BERTTests {
    private let bert: BERT
    private let golden: [TinyCheckpoint.Golden.Text]

    init() throws {
        let checkpoint = try TinyCheckpoint.open()
        let tower = try #require(checkpoint.configuration.towers.text)
        bert = try checkpoint.folder.read { BERT($0["text"], tower) }
        golden = try TinyCheckpoint.golden().texts
    }

    private func embed(_ texts: [[Int32]], threads: Int = 1) -> [[Float]] {
        bert.embed(texts, workspace: Workspace(), pool: ComputePool(threads: threads))
    }

    @Test func `embeddings are those of PyTorch`() {
        for text in golden {
            let embedding = embed([text.ids])[0]
            let length = embedding.reduce(0) { $0 + $1 * $1 }.squareRoot()
            #expect(largestDifference(embedding.map { $0 / length }, text.embedding) < 1e-5)
        }
    }

    @Test func `a text's embedding does not depend on its batch or the threads`() {
        let texts = golden.map(\.ids)
        let alone = texts.map { embed([$0])[0] }
        #expect(embed(texts) == alone)
        #expect(embed(texts.reversed(), threads: 2) == alone.reversed())
        #expect(embed(texts + texts, threads: 3) == alone + alone)
    }

    @Test func `a batch larger than what is computed at once comes back in order`() {
        let texts = (0..<100).map { golden[$0 % golden.count].ids }
        let alone = golden.map { embed([$0.ids])[0] }
        #expect(embed(texts, threads: 2) == (0..<100).map { alone[$0 % golden.count] })
    }

    @Test func `a workspace that a longer text has used changes nothing`() {
        let workspace = Workspace()
        let pool = ComputePool(threads: 1)
        _ = bert.embed([golden[4].ids], workspace: workspace, pool: pool)
        #expect(bert.embed([golden[1].ids], workspace: workspace, pool: pool) == embed([golden[1].ids]))
    }

    @Test func `no texts have no embeddings`() {
        #expect(embed([]).isEmpty)
    }
}
