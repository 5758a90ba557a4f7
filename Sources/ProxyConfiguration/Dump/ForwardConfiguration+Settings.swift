// SPDX-License-Identifier: Apache-2.0

extension ForwardConfiguration {
    var settings: Setting {
        .mapping([
            "undeclared": .text(self.undeclared.rawValue),
            "ports": .sorted(self.ports),
            "intercept": .texts(self.intercept),
            "ca": .mapping([
                "certificate": .text(self.authority.certificateFile),
                "key": .text(self.authority.keyFile),
            ]),
            "idle": .duration(self.idle),
            "total": .duration(self.total),
        ])
    }
}
