// SPDX-License-Identifier: Apache-2.0

extension CombinedConfiguration {
    /// - Parameter upstreams: Every upstream that the file declares.
    static func decode(
        _ reader: inout MappingReader,
        name: String,
        upstreams: [UpstreamConfiguration]
    ) -> CombinedConfiguration {
        var combined = CombinedConfiguration(name: name, path: "/" + name, legs: [])
        if let path = reader.value("path")?.mountPath(reader.problems) { combined.path = path }
        if let legs = reader.value("legs") {
            let elements = reader.list("legs") ?? []
            if case .sequence(let all) = legs.content, all.isEmpty {
                reader.problems.error("expected at least one upstream", at: legs)
            }
            for leg in elements {
                if let name = Self.leg(leg, known: combined.legs, upstreams, reader.problems) {
                    combined.legs.append(name)
                }
            }
        } else {
            reader.missing("legs", "a combined endpoint needs the upstreams to ask, such as legs: [plant_id, plantnet]")
        }
        combined.deadline = reader.duration(
            "deadline",
            in: .milliseconds(1)...(.seconds(3600)),
            default: combined.deadline
        )
        combined.maxImage = reader.size("max_image", in: 1024...(1 << 30), default: combined.maxImage)
        combined.maxImages = reader.int("max_images", in: 1...5, default: combined.maxImages)
        return combined
    }

    private static func leg(
        _ node: Node,
        known: [String],
        _ upstreams: [UpstreamConfiguration],
        _ problems: Problems
    ) -> String? {
        guard let name = node.text(problems, "the name of an upstream") else { return nil }
        guard let upstream = upstreams.first(where: { $0.name == name }) else {
            let names = upstreams.map(\.name)
            let hint = node.scalar?.isFromVariable == true ? "" : EditDistance.hint(for: name, among: names)
            problems.error("no upstream has the name \(node.shown)\(hint)", at: node)
            return nil
        }
        guard !known.contains(name) else {
            problems.error("is a leg already", at: node)
            return nil
        }
        guard upstream.identify != nil else {
            problems.error("the upstream \(name) has no identify mapping, so it cannot be asked about images", at: node)
            return nil
        }
        return name
    }
}
