import Decoders
import Media
import Scheduler
import Tasks

/// The one place where the parts of a request become inputs of towers.
///
///     let parts = try await media.take(head.inputs, of: inputs, for: request, engine, task: "emotion")
///     … .classify(… parts: parts.inputs …)
///
/// Files are decoded on the decoder threads: those of one request on one of them, and on others while these are idle. Texts
/// alone are taken apart at once.
struct MediaIntake: Sendable {
    let decoders: DecoderPool
    let images: ImageIntake
    let sounds: AudioIntake
    let metrics: Metrics

    /// Takes those of the wanted parts that the request has.
    ///
    /// - Parameters:
    ///   - wanted: how each part is read; `part` is its name in the request, and in the result.
    ///   - task: the label of its time in `stage_seconds`.
    ///   - face: which faces are looked at where a part is read as a face.
    ///   - explains: whether to keep what an explanation shows.
    ///   - reads: whether the words of the picture are to be read: it is decoded once for both.
    ///   - countsFaces: whether the faces of a picture that is read are to be counted.
    func take(
        _ wanted: [PartSpec], of inputs: RequestInputs, for request: Request, _ engine: any Engine, task: String,
        face: FaceChoice = .auto, explains: Bool = false, reads: Bool = false, countsFaces: Bool = false
    ) async throws -> TakenParts {
        let wishes = Wishes(face: face, explains: explains, reads: reads, countsFaces: countsFaces)
        let present = wanted.filter { inputs.has(part: $0.source) }
        var taken: TakenParts
        if present.contains(where: { inputs.hasFile($0.source) }) {
            taken = try await decode(present, inputs, for: request, engine, wishes)
            request.work.decoded(in: taken.took)
        } else {
            taken = try prepare(present, inputs, for: Sender(request.client.id.name), engine, wishes)
        }
        metrics.stages(task, engine.card.name, "decode").observe(taken.took.inSeconds)
        return taken
    }

    /// What is wanted of files besides the inputs of towers.
    private struct Wishes: Sendable {
        let face: FaceChoice
        let explains: Bool
        let reads: Bool
        let countsFaces: Bool
    }

    /// On the decoder threads. The thread that finds that it will be long leaves it to one that has time for it: headers are
    /// read there, for those of some files are long themselves.
    private func decode(
        _ wanted: [PartSpec], _ inputs: RequestInputs, for request: Request, _ engine: any Engine, _ wishes: Wishes
    ) async throws -> TakenParts {
        let client = request.client.id
        let isFull = Problem.memoryIsFull(images.memory)
        inputs.offerFiles { request.refuse(isFull) }
        let work = request.work
        work.join(engine.ledger)
        @Sendable func decode(expecting expected: Double) throws -> TakenParts {
            defer { inputs.releaseFiles() }
            guard inputs.settleFiles() else { throw isFull }
            let sender = Sender(client.name, isLong: ExpectedDecoding.length(expected) == .long) { time in
                work.had(time)
                return work.urgency(ofSeconds: expected)
            }
            return try prepare(wanted, inputs, for: sender, engine, wishes)
        }
        let (first, waited) = try await decoders.run(before: request.work.decodingDeadline, for: client) {
            let expected = ExpectedDecoding.seconds(of: wanted, in: inputs)
            let isLong = ExpectedDecoding.length(expected) == .long
            return (expected: expected, taken: isLong ? nil : try decode(expecting: expected))
        }
        if var short = first.taken {
            short.waited = waited
            return short
        }
        var (long, waitedAgain) = try await decoders.run(before: request.work.decodingDeadline, for: client, .long) {
            try decode(expecting: first.expected)
        }
        long.waited = waited + waitedAgain
        return long
    }

    private func prepare(
        _ wanted: [PartSpec], _ inputs: RequestInputs, for sender: Sender, _ engine: any Engine, _ wishes: Wishes
    ) throws -> TakenParts {
        let start = ContinuousClock.now
        defer { for input in wanted { inputs.dropFile(input.source) } }
        let parts = PreparedParts(wanted.count) { place in
            let part = wanted[place]
            let taken = try prepare(part, inputs, for: sender, engine, wishes)
            // What is read twice stays until both have read it.
            if wanted.count(where: { $0.source == part.source }) == 1 { inputs.dropFile(part.source) }
            return taken
        }
        if wanted.count(where: { inputs.hasFile($0.source) }) > 1 {
            decoders.share(wanted.count, for: ClientID(sender.name)) { parts.prepare($0) }
        }
        var taken = try parts.joined()
        taken.took = start.duration(to: .now)
        return taken
    }

