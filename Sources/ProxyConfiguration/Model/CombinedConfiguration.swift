// SPDX-License-Identifier: Apache-2.0

/// One endpoint that asks several upstreams about the same image and merges what they say.
package struct CombinedConfiguration: Sendable, Equatable {
    package var name: String
    /// Default `/NAME`.
    package var path: String
    /// Names of upstreams that have an `identify` mapping, most trusted first. At least one.
    package var legs: [String]
    /// The time that all legs share. Default 35 s.
    package var deadline: Duration = .seconds(35)
    /// The largest image, in bytes. Default 10 MiB.
    package var maxImage = 10 << 20
    /// Images in one request, 1 to 5. Default 5.
    package var maxImages = 5

    package init(name: String, path: String, legs: [String]) {
        self.name = name
        self.path = path
        self.legs = legs
    }
}
