import ArgumentParser
import JSON

struct OverloadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "overload", abstract: "Offer a server half, once, twice and four times what it can do.",
        discussion: """
            The capacity is what sixteen connections get that send the next request when they have an answer, measured before and \
            after. Then requests arrive at random (Poisson) at each multiple of it; the goodput is the answers within --within \
            seconds (1 if nothing is said), as a share of the capacity.
            """)

    @OptionGroup var load: LoadArguments
    @Option(help: "Seconds of each measurement.") var seconds = 15.0
    @Option(help: "Multiples of the capacity; may be given several times.") var factor = [0.5, 1, 2, 4]

    func validate() throws {
        guard seconds > 0, factor.allSatisfy({ $0 > 0 }) else {
            throw ValidationError("--seconds and --factor must be more than 0.")
        }
    }

    func run() throws {
        let overload = Overload(load.url, within: load.within ?? 1) { rate in
            try load.traffic { .poisson(perSecond: $0 * rate) }
        }
        try overload.run(seconds, factor) { step throws in
            var json = JSONWriter()
            try json.object { json throws(JSONError) in
                try json.field("factor", step.factor)
                try json.field("capacity", step.capacity)
                try json.field("goodput_of_capacity", step.share)
                try step.figures.write(to: &json)
            }
            try StandardOutput.print(json.text)
        }
    }
}
