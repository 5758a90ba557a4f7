// SPDX-License-Identifier: Apache-2.0

/// What runs.
package enum BuildInfo {
    package static let version = "0.1.0"
}
