import Scheduler
import Testing

@testable import Service

@Suite struct MetricsTests {
    private func text(_ registry: MetricsRegistry, _ format: MetricsFormat = .prometheus) -> String {
        format.text(registry.snapshots)
    }

    @Test func `a counter is written with help, type and labels`() {
        let registry = MetricsRegistry()
        let family = registry.counter("a_total", "Counts \\ things\nand \"more\".", labels: ["route", "status"])
        family("/v1/caption", "200").add()
        family("/v1/caption", "200").add(2)
        family("/a\"b\\c\nd", "404").add(0.5)
        #expect(
            text(registry) == """
                # TYPE a_total counter
                # HELP a_total Counts \\\\ things\\nand "more".
                a_total{route="/a\\"b\\\\c\\nd",status="404"} 0.5
                a_total{route="/v1/caption",status="200"} 3

                """)
    }

    @Test func `a counter does not fall and a spoilt number is not counted`() {
        let counter = MetricCounter()
        counter.add(2)
        counter.add(-1)
        counter.add(.nan)
        #expect(counter.value == 2)
        let histogram = MetricHistogram(bounds: [1])
        histogram.observe(.nan)
        histogram.observe(.infinity)
        #expect(histogram.reading == .histogram(buckets: [(1, 0)], count: 0, sum: 0))
    }

    @Test func `a histogram's buckets are cumulative and include their bounds`() {
        let registry = MetricsRegistry()
        let family = registry.histogram("h_seconds", "Time.", labels: ["task"], bounds: [0.5, 1, 2])
        for value in [0.5, 0.75, 1, 3] { family("caption").observe(value) }
        #expect(
            text(registry) == """
                # TYPE h_seconds histogram
                # HELP h_seconds Time.
                h_seconds_bucket{task="caption",le="0.5"} 1
                h_seconds_bucket{task="caption",le="1.0"} 3
                h_seconds_bucket{task="caption",le="2.0"} 3
                h_seconds_bucket{task="caption",le="+Inf"} 4
                h_seconds_sum{task="caption"} 5.25
                h_seconds_count{task="caption"} 4

                """)
    }

    @Test func `OpenMetrics names families without suffix, gives units and ends in EOF`() {
        let registry = MetricsRegistry()
        registry.counter("busy_seconds_total", "Busy \"time\".")().add(1.5)
        registry.info("model_info", "Models.", labels: ["model"])("base").set(1)
        registry.gauge("threads", "Threads.")().set(-2)
        #expect(
            text(registry, .openMetrics) == """
                # TYPE busy_seconds counter
                # UNIT busy_seconds seconds
                # HELP busy_seconds Busy \\"time\\".
                busy_seconds_total 1.5
                # TYPE model info
                # HELP model Models.
                model_info{model="base"} 1
                # TYPE threads gauge
                # HELP threads Threads.
                threads -2
                # EOF

                """)
        #expect(text(registry).contains("# TYPE model_info gauge\n"))
    }

    @Test(arguments: [
        (nil, false), ("*/*", false), ("text/plain", false), ("application/openmetrics-text", true),
        ("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1", true),
        ("application/openmetrics-text; q=0.1, text/plain", false), ("application/openmetrics-text;q=0", false),
        ("application/openmetrics-text;q=x,*/*;q=0", false), ("application/json", false),
    ])
    func `the format follows Accept`(accept: String?, isOpenMetrics: Bool) {
        #expect((MetricsFormat(accept: accept) == .openMetrics) == isOpenMetrics)
    }

    @Test func `label values that clients invent do not fill memory`() {
        let family = MetricFamily(MetricDescription("a_total", .counter, "A.", labels: ["x", "y"]), maxSeries: 2) {
            MetricCounter()
        }
        for index in 0..<10 { family("\(index)", "y").add() }
        #expect(family.snapshot.series.map(\.labels) == [["0", "y"], ["1", "y"], ["other", "other"]])
        #expect(family("9", "y").value == 8)
    }

    @Test func `counts from many threads all count`() async {
        let counter = MetricCounter()
        let histogram = MetricHistogram(bounds: [1])
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<1000 {
                        counter.add(0.5)
                        histogram.observe(0.5)
                    }
                }
            }
        }
        #expect(counter.value == 4000)
        #expect(histogram.reading == .histogram(buckets: [(1, 8000)], count: 8000, sum: 4000))
    }

    @Test func `the service has the metrics its contract names`() throws {
        let metrics = Metrics()
        metrics.collectConnections { 3 }
        metrics.collectQueues { [] }
        let names = Set(metrics.registry.snapshots.map(\.description.name))
        let contract = [
            "http_requests_total", "http_request_duration_seconds", "http_connections", "http_request_body_bytes_total",
            "rejected_total", "queue_depth", "queue_oldest_seconds", "queue_wait_seconds", "batch_size",
            "batches_total",
            "stage_seconds", "generated_tokens_total", "cancelled_total", "decode_failures_total", "pixels_total",
            "model_info", "model_load_seconds", "engine_threads", "engine_busy_seconds_total",
        ]
        for name in contract { #expect(names.contains("sensorium_\(name)"), "\(name)") }
        for name in ["process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds"] {
            #expect(names.contains(name))
        }
        let openMetrics = MetricsFormat.openMetrics.text(metrics.registry.snapshots)
        let families = openMetrics.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }
        #expect(Set(families).count == families.count)
    }

    @Test func `a request is counted by template, and an unusual method as other`() {
        let metrics = Metrics()
        metrics.countRequest(
            route: "/v1/caption", method: "BREW", status: 405, duration: .milliseconds(20), bodyBytes: 7)
        let text = text(metrics.registry)
        #expect(
            text.contains("sensorium_http_requests_total{route=\"/v1/caption\",method=\"other\",status=\"405\"} 1\n"))
        #expect(text.contains("sensorium_http_request_duration_seconds_bucket{route=\"/v1/caption\",le=\"0.01\"} 0\n"))
        #expect(text.contains("sensorium_http_request_duration_seconds_bucket{route=\"/v1/caption\",le=\"0.025\"} 1\n"))
        #expect(text.contains("sensorium_http_request_body_bytes_total 7\n"))
    }

    @Test func `batches and steps are counted as the scheduler reports them`() {
        let metrics = Metrics()
        metrics.observe(.batch(task: Self.caption, waits: [.milliseconds(3), .seconds(70)], reason: .full))
        metrics.observe(.begun(task: Self.caption, size: 2, took: .milliseconds(1500)))
        metrics.observe(.stepped(sizes: [Self.caption: 2], took: .milliseconds(250)))
        let text = text(metrics.registry)
        for line in [
            "batches_total{task=\"caption\",model=\"m\",reason=\"full\"} 1",
            "batch_size_bucket{task=\"caption\",model=\"m\",le=\"1.0\"} 0",
            "batch_size_bucket{task=\"caption\",model=\"m\",le=\"2.0\"} 1",
            "queue_wait_seconds_bucket{task=\"caption\",model=\"m\",le=\"0.005\"} 1",
            "queue_wait_seconds_bucket{task=\"caption\",model=\"m\",le=\"60.0\"} 1",
            "queue_wait_seconds_count{task=\"caption\",model=\"m\"} 2",
            "stage_seconds_sum{task=\"caption\",model=\"m\",stage=\"encode\"} 1.5",
            "generated_tokens_total{task=\"caption\",model=\"m\"} 2",
            "engine_busy_seconds_total 1.75",
        ] {
            #expect(text.contains("sensorium_\(line)\n"), "\(line)")
        }
    }

    private static let caption = TaskID("caption", model: "m")

    @Test func `queues and connections are read when asked for`() {
        let metrics = Metrics()
        metrics.collectQueues {
            [TaskLoad(task: Self.caption, waiting: 4, oldestWait: .milliseconds(1250), running: 2)]
        }
        metrics.collectConnections { 7 }
        let text = text(metrics.registry)
        #expect(text.contains("sensorium_queue_depth{task=\"caption\",model=\"m\"} 4\n"))
        #expect(text.contains("sensorium_queue_oldest_seconds{task=\"caption\",model=\"m\"} 1.25\n"))
        #expect(text.contains("sensorium_http_connections 7\n"))
    }
}
