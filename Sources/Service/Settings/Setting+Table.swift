extension Setting {
    /// Every setting of `sensorium serve`, in the order in which help lists them.
    public static let table: [Setting] = serving + limits + times + protection

    private static let serving: [Setting] = [
        .models(
            "model", \.models,
            "Folder of a checkpoint to serve, or org/name of the Hub where it is in its cache, with or without a name for it, "
                + "name=folder. The first that can do what a request asks for answers it, unless ?model=name chooses."),
        .number(
            "idle-unload", "seconds", 0...86_400 * 365, \.idleUnload,
            "Unload a model that was asked nothing for so long; the next request loads it again. 0 keeps models."),
        .text(
            "data", "folder", \.data, standard: ServiceConfiguration.usualDataText,
            "Folder of the collections, made where it is missing and locked; off for a server without collections."),
        .text("host", "address", \.http.host, "Address to listen on; 0.0.0.0 or :: for every one."),
        .count("port", 0...65535, \.http.port, "TCP port to listen on; 0 lets the system choose one."),
        .count("threads", 0...1024, \.threads, zero: "what the cgroup grants", "Compute threads."),
        .count("io-threads", 1...64, \.http.loops, "Threads that read and write connections."),
        .count("decoders", 1...64, \.decoders, "Uploads decoded at once, each in a process of its own."),
        .count("max-batch", 1...256, \.maxBatch, "Requests computed together at most."),
        .number(
            "batch-window", "seconds", 0...10, \.batchWindow,
            "How long a request may wait for company while others are computed."),
        .number(
            "min-confidence", "share", 0...1, \.minConfidence,
            "How sure an answer has to be to be given, from 0 to 1: below it is null, with declined: true and the reason. A request may "
                + "give its own by min_confidence."),
        .choice("access-log", \.accessLog, "How each request is logged on standard error."),
    ]

    private static let limits: [Setting] = [
        .bytes("max-body", 1...(1 << 40), \.maxBody, "Largest request body."),
        .bytes("max-part", 1...(1 << 40), \.maxPart, "Largest part of a form."),
        .count("max-parts", 1...10_000, \.maxParts, "Most parts and fields of a form."),
        .bytes("max-text", 1...(1 << 30), \.maxText, "Largest text; the model cuts at its own limit of tokens."),
        .count("max-pixels", 1...(1 << 40), \.maxPixels, "Most pixels of an image, read from its header."),
        .number(
            "max-audio-seconds", "seconds", 0.1...86400, \.maxAudioSeconds,
            "Longest sound, read from its header where that tells."),
        .bytes(
            "max-memory", 1...(1 << 50), \.maxMemory, zero: "what the cgroup grants, at most 512MiB",
            "Uploads and decoded media in flight, over all requests."),
        .bytes("max-header-bytes", 256...(1 << 20), \.http.maxHeaderBytes, "All header fields of a request together."),
        .count("max-headers", 1...10_000, \.http.maxHeaders, "Most header fields of a request."),
        .bytes("max-target", 64...(1 << 20), \.http.maxTarget, "Longest request target."),
        .count("max-connections", 1...1_000_000, \.http.maxConnections, "Most connections open at once."),
        .bytes(
            "max-unsent", (64 << 10)...(1 << 40), \.http.maxUnsentBytes,
            "Answers that wait for clients to read them, over all connections."),
        .count("max-queue", 1...1_000_000, \.maxQueue, "Most requests that wait, for each kind of work."),
    ]

    private static let times: [Setting] = [
        .number(
            "header-timeout", "seconds", 0.01...3600, \.http.headerTimeout, "For the head of a request to come in."),
        .number("body-timeout", "seconds", 0.01...3600, \.http.bodyTimeout, "For a body to make progress."),
        .bytes(
            "min-upload-rate", 1...(1 << 30), \.http.minUploadRate,
            "Least bytes per second of a body after 10 s; above 4 MiB it rises with the length."),
        .number("idle-timeout", "seconds", 0.01...86400, \.http.idleTimeout, "For the next request of a connection."),
        .number("write-timeout", "seconds", 0.01...3600, \.http.writeTimeout, "For an answer to make progress."),
        .number(
            "decode-seconds", "seconds", 0.01...3600, \.decodeSeconds,
            "Of a processor, for one image or sound to be decoded; its decoder is killed after that, or after four times that "
                + "where others have the processors."),
        .number(
            "target-wait", "seconds", 0.01...86400, \.targetWait,
            "Within which requests are to be answered that take no longer by themselves; who would wait longer is refused at "
                + "once. A client may give its own by X-Request-Timeout."),
        .number("request-deadline", "seconds", 0.01...86400, \.requestDeadline, "For a request to be answered."),
        .number(
            "lame-duck-seconds", "seconds", 0...3600, \.lameDuckSeconds,
            "After SIGTERM: not ready, but still serving, so that proxies notice before it drains. SIGINT skips it."),
        .number(
            "drain-seconds", "seconds", 0...3600, \.drainSeconds,
            "For running requests to finish after SIGTERM or SIGINT."),
    ]

    private static let protection: [Setting] = [
        .choice(
            "sandbox", \.sandbox,
            "Whether decoders may work where the system does not let their system calls be filtered."),
        .path("api-keys", \.apiKeys, "File of API keys, one a line; # begins a comment. SIGHUP reads it again."),
        .flag("open-metrics", \.openMetrics, "Lets /metrics be read without an API key."),
        .rate(
            "rate-limit", \.rateLimit,
            "How often each API key or address may ask: 10/s, 600/m or 1000/h, with a burst 10/s:30."),
        .origins(
            "cors-origin", \.corsOrigins, "Origin whose pages may read answers; may be given several times."),
        .networks(
            "trusted-proxy", \.trustedProxies,
            "Address or network of proxies whose X-Forwarded-For or Forwarded is believed; may be given several times."),
        .path("tls-certificate", \.http.tlsCertificatePath, "PEM file with the certificate chain; serves HTTPS."),
        .path("tls-key", \.http.tlsKeyPath, "PEM file with the private key of the certificate."),
    ]

    /// The table of the README, in Markdown.
    public static var markdown: String {
        let rows = table.map { setting in
            "| `--\(setting.name)` | `\(setting.variable)` | \(setting.standard ?? "off") | \(setting.help) |"
        }
        return (["| flag | variable | default | what it is |", "| --- | --- | --- | --- |"] + rows)
            .joined(separator: "\n") + "\n"
    }
}
