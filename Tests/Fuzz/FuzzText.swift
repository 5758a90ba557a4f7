// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import NIOCore
import ProxyConfiguration

func fuzzJSON(_ bytes: [UInt8]) {
    _ = cacheKey(bytes, type: "application/json")
    guard let json = try? JSON(parsing: bytes) else { return }
    let text = json.serialized
    require((try? JSON(parsing: Array(text.utf8))) == json, "JSON is read otherwise when it is written anew")
}

private func cacheKey(_ content: [UInt8], type: String) -> CacheKey {
    CacheKey(
        upstream: "api",
        method: .post,
        target: "/",
        fields: ["Content-Type": type],
        content: ByteBuffer(bytes: content),
        policy: CachePolicy(ttl: .seconds(1)),
        credentials: CredentialNames(headers: [], query: [])
    )
}

/// The first line is the boundary.
func fuzzMultipart(_ bytes: [UInt8]) {
    let boundary = String(decoding: bytes.prefix { $0 != 0x0A }, as: UTF8.self)
    let content = Array(bytes.drop { $0 != 0x0A }.dropFirst())
    let type = "multipart/form-data; boundary=\(boundary)"
    _ = cacheKey(content, type: type)
    guard let form = try? MultipartForm(content: ByteBuffer(bytes: content), contentType: type) else { return }
    let other = "qMzY4Nzk0OTY1ODQ5Mzg0NTY"
    let written = form.serialized(boundary: other)
    guard !written.readableBytesView.isEmpty else { return }
    let again = try? MultipartForm(content: written, contentType: MultipartForm.contentType(boundary: other))
    require(again?.parts.count == form.parts.count, "a form is read otherwise when it is written anew")
}

func fuzzFields(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    if let type = MediaType(text) { _ = type.removing(parameter: "boundary") }
    if let seconds = HTTPDate.seconds(parsing: text, now: 1_800_000_000) { _ = HTTPDate.imfFixdate(seconds) }
    let value = PercentEncoding.queryValue(text)
    require(PercentEncoding.decode(value) == Array(text.utf8), "an encoded value is decoded otherwise")
    var fields = HeaderFields()
    fields.add("A", text)
    fields.add("a", text)
    _ = fields.list("A")
    fields.remove("A")
    require(fields.isEmpty, "a field cannot be removed")
}

func fuzzDirectives(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    for name in ["Cache-Control", "CDN-Cache-Control"] {
        _ = CacheControl([name: text], named: name)
        _ = CacheControl([name: text, name: "max-age=1"], named: name)
    }
}

func fuzzConfiguration(_ bytes: [UInt8]) {
    let loader = ConfigurationLoader(environment: ["KEY": "hunter2hunter2"], profiles: [:])
    do throws(ConfigurationError) {
        let dump = try loader.load(bytes: bytes, name: "config.yaml").effectiveYAML()
        // Where else the file has the variable, in a URL say, it is no secret.
        for key in ["api_key: ", "tokens: ["] {
            for quote in ["", "\""] { require(!dump.contains(key + quote + "hunter2hunter2"), "a secret is shown") }
        }
    } catch {
        require(!error.diagnostics.isEmpty, "a file is refused without a reason")
        _ = error.rendered()
    }
}

func fuzzCertificate(_ bytes: [UInt8]) {
    let constraints = HostConstraints(encoded: bytes[...])
    _ = constraints.allow("plant.id")
    guard let nodes = DERNode.all(in: bytes[...]) else { return }
    require(Array(nodes.map(\.encoded).joined()) == bytes, "the values are not all that there is")
    for node in nodes {
        _ = node.parts.flatMap(\.parts)
        guard let seconds = CertificateTime.seconds(node) else { continue }
        guard let again = DERNode.all(in: CertificateTime.encoded(seconds)[...])?.first else { continue }
        require(CertificateTime.seconds(again) == seconds, "a time is read otherwise when it is written anew")
    }
}
