// SPDX-License-Identifier: Apache-2.0

/// The profiles that are shipped within the program: YAML text by name, as a user could write it.
package enum PlantProfiles {
    package static let all: [String: String] = [
        "plant_id": String(decoding: PackageResources.plant_id_yaml, as: UTF8.self),
        "plantnet": String(decoding: PackageResources.plantnet_yaml, as: UTF8.self),
    ]
}
