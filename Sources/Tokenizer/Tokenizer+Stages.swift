extension Tokenizer {
    /// The tokens of a whole text, without special tokens around it: added tokens are taken out, what is between them is
    /// normalized, cut into pieces and given to the model.
    func tokens(of text: String) -> [Int32] {
        var ids: [Int32] = []
        let bytes = Array(text.utf8)
        rawTokens.split(bytes) { range in
            encodePlain(bytes, range, into: &ids)
        } onToken: { token in
            ids.append(token.id)
        }
        return ids
    }

    /// What the first stage makes of a text.
    func normalize(_ text: [UInt8]) -> [UInt8] {
        normalizers.reduce(text) { $1.normalize($0[...]) }
    }

    private func encodePlain(_ bytes: [UInt8], _ range: Range<Int>, into ids: inout [Int32]) {
        var beginsText = range.lowerBound == 0
        if beginsText, usesBeginning, let first = normalizers.first {
            beginsText = first.keepsBeginning(of: Array(bytes[range]))
        }
        var text = normalizers.first?.normalize(bytes[range]) ?? Array(bytes[range])
        for normalizer in normalizers.dropFirst() {
            if beginsText, usesBeginning, !text.isEmpty { beginsText = normalizer.keepsBeginning(of: text) }
            text = normalizer.normalize(text[...])
        }
        if normalizedTokens.isEmpty {
            return encodePieces(text, 0..<text.count, beginsText, into: &ids)
        }
        normalizedTokens.split(text) { range in
            encodePieces(text, range, beginsText && range.lowerBound == 0, into: &ids)
        } onToken: { token in
            ids.append(token.id)
        }
    }

    private func encodePieces(
        _ text: [UInt8], _ range: Range<Int>, _ beginsText: Bool, into ids: inout [Int32]
    ) {
        if range.isEmpty { return }
        // The way of BERT without lists of pieces in between: it is the one that is walked most.
        if preTokenizers.count == 1, case .bert = preTokenizers[0], case .wordPiece(let model) = model {
            return BertPreTokenizer.split(text, range) { model.tokenize(text, $0, into: &ids) }
        }
        var pieces = Pieces(text: text, ranges: [range], beginsText: beginsText)
        for preTokenizer in preTokenizers { preTokenizer.apply(to: &pieces) }
        model.tokenize(pieces.text, pieces.ranges, into: &ids)
    }
}
