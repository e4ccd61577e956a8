import Checkpoint
import Tokenizer

/// How a conversation becomes the tokens that Idefics 3 and SmolVLM read: the chat template writes it down, each picture in it is
/// replaced by the tokens of its tiles, and the whole becomes tokens.
///
///     <fake_token_around_image><row_1_col_1><image>…<fake_token_around_image><row_1_col_2><image>…⏎
///     ⏎<fake_token_around_image><global-img><image>…<fake_token_around_image>
struct SmolVLMPrompt: Sendable {
    private static let image = "<image>"
    private static let around = "<fake_token_around_image>"
    private static let whole = "<global-img>"

    /// What transformers has where a checkpoint has none (`DEFAULT_CHAT_TEMPLATE` of its SmolVLM).
    private static let usualTemplate = """
        <|im_start|>{% for message in messages %}{{message['role'] | capitalize}}\
        {% if message['content'][0]['type'] == 'image' %}{{':'}}{% else %}{{': '}}{% endif %}\
        {% for line in message['content'] %}{% if line['type'] == 'text' %}{{line['text']}}\
        {% elif line['type'] == 'image' %}{{ '<image>' }}{% endif %}{% endfor %}<end_of_utterance>
        {% endfor %}{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}
        """

    let tokenizer: Tokenizer
    /// The token that stands for each token of a tile.
    let imageToken: Int32
    private let template: ChatTemplate
    private let tokens: [String: String]
    private let tokensOfTile: Int
    private let longest: Int
    private let model: String

    /// Throws `CheckpointError`, `TokenizerError`, or `TaskError` for what does not fit.
    init(_ folder: Checkpoint, _ configuration: SmolVLMConfiguration) throws {
        let chat = try PublishedChat(folder)
        tokenizer = try Tokenizer(folder: folder.directory)
        try tokenizer.requireIDs(below: configuration.text.vocabularySize)
        model = folder.folderName
        tokens = chat.tokens
        do throws(ChatTemplateError) {
            template = try ChatTemplate(chat.template ?? Self.usualTemplate)
        } catch {
            throw TaskError.inconsistentModel("\(error)")
        }
        tokensOfTile = configuration.tokensOfTile
        longest = configuration.text.maxPositions
        imageToken = Int32(configuration.imageToken)
        guard tokenizer.id(of: Self.image) == configuration.imageToken else {
            throw TaskError.inconsistentModel(
                "its tokenizer has the id \(tokenizer.id(of: Self.image).map(String.init) ?? "none") for \(Self.image), "
                    + "but image_token_id is \(configuration.imageToken)")
        }
    }

    /// The tokens of a conversation. Throws `TaskError` where it is too long, or has what is no text.
    /// - Parameter option: what the request calls the conversation.
    func ids(of messages: [ChatMessage], called option: String) throws(TaskError) -> [Int32] {
        try check(messages, option)
        let text: String
        do throws(ChatTemplateError) {
            text = try template.text(of: messages.map(ChatTemplate.Message.init), tokens: tokens)
        } catch {
            throw .invalidOption(
                option, "is not taken. \(error.description.dropLast(error.description.hasSuffix(".") ? 1 : 0))")
        }
        let pictures = messages.flatMap(\.pictures)
        let tiles = pictures.reduce(0) { $0 + $1.tiles.count }
        // Before so many tokens are written down.
        guard tiles * tokensOfTile < longest else { throw tooLong(option, tiles * tokensOfTile) }
        let expanded = try expand(text, pictures, option)
        // The template may have written the token that every text begins with.
        let isBegun = tokens["bos_token"].map { expanded.hasPrefix($0) } ?? false
        let ids = tokenizer.encode(expanded, maxTokens: .max, addSpecialTokens: !isBegun).ids
        guard ids.count < longest else { throw tooLong(option, ids.count) }
        guard ids.count(where: { $0 == imageToken }) == tiles * tokensOfTile else {
            throw .invalidOption(option, "has parts that together read as tokens of pictures: write them another way")
        }
        return ids
    }

    private func tooLong(_ option: String, _ count: Int) -> TaskError {
        .invalidOption(
            option,
            "has \(count) tokens or more with its pictures, but the model \(model) reads at most \(longest - 1) and writes "
                + "behind them: send fewer or smaller pictures, or a shorter text")
    }

    /// Texts are texts: those of tokens that mean more than their letters are refused, which transformers would take for these tokens.
    private func check(_ messages: [ChatMessage], _ option: String) throws(TaskError) {
        for text in messages.flatMap(\.texts) {
            for token in tokenizer.addedTokens(in: text) where token.isSpecial || isOfPictures(token.content) {
                throw .invalidOption(
                    option,
                    "holds \"\(token.content)\", which the model \(model) reads as more than text: write it another way"
                )
            }
            if text.contains(Self.image) {
                throw .invalidOption(
                    option, "holds \"\(Self.image)\", which stands for a picture: write it another way")
            }
        }
    }

    private func isOfPictures(_ token: String) -> Bool {
        [Self.image, Self.around, Self.whole].contains(token) || token.wholeMatch(of: /<row_\d+_col_\d+>/) != nil
    }

    private func expand(
        _ text: String, _ pictures: [PictureTiles], _ option: String
    ) throws(TaskError) -> String {
        let pieces = text.split(separator: Self.image, omittingEmptySubsequences: false)
        guard pieces.count == pictures.count + 1 else {
            throw .invalidOption(
                option,
                "shows \(pictures.count) pictures, of which the chat template of the model \(model) writes "
                    + "\(pieces.count - 1): show none or one in each message of the user")
        }
        var expanded = String(pieces[0])
        for (picture, piece) in zip(pictures, pieces.dropFirst()) { expanded += self.text(of: picture) + piece }
        return expanded
    }

    private func text(of picture: PictureTiles) -> String {
        let images = String(repeating: Self.image, count: tokensOfTile)
        let whole = Self.around + Self.whole + images + Self.around
        guard picture.rows > 0, picture.columns > 0 else { return whole }
        let rows = (1...picture.rows).map { row in
            (1...picture.columns).map { "\(Self.around)<row_\(row)_col_\($0)>\(images)" }.joined() + "\n"
        }
        return rows.joined() + "\n" + whole
    }
}

extension ChatTemplate.Message {
    fileprivate init(_ message: ChatMessage) {
        self.init(
            role: message.role,
            content: message.content.map { if case .text(let text) = $0 { .text(text) } else { .image } })
    }
}

extension ChatMessage {
    /// The pictures of the message, in order.
    var pictures: [PictureTiles] {
        content.compactMap { if case .image(.tiles(let picture)) = $0 { picture } else { nil } }
    }

    /// Its texts; those without a picture between them as one.
    var texts: [String] {
        var texts = [""]
        for piece in content {
            if case .text(let text) = piece { texts[texts.count - 1] += text } else { texts.append("") }
        }
        return texts.filter { !$0.isEmpty }
    }
}
