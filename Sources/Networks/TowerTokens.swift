/// What a tower says about one input and a head reads: its hidden states, each a row of tokens.
///
/// Most towers give their last state alone; a head that weighs the layers of a tower (Yang 2021, SUPERB) asks for several.
public struct TowerTokens: Sendable, Equatable {
    /// Hidden states, at least one.
    public let states: Int
    /// Tokens of each state: grid positions, word pieces, frames, at least one.
    public let tokens: Int
    /// Numbers of each token.
    public let width: Int
    /// [states, tokens, width] in row-major order.
    public let values: [Float]
    /// Of a picture, the things that are seen in it, the likeliest first; empty where nothing tells.
    public var things: [SeenThing] = []

    /// The same where nothing was told.
    public var unnamed: TowerTokens {
        var tokens = self
        tokens.things = []
        return tokens
    }

    /// Values that are not `states` · `tokens` · `width` numbers are the caller's mistake and stop the program.
    public init(states: Int = 1, tokens: Int, width: Int, values: [Float]) {
        precondition(states > 0 && tokens > 0 && width > 0, "a tower gives at least one token")
        precondition(
            values.count == states * tokens * width,
            "\(values.count) values are not \(states) states of \(tokens) tokens of \(width)")
        self.states = states
        self.tokens = tokens
        self.width = width
        self.values = values
    }

    /// What a tower says about consecutive pieces of one input, as one. Pieces of different states or width are the caller's
    /// mistake and stop the program.
    public init(consecutive pieces: [TowerTokens]) {
        let states = pieces.first?.states ?? 0
        let width = pieces.first?.width ?? 0
        let tokens = pieces.reduce(0) { $0 + $1.tokens }
        precondition(
            pieces.allSatisfy { $0.states == states && $0.width == width }, "pieces of one input are alike")
        var values: [Float] = []
        values.reserveCapacity(states * tokens * width)
        for state in 0..<states {
            for piece in pieces {
                let count = piece.tokens * width
                values += piece.values[state * count..<(state + 1) * count]
            }
        }
        self.init(states: states, tokens: tokens, width: width, values: values)
    }
}
