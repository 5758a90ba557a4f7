// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1

/// What a client of Pl@ntNet sent: one to five JPEG or PNG files, and an organ for each or for none.
struct PlantNetInput: Sendable {
    var images: [Image] = []
    var organs: [String] = []

    private static let maxBody = 52_428_800

    private static let knownOrgans = [
        "auto", "leaf", "flower", "fruit", "bark", "habit", "scan", "branch", "sheet", "other", "drawing", "seed",
        "bud",
        "anatomy", "aerial",
    ]

    init(_ request: Request) throws(PlantNet.Refusal) {
        if request.isTooLarge || request.body.readableBytes > Self.maxBody {
            let message = "Payload content length greater than maximum allowed: \(Self.maxBody)"
            throw .init(status: .payloadTooLarge, message: message)
        }
        self.organs = request.query.filter { $0.name == "organs" }.map(\.value)
        if request.method == .GET {
            let addresses = request.query.filter { $0.name == "images" }.map(\.value)
            self.images = addresses.map { Image(bytes: ByteBuffer(string: $0)) }
        } else {
            guard request.mediaType == "multipart/form-data" else {
                throw .init(status: .unsupportedMediaType, message: "Unsupported Media Type")
            }
            guard let form = MultipartForm(request) else {
                throw .init(status: .badRequest, message: "Invalid multipart payload format")
            }
            for part in form.parts { try self.take(part) }
        }
        guard !self.images.isEmpty else { throw .init(status: .badRequest, message: "\"images\" is required") }
        guard self.images.count <= 5 else {
            throw .init(status: .badRequest, message: "\"images\" must contain less than or equal to 5 items")
        }
        guard self.organs.isEmpty || self.organs.count == self.images.count else {
            throw .init(status: .badRequest, message: "images[] length and organs[] length must be equal")
        }
        if let organ = self.organs.first(where: { !Self.knownOrgans.contains($0) }) {
            throw .init(status: .badRequest, message: "unknown organ \"\(organ)\"")
        }
        if self.organs.isEmpty { self.organs = Array(repeating: "auto", count: self.images.count) }
    }

    private mutating func take(_ part: MultipartForm.Part) throws(PlantNet.Refusal) {
        switch part.name {
        case "organs":
            self.organs.append(part.text)
        case "images":
            let image = Image(bytes: part.content)
            guard image.format == .jpeg || image.format == .png else {
                throw .init(status: .unsupportedMediaType, message: "Unsupported Media Type")
            }
            self.images.append(image)
        default:
            throw .init(status: .badRequest, message: "\"\(part.name)\" is not allowed")
        }
    }
}
