import Tensor
import Testing

@testable import Networks

@Suite struct NamedAnswersTests {
    @Test func `a name that is a label is that answer, and the others come behind the labels`() {
        let (answers, ofNames) = NamedAnswers.answers(["yes", "dog", "red"], ["cup", "dog", "lion"])
        #expect(answers == ["yes", "dog", "red", "cup", "lion"])
        #expect(ofNames == [3, 1, 4])
    }

    @Test func `what is told of a thing grows with its likelihood and stays within 0 and 1`() {
        let rare = SeenThing(name: 0, whole: 0, part: 1e-6).likelihoods
        let sure = SeenThing(name: 0, whole: 1, part: 0.5).likelihoods
        #expect(zip(rare, [1e-3, 1e-3, 0, 0]).allSatisfy { abs($0 - $1) < 1e-6 })
        #expect(abs(sure[2] - 1) < 1e-6 && sure[3] > 0.8 && sure[3] < 1)
    }
}
