// SPDX-License-Identifier: Apache-2.0

/// What is wrong with a request to a combined endpoint, so that no API is asked.
struct CallerError: Error, Equatable {
    /// The raw value is the `reason` in the problem document.
    enum Kind: String, CaseIterable {
        case badRequest = "bad-request"
        case contentTooLarge = "content-too-large"
        case unsupportedMediaType = "unsupported-media-type"
        case unsupportedImage = "unsupported-image"
    }

    let kind: Kind
    /// A sentence for people, without bytes of the request.
    let detail: String

    init(_ kind: Kind, _ detail: String) {
        self.kind = kind
        self.detail = detail
    }

    var status: Int {
        switch self.kind {
        case .badRequest: 400
        case .contentTooLarge: 413
        case .unsupportedMediaType, .unsupportedImage: 415
        }
    }

    var title: String {
        switch self.kind {
        case .badRequest: "The request for an identification is not complete"
        case .contentTooLarge: "An image is too large"
        case .unsupportedMediaType: "The request's content is of another kind"
        case .unsupportedImage: "An image is of another kind"
        }
    }
}
