// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyConfiguration

/// What a caller of a combined endpoint wants: images, and how they are to be looked at.
struct IdentifyRequest: Sendable, Equatable {
    /// At least one.
    let photos: [Photo]
    let options: IdentifyOptions

    /// Reads a form, JSON or an image itself, whichever the content type says.
    ///
    /// Options may stand in the query too; the content's own count more.
    init(
        contentType: String?,
        query: String?,
        content: ByteBuffer,
        limits: CombinedConfiguration
    ) throws(CallerError) {
        var raw = RawRequest()
        for parameter in QueryParameters(query).parameters where IdentifyOptions.names.contains(parameter.name) {
            raw.options[parameter.name, default: []].append(parameter.value)
        }
        let contentType = contentType ?? "application/octet-stream"
        switch MediaType(contentType)?.essence {
        case "multipart/form-data":
            try raw.readForm(content, contentType: contentType)
        case "application/json":
            try raw.readJSON(content, limit: limits.maxImage)
        case "application/octet-stream":
            raw.images = [content]
        case let type? where type.hasPrefix("image/"):
            raw.images = [content]
        default:
            throw CallerError(
                .unsupportedMediaType,
                "send multipart/form-data with image or images, JSON with images in base64, or the image itself as image/*"
            )
        }
        guard !raw.images.isEmpty else {
            throw CallerError(.badRequest, "there is no image: name it image or images")
        }
        guard raw.images.count <= limits.maxImages else {
            throw CallerError(.badRequest, "\(raw.images.count) images, and \(limits.maxImages) are allowed")
        }
        var photos: [Photo] = []
        for (index, image) in raw.images.enumerated() {
            photos.append(try Photo(image, position: index + 1, limit: limits.maxImage))
        }
        self.photos = photos
        self.options = try IdentifyOptions(raw.options, images: photos.count)
    }
}

/// What was found in the content, before anything of it is judged.
private struct RawRequest {
    var images: [ByteBuffer] = []
    var options: [String: [String]] = [:]

    mutating func readForm(_ content: ByteBuffer, contentType: String) throws(CallerError) {
        let form: MultipartForm
        do throws(MultipartForm.ParseError) {
            form = try MultipartForm(content: content, contentType: contentType)
        } catch {
            throw CallerError(.badRequest, "the form cannot be read: \(error)")
        }
        var own: [String: [String]] = [:]
        for part in form.parts {
            switch part.name {
            case "image", "images":
                self.images.append(part.content)
            case let name? where IdentifyOptions.names.contains(name):
                own[name, default: []].append(String(buffer: part.content))
            default:
                continue
            }
        }
        self.options.merge(own) { $1 }
    }

    mutating func readJSON(_ content: ByteBuffer, limit: Int) throws(CallerError) {
        guard let json = try? JSON(parsing: content.readableBytesView), let members = json.object else {
            throw CallerError(.badRequest, "the content is not a JSON object")
        }
        // Which of two would count is not for anybody to guess (RFC 8259, 4), least of all where a call is paid for.
        for name in IdentifyOptions.names.union(["image", "images"]).sorted()
        where members.count(where: { $0.name == name }) > 1 {
            throw CallerError(.badRequest, "\(name) is given twice")
        }
        for name in ["image", "images"] {
            guard let value = json[name], value != .null else { continue }
            for element in value.array ?? [value] {
                guard let text = element.string else {
                    throw CallerError(.badRequest, "\(name) holds something else than text in base64")
                }
                self.images.append(try Self.image(text, position: self.images.count + 1, limit: limit))
            }
        }
        for name in IdentifyOptions.names {
            guard let value = json[name], value != .null else { continue }
            var texts: [String] = []
            for element in value.array ?? [value] {
                guard let text = element.string ?? element.bool.map({ $0 ? "true" : "false" }) else {
                    throw CallerError(.badRequest, "\(name) is not text")
                }
                texts.append(text)
            }
            self.options[name] = texts
        }
    }

    /// The octets of an image from base64, with or without a `data:` URI around it (RFC 2397).
    private static func image(_ text: String, position: Int, limit: Int) throws(CallerError) -> ByteBuffer {
        var encoded = text[...]
        if text.utf8.prefix(5).elementsEqual("data:".utf8) {
            guard let comma = text.utf8.prefix(256).firstIndex(of: UInt8(ascii: ",")),
                text[..<comma].lowercased().hasSuffix(";base64")
            else {
                throw CallerError(.badRequest, "image \(position) is a data URI, but not one in base64")
            }
            encoded = text[text.utf8.index(after: comma)...]
        }
        guard Base64.decodedLength(encoded.utf8) <= limit + 2 else {
            throw CallerError(.contentTooLarge, "image \(position) has more than the \(limit) bytes that are allowed")
        }
        guard let image = Base64.decode(encoded) else {
            throw CallerError(.badRequest, "image \(position) is not base64; addresses of images are not fetched")
        }
        return image
    }
}
