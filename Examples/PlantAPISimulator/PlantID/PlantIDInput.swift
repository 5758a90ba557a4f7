// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import NIOCore
import NIOHTTP1

/// What a client of Plant.id sent: JSON with images in base64, or a form whose files are the images.
struct PlantIDInput: Sendable {
    var images: [Image] = []
    var health: String?
    var customID: Int?
    var latitude: JSON = .null
    var longitude: JSON = .null
    var wantsSimilarImages = false

    /// Fields of v2, which v3 does not know.
    private static let outdated = ["modifiers", "plant_language", "plant_details", "disease_details"]

    init(_ request: Request, isVersion2: Bool) throws(PlantID.Refusal) {
        if request.isTooLarge { throw .init(status: .payloadTooLarge, sentence: "The data value is too large.") }
        var fields: JSON
        switch request.mediaType {
        case "multipart/form-data":
            guard let form = MultipartForm(request) else { throw Self.wrong("Invalid form data") }
            fields = .object(form.parts.filter { $0.filename == nil }.map { ($0.name, .string($0.text)) })
            self.images = form.parts.filter { $0.filename != nil }.map { Image(bytes: $0.content) }
        default:
            guard let json = JSON(parsing: request.body), case .object = json else {
                throw Self.wrong("Invalid json data")
            }
            fields = json
        }
        for text in fields["images"]?.array ?? fields["images"].map({ [$0] }) ?? [] {
            guard let text = text.string, let image = Self.image(text) else {
                throw Self.wrong("Invalid base64 image data")
            }
            self.images.append(image)
        }
        guard !self.images.isEmpty else { throw Self.wrong("Missing image data") }
        guard self.images.count <= 8 else { throw Self.wrong("Too many images") }
        for image in self.images where image.format == nil && !Self.isAddress(image) {
            throw Self.wrong("Invalid base64 image data")
        }
        if !isVersion2, let name = Self.outdated.first(where: { fields[$0] != nil }) {
            throw Self.wrong("Unknown modifier: \(name)")
        }
        try Self.check(fields["datetime"])
        self.health = fields["health"]?.string
        if let health = self.health, !["all", "auto", "only"].contains(health) {
            throw Self.wrong("Invalid health value")
        }
        self.customID = fields["custom_id"]?.int
        self.latitude = fields["latitude"] ?? .null
        self.longitude = fields["longitude"] ?? .null
        if case .bool(true)? = fields["similar_images"] { self.wantsSimilarImages = true }
        if fields["similar_images"]?.string == "true" { self.wantsSimilarImages = true }
    }

    private static func wrong(_ sentence: String) -> PlantID.Refusal {
        PlantID.Refusal(status: .badRequest, sentence: sentence)
    }

    /// Base64, with or without `data:...;base64,` before it, or the address of an image.
    private static func image(_ text: String) -> Image? {
        if text.hasPrefix("http://") || text.hasPrefix("https://") { return Image(bytes: ByteBuffer(string: text)) }
        var code = text[...]
        if code.hasPrefix("data:"), let comma = code.firstIndex(of: ",") { code = code[code.index(after: comma)...] }
        return Base64.bytes(code).map { Image(bytes: $0) }
    }

    private static func isAddress(_ image: Image) -> Bool { image.bytes.readableBytesView.starts(with: "http".utf8) }

    /// `2026-07-30T17:52:58` passes; a zone at the end or a number does not.
    private static func check(_ datetime: JSON?) throws(PlantID.Refusal) {
        guard let datetime else { return }
        if case .null = datetime { return }
        guard let text = datetime.string, (10...19).contains(text.utf8.count), !text.hasSuffix("Z") else {
            throw Self.wrong("Invalid datetime value")
        }
    }
}

/// RFC 4648, section 4.
enum Base64 {
    static func bytes(_ code: Substring) -> ByteBuffer? {
        guard !code.isEmpty, let data = Data(base64Encoded: String(code), options: .ignoreUnknownCharacters) else {
            return nil
        }
        return data.isEmpty ? nil : ByteBuffer(bytes: data)
    }

    static func text(_ code: Substring) -> String? { self.bytes(code).map { String(buffer: $0) } }
}
