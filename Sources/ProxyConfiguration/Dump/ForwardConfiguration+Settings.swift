// SPDX-License-Identifier: Apache-2.0

extension ForwardConfiguration {
    var settings: Setting {
        .mapping(["idle": .duration(self.idle), "total": .duration(self.total)])
    }
}
