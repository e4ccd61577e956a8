/// Photos that are small to send and long to decode.
struct ProgressivePhotos: Attack {
    let name = "progressive-photos"
    let deed =
        "64 connections of one address send progressive JPEGs of 36 megapixels, another captions at a tenth of the capacity"

    func run(_ server: ServerUnderAttack) throws -> [Figure] {
        let photo = try server.medium("bombs/progressive.jpg")
        let request = RequestBytes(server.target.at("/v1/caption")).form(file: photo, fields: [("beams", "1")])
        return try TenthOfCapacity.figures(server) { _ in
            Traffic(source: "127.0.0.2", messages: [request], arrivals: .closed(clients: 64))
        }
    }
}
