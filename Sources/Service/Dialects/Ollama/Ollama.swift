import HTTP
import JSON
import Tasks

/// The dialect of Ollama. Its streams are lines of JSON, and a request that does not say is streamed.
struct Ollama: Dialect {
    func document(_ problem: Problem) -> [UInt8] {
        var json = JSONWriter()
        json.object { $0.field("error", problem.detail) }
        return json.bytes
    }

    /// Takes the name of a model, which may have Ollama's usual tag.
    static func takeModel(_ members: inout DialectMembers, into inputs: inout RequestInputs) throws(Problem) {
        let given = members.take("model")
        let old = members.take("name")
        guard let value = given ?? old else { return }
        let name = value.text.map { $0.hasSuffix(":latest") ? String($0.dropLast(7)) : $0 }
        try inputs.add(ModelChoice.option.rule, .json(name.map { .string($0) } ?? value))
    }

    /// Members about where models are kept.
    static func ignoreLoading(_ members: inout DialectMembers) {
        members.ignore("keep_alive")
    }

    /// Takes `options`: how a text is written, and how a model would be loaded, which is none of a request's business here.
    static func takeOptions(_ members: inout DialectMembers, into inputs: inout RequestInputs) throws(Problem) {
        guard var options = try members.members("options") else { return }
        options.ignore(
            "numa", "num_ctx", "num_batch", "num_gpu", "main_gpu", "low_vram", "f16_kv", "logits_all", "vocab_only",
            "use_mmap", "use_mlock", "embedding_only", "num_thread", "num_keep")
        for rule in [WritingOptions.temperature.rule, WritingOptions.topP.rule, WritingOptions.seed.rule] {
            try options.option(rule.name, rule, into: &inputs)
        }
        try options.option("repeat_penalty", WritingOptions.repetitionPenalty.rule, into: &inputs)
        // Below zero: as many as the model writes.
        if let most = options.take("num_predict"), (most.whole ?? 1) >= 0 {
            try inputs.add(WritingOptions.maxTokens.rule, .json(most))
        }
        for name in [
            "stop", "top_k", "min_p", "tfs_z", "typical_p", "repeat_last_n", "presence_penalty", "frequency_penalty",
            "mirostat", "mirostat_tau", "mirostat_eta", "penalize_newline",
        ] {
            try options.refuse(
                name, "texts are not written by it here", unless: .integer(0), .array([]))
        }
        try options.end()
    }

    /// Refuses what no model here does.
    static func refuse(_ members: inout DialectMembers) throws(Problem) {
        try members.refuse("format", "answers are plain text", unless: .string(""))
        try members.refuse("tools", "no model here calls tools; ask for what you need in words", unless: .array([]))
        try members.refuse("think", "no model here thinks before it answers", unless: .boolean(false))
        try members.refuse("logprobs", "probabilities of tokens are not told", unless: .boolean(false))
        try members.refuse("top_logprobs", "probabilities of tokens are not told", unless: .integer(0))
    }

    /// The time of now, as RFC 3339 has it.
    static func now() -> String { LogTime.now.description }

    /// What is known of a model beside its name.
    static func write(detailsOf card: ModelCard, to json: inout JSONWriter) {
        json.field("details") { json in
            json.object { json in
                json.field("parent_model", "")
                json.field("format", "safetensors")
                json.field("family", card.architecture)
                json.field("families", [card.architecture])
                json.field("parameter_size", size(card.parameters))
                json.field("quantization_level", card.precision.uppercased())
            }
        }
    }

    private static func size(_ parameters: Int) -> String {
        let (number, unit) =
            parameters >= 1_000_000_000 ? (Double(parameters) / 1e9, "B") : (Double(parameters) / 1e6, "M")
        return "\((number * 10).rounded() / 10)\(unit)"
    }
}
