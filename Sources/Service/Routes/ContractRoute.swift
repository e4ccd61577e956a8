import HTTP

/// `GET /openapi.yaml`: the contract, as it stands at the root of the repository.
enum ContractRoute {
    static let route = Route.get("/openapi.yaml", produces: ["application/yaml", "text/plain"]) { _ in
        HTTPResponse(
            status: 200,
            headers: HTTPHeaders([("Content-Type", "application/yaml"), ("Cache-Control", "no-cache")]),
            body: PackageResources.openapi_yaml)
    }
}