    private func prepare(
        _ input: PartSpec, _ inputs: RequestInputs, for sender: Sender, _ engine: any Engine, _ wishes: Wishes
    ) throws -> TakenParts {
        var clock = ProcessorClock.ofThread()
        // What this thread does costs processors as much as what a decoder process does.
        defer { _ = sender.urgency(clock.lap()) }
        let file = inputs.peek(input.source) ?? []
        var taken = TakenParts()
        switch input.preparation {
        case .image(let picture), .face(let picture):
            try takeImage(input, picture, file, for: sender, engine, wishes, &taken)
        case .page: try takePage(input, file, for: sender, &taken)
        case .sound(let sound): try takeSound(input, sound, file, for: sender, &taken)
        case .text(let text): takeText(input, text, inputs, wishes.explains, &taken)
        case .features(let width, let maxTokens):
            let array = try features(input.part, file, width: width, maxTokens: maxTokens)
            taken.inputs[input.part] = .features(tokens: array.rows, values: array.values)
            taken.understood.append(.features(name: input.part, tokens: array.rows, width: array.columns))
            taken.sources.append((input.part, .rows))
        }
        return taken
    }

    /// Computes something on the decoder threads, such as the word pieces of many texts.
    func compute<Value: Sendable>(
        for request: Request, _ body: @escaping @Sendable () -> Value
    ) async throws -> Value {
        try await decoders.run(before: request.work.decodingDeadline, for: request.client.id) { body() }.value
    }

    /// What an answer looked at, drawn on the decoder threads: a heat map takes milliseconds, and a caption has one for each word.
    func draw(
        for request: Request, _ explanation: @escaping @Sendable () -> Explanation?
    ) async throws -> Explanation? {
        try await compute(for: request, explanation)
    }

    private func takeImage(
        _ input: PartSpec, _ picture: PicturePreparation, _ file: [UInt8], for sender: Sender, _ engine: any Engine,
        _ wishes: Wishes, _ taken: inout TakenParts
    ) throws {
        let (face, explains) = (wishes.face, wishes.explains)
        let looksForFaces = input.kind == .face && face != .whole
        // What is resized from every pixel is the same picture whatever file it comes in; what is looked at besides may be smaller.
        let tower = picture.rendition
        var sides = [explains ? Explanation.side / 2 : 1, looksForFaces ? Self.faceSearchSide : 1]
        if tower == nil { sides.append(picture.leastSide) }
        let looking = tower == nil || explains ? [ImageRendition.reduced(least: sides.reduce(1, max))] : []
        let renditions = (tower.map { [$0] } ?? []) + looking
        let decoded = try images.decode(file, as: renditions + (wishes.reads ? [Self.page] : []), for: sender)
        // As many as were asked for, one at least.
        let (whole, looked) = (decoded.images[0], decoded.images[renditions.count - 1])
        taken.memory.append(decoded.memory)
        let header = decoded.header
        taken.understood.append(
            .image(
                name: input.part, width: header.orientedWidth, height: header.orientedHeight,
                format: header.format.rawValue))
        var seen: PixelRectangle?
        if looksForFaces, let faces = engine.faces(in: looked) {
            let chosen = faces.prefix(face == .all ? TakenFace.most : 1)
            taken.faces = chosen.map { face in
                TakenFace(
                    box: face.box(
                        from: looked, width: header.orientedWidth, height: header.orientedHeight),
                    score: face.score,
                    input: picture.input(looked, face.crop))
            }
            taken.inputs[input.part] = taken.faces?.first?.input
            seen = chosen.first?.crop
        } else {
            taken.inputs[input.part] = picture.input(whole)
        }
        var kept = taken.faces?.reduce(0) { $0 + $1.input.bytes } ?? taken.inputs[input.part]?.bytes ?? 0
        if wishes.reads {
            let page = decoded.images[renditions.count]
            taken.page = TakenPage(image: page, width: header.orientedWidth, height: header.orientedHeight)
            kept += page.pixels.count
            if wishes.countsFaces { taken.faceScores = engine.faces(in: page)?.map(\.score) ?? [] }
        }
        if explains, taken.inputs[input.part] != nil {
            let shown = (seen.map(looked.cropped(to:)) ?? looked).fitted(within: Explanation.side)
            kept += shown.pixels.count
            taken.sources.append((input.part, .picture(shown)))
        }
        decoded.memory.shrink(to: kept)
    }

