// SPDX-License-Identifier: Apache-2.0

import ProxyEngine
import Testing

@Suite("Secrets in targets")
struct TargetMaskTests {
    private let mask = TargetMask(["Licence"])

    @Test(
        "are hidden",
        arguments: [
            ("/a?key=1", "/a?key=***"),
            ("/a?b=c&API-KEY=1&d=e", "/a?b=c&API-KEY=***&d=e"),
            ("/a?api%2Dkey=1", "/a?api%2Dkey=***"),
            ("/a?%6Bey=1&%6bey=2", "/a?%6Bey=***&%6bey=***"),
            ("/a?licence=1;token=2", "/a?licence=***;token=***"),
            ("/a?x=?&key==1=2", "/a?x=?&key=***"),
            ("http://user:word@host/a@b", "http://***@host/a@b"),
            ("user:word@host:443", "***@host:443"),
        ]
    )
    func secrets(_ target: String, _ shown: String) {
        #expect(self.mask.masked(target) == shown)
    }

    @Test(
        "are all that is hidden",
        arguments: ["/", "/a/key=1", "/a?", "/a?key", "/a?monkey=1&keys=2", "/a@b?c=@", "*", "host:443", "/a?%=1&%k=2"]
    )
    func others(_ target: String) {
        #expect(self.mask.masked(target) == target)
    }
}
