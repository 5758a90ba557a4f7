// SPDX-License-Identifier: Apache-2.0

extension CacheKey {
    /// The key of one variant alone, so that requests for others need not wait for it. It is for flights and never stored.
    package func narrowed(to variant: Variant) -> CacheKey {
        var hasher = KeyHasher()
        hasher.add(.upstream, self.description)
        for field in variant.fields {
            hasher.add(.field, field.name)
            field.values.withUnsafeBytes { hasher.add(.fieldValue, $0) }
        }
        return hasher.key()
    }
}
