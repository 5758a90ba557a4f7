// SPDX-License-Identifier: Apache-2.0

/// What one API says about the images, in the words of the combined endpoint.
struct LegAnswer: Sendable, Equatable {
    /// As the API ranks them; empty: nothing was recognised.
    var suggestions: [Suggestion] = []
    /// Nil where the API did not look for diseases.
    var health: Health?

    struct Suggestion: Sendable, Equatable {
        var scientificName: String
        /// 0 to 1, on the API's own scale.
        var probability: Double
        var commonNames: [String] = []
        var family: String?
        var genus: String?
    }

    struct Health: Sendable, Equatable {
        var isHealthy: Bool?
        /// Most probable first.
        var diseases: [Disease] = []
    }

    struct Disease: Sendable, Equatable {
        var name: String
        var probability: Double
        var description: String?
        var treatment: String?
    }
}
