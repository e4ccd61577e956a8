/// The paths of every dialect, in front of the routes that answer them.
struct DialectRoutes: Sendable {
    let media: MediaIntake
    let conversations: ConversationRoutes
    let embed: EmbedRoute
    let transcribe: TranscribeRoute
    let classify: ClassifyRoute
    let rerank: RerankRoute
    let state: ServingState
    let limits: BodyLimits

    var routes: [Route] { openAI + tei + ollama }

    private var openAI: [Route] {
        [
            .post("/v1/chat/completions", OpenAIChat(conversations: conversations)),
            .post("/v1/embeddings", OpenAIEmbeddings(embed: embed)),
            .post("/v1/audio/transcriptions", OpenAISpeech(task: .transcribe, transcribe: transcribe)),
            .post("/v1/audio/translations", OpenAISpeech(task: .translate, transcribe: transcribe)),
        ]
    }

    private var tei: [Route] {
        let tasks = (
            embed: TEIEmbed(embed: embed), similarity: TEISimilarity(embed: embed), rerank: TEIRerank(rerank: rerank),
            predict: TEIPredict(classify: classify)
        )
        return [
            .post(
                "/",
                TEIRoot(
                    embed: tasks.embed, similarity: tasks.similarity, rerank: tasks.rerank, predict: tasks.predict,
                    limits: limits)),
            .post("/embed", tasks.embed), .post("/similarity", tasks.similarity), .post("/rerank", tasks.rerank),
            .post("/predict", tasks.predict), TEIInfo(state: state).route,
        ]
    }

    private var ollama: [Route] {
        OllamaModels(state: state).routes + [
            .post("/api/show", OllamaShow()),
            .post("/api/generate", OllamaWriting(kind: .generate, conversations: conversations)),
            .post("/api/chat", OllamaWriting(kind: .chat, conversations: conversations)),
            .post("/api/embed", OllamaEmbed(isOfPrompt: false, embed: embed)),
            .post("/api/embeddings", OllamaEmbed(isOfPrompt: true, embed: embed)),
        ]
    }
}
