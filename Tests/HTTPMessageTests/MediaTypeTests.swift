// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import Testing

@Suite struct MediaTypeTests {
    @Test func readsTypeAndParameters() {
        let type = MediaType("Text/HTML ; Charset=UTF-8;; x=\"a;\\\"b\\\\c\" ;")
        #expect(type?.essence == "text/html")
        #expect(type?[parameter: "charset"] == "UTF-8")
        #expect(type?[parameter: "x"] == "a;\"b\\c")
        #expect(type?[parameter: "boundary"] == nil)
    }

    @Test func writesOneSpellingForAll() {
        #expect(MediaType("A/b;C=d")?.description == MediaType("a/B ; c=\"d\"")?.description)
        #expect(MediaType("a/b; c=d")?.removing(parameter: "c").description == "a/b")
        #expect(MediaType("a/b; c=\"d\\\"\"")?.description == "a/b; c=\"d\\\"\"")
    }

    @Test(arguments: [
        "", "/", "a", "a/", "/b", "a/b/c", "a b/c", "a/b c", "a/b; c", "a/b; c=", "a/b; =d", "a/b; c=\"d",
        "a/b; c=d e", "a/b; c=d; C=e", "a/b, c/d", "a/b; c=\"d\"e", "é/b",
    ])
    func rejectsWhatIsNone(text: String) {
        #expect(MediaType(text) == nil)
    }
}
