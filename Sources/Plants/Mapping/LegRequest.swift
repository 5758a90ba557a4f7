// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyConfiguration

/// A request to one API, without credentials, as its `identify` mapping makes it from images and options.
struct LegRequest: Sendable, Equatable {
    let method: HTTPMethod
    /// Below the upstream's own path, with the query.
    var path: String
    var fields: HeaderFields
    let content: ByteBuffer

    /// - Parameter photos: At least one, and no more than the mapping allows.
    init(_ mapping: IdentificationMapping.Request, photos: [Photo], options: IdentifyOptions) {
        self.method = mapping.method
        self.path = mapping.path
        // Identity, because the answer is read here.
        self.fields = ["Accept": "application/json", "Accept-Encoding": "identity"]
        switch mapping.body {
        case .json(let pairs):
            self.content = Self.json(pairs, photos, options)
            self.fields.add("Content-Type", "application/json")
        case .multipart(let parts):
            let form = MultipartForm(parts: parts.flatMap { Self.parts($0, photos, options) })
            let boundary = Boundary.make(for: form.parts.map(\.content))
            self.content = form.serialized(boundary: boundary)
            self.fields.add("Content-Type", MultipartForm.contentType(boundary: boundary))
        case .raw:
            self.content = photos.first?.content ?? ByteBuffer()
            self.fields.add("Content-Type", photos.first?.format.mediaType ?? "application/octet-stream")
        }
        for pair in mapping.query {
            guard let value = Template(pair.template).resolved(options) else { continue }
            self.addQuery(pair.name, PercentEncoding.queryValue(value))
        }
    }

    mutating func addQuery(_ name: String, _ encodedValue: some StringProtocol) {
        self.path += self.path.utf8.contains(UInt8(ascii: "?")) ? "&" : "?"
        self.path += PercentEncoding.queryValue(name) + "=" + encodedValue
    }

    private static func json(
        _ pairs: [IdentificationMapping.Pair],
        _ photos: [Photo],
        _ options: IdentifyOptions
    ) -> ByteBuffer {
        let members = pairs.compactMap { pair -> JSON.Member? in
            let template = Template(pair.template)
            let value =
                template.isImages
                ? JSON.array(photos.map { .string(Base64.encode($0.content)) })
                : template.json(options)
            return value.map { JSON.Member(name: pair.name, value: $0) }
        }
        var content = ByteBuffer()
        JSON.object(members).write(to: &content)
        return content
    }

    private static func parts(
        _ part: IdentificationMapping.Part,
        _ photos: [Photo],
        _ options: IdentifyOptions
    ) -> [MultipartForm.Part] {
        switch part.content {
        case .images:
            photos.enumerated().map { index, photo in
                MultipartForm.Part(
                    name: part.name,
                    filename: "image\(index + 1).\(photo.format.fileExtension)",
                    contentType: photo.format.mediaType,
                    content: photo.content
                )
            }
        case .textPerImage(let text):
            photos.indices.compactMap { Self.part(part.name, Template(text).resolved(options, image: $0)) }
        case .text(let text):
            [Self.part(part.name, Template(text).resolved(options))].compactMap(\.self)
        }
    }

    private static func part(_ name: String, _ text: String?) -> MultipartForm.Part? {
        text.map { MultipartForm.Part(name: name, content: ByteBuffer(string: $0)) }
    }
}
