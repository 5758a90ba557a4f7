// SPDX-License-Identifier: Apache-2.0

extension ForwardConfiguration {
    var settings: Setting {
        .mapping([
            "undeclared": .text(self.undeclared.rawValue),
            "ports": .sorted(self.ports),
            "idle": .duration(self.idle),
            "total": .duration(self.total),
        ])
    }
}