    private func takePage(
        _ input: PartSpec, _ file: [UInt8], for sender: Sender, _ taken: inout TakenParts
    ) throws {
        let decoded = try images.decode(file, as: [Self.page], for: sender)
        let header = decoded.header
        let image = decoded.images[0]
        taken.memory.append(decoded.memory)
        taken.understood.append(
            .image(
                name: input.part, width: header.orientedWidth, height: header.orientedHeight,
                format: header.format.rawValue))
        taken.page = TakenPage(image: image, width: header.orientedWidth, height: header.orientedHeight)
        decoded.memory.shrink(to: image.pixels.count)
    }

    /// What words are read from.
    private static let page = ImageRendition.within(side: WordReader.pictureSide, .bilinear)
    /// How large photos are decoded in which faces are looked for, so that a small one still has pixels to be read from.
    private static let faceSearchSide = 512

    private func takeSound(
        _ input: PartSpec, _ sound: SoundPreparation, _ file: [UInt8], for sender: Sender, _ taken: inout TakenParts
    ) throws {
        let decoded = try sounds.decode(file, of: sender, for: sound)
        taken.memory.append(decoded.memory)
        taken.inputs[input.part] = decoded.input
        // Who reads it under its own name says what it is.
        guard input.part == input.source else { return }
        let header = decoded.header
        taken.understood.append(
            .audio(
                name: input.part,
                UnderstoodSound(
                    seconds: decoded.seconds, sampleRate: header.sampleRate, channels: header.channels,
                    format: header.format.rawValue, streams: header.streamCount, unreadBytes: header.unreadBytes,
                    missingSeconds: header.missingSeconds)))
        taken.sources.append((input.part, .clip(tokensPerSecond: sound.tokensPerSecond)))
    }

    private func takeText(
        _ input: PartSpec, _ preparation: TextPreparation, _ inputs: RequestInputs, _ explains: Bool,
        _ taken: inout TakenParts
    ) {
        let text = inputs.text(input.part) ?? ""
        let tokens: TokenizedText
        if let pair = preparation.pair, let second = inputs.text(pair.part) {
            tokens = pair.encode(text, second)
            taken.inputs[input.part] = .text(tokens)
        } else {
            tokens = takeText(text, for: input.part, preparation, explains, &taken)
        }
        taken.understood.append(
            .text(name: input.part, tokens: tokens.totalTokens, isTruncated: tokens.truncated))
    }

    /// Makes a text the input of a part, whatever it comes from; what was understood of it is for the caller to say.
    func takeText(
        _ text: String, for part: String, _ preparation: TextPreparation, _ explains: Bool, _ taken: inout TakenParts
    ) -> TokenizedText {
        let tokens = preparation.encode(text)
        if explains, let words = words(of: text, tokens, preparation) { taken.sources.append((part, .words(words))) }
        taken.inputs[part] = .text(tokens)
        return tokens
    }

    /// The words of a text with the number of their pieces: pieces never reach over white space. Nil where they do not add up
    /// to those of the whole text, as with control characters that count as nothing.
    private func words(
        of text: String, _ whole: TokenizedText, _ preparation: TextPreparation
    ) -> [(word: String, pieces: Int)]? {
        let special = preparation.encode("").totalTokens
        let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
        let counted = words.map { (word: $0, pieces: preparation.encode($0).totalTokens - special) }
        return counted.reduce(special) { $0 + $1.pieces } == whole.totalTokens ? counted : nil
    }

    private func features(_ part: String, _ bytes: [UInt8], width: Int, maxTokens: Int) throws(Problem) -> NumPyArray {
        do throws(NumPyError) {
            return try NumPyArray(bytes, columns: width, maxRows: maxTokens)
        } catch {
            metrics.decodeFailures("npy").add()
            throw Problem(
                .invalidFeatures, "The part \"\(part)\" is not taken. \(error.description)",
                members: ["part": .string(part)])
        }
    }
}
