// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage

/// How one API is asked about images, and where its answer keeps what the combined endpoint reports.
///
/// All of it is data, so that another API is a matter of YAML. Templates are strings with the variables `{language}`,
/// `{health}` and `{organ}`; one that is exactly `{images}` (JSON only) stands for the list of all images in base64.
/// A pair whose template has a variable without a value is left out.
package struct IdentificationMapping: Sendable, Equatable {
    package var request: Request
    package var response: Response

    package init(request: Request, response: Response) {
        self.request = request
        self.response = response
    }

    package struct Request: Sendable, Equatable {
        package var method: HTTPMethod = .post
        /// Below the upstream's own path.
        package var path: String
        /// The kinds of image that the API takes.
        package var accepts: Set<ImageFormat> = [.jpeg, .png]
        package var maxImages = 5
        package var query: [Pair] = []
        package var body: Body
        package init(path: String, body: Body) {
            self.path = path
            self.body = body
        }
    }

    package enum Body: Sendable, Equatable {
        /// A JSON object with these members.
        case json([Pair])
        /// `multipart/form-data` with these parts, in order.
        case multipart([Part])
        /// The first image itself, with its own media type.
        case raw
    }

    package struct Pair: Hashable, Sendable {
        package var name: String
        package var template: String
        package init(name: String, template: String) {
            self.name = name
            self.template = template
        }
    }

    package struct Part: Hashable, Sendable {
        package enum Content: Hashable, Sendable {
            /// One part for each image, with a file name and the image's media type.
            case images
            /// One part for each image, with this text (`organs` of Pl@ntNet).
            case textPerImage(String)
            /// One part with this text.
            case text(String)
        }
        package var name: String
        package var content: Content
        package init(name: String, content: Content) {
            self.name = name
            self.content = content
        }
    }

    package struct Response: Sendable, Equatable {
        /// Statuses that mean *nothing recognised*: an answer, with an empty list.
        package var noMatch: Set<Int> = []
        /// JSON pointer (RFC 6901) to the list of suggestions.
        package var suggestions: String
        /// Suggestions that are read at most. Default 10.
        package var limit = 10
        /// Pointers within one suggestion.
        package var fields: Fields
        /// Where diseases stand, for APIs that look for them.
        package var disease: Disease?
        package init(suggestions: String, fields: Fields) {
            self.suggestions = suggestions
            self.fields = fields
        }
    }

    package struct Fields: Hashable, Sendable {
        package var scientificName: String
        package var probability: String
        package var commonNames: String?
        package var family: String?
        package var genus: String?
        package init(scientificName: String, probability: String) {
            self.scientificName = scientificName
            self.probability = probability
        }
    }

    package struct Disease: Hashable, Sendable {
        /// Pointer to the list of diseases; absent in the answer: none was looked for.
        package var suggestions: String
        package var name: String
        package var probability: String
        /// Pointer to a Boolean in the whole answer.
        package var isHealthy: String?
        package var description: String?
        package var treatment: String?
        package init(suggestions: String, name: String, probability: String) {
            self.suggestions = suggestions
            self.name = name
            self.probability = probability
        }
    }
}

/// A kind of image, told by its first bytes, never by what the sender calls it.
package enum ImageFormat: String, CaseIterable, Sendable {
    case jpeg, png, webp

    package var mediaType: String { "image/\(self.rawValue)" }
}
