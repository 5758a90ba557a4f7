// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import NIOCore
import TestSupport
import Testing

@Suite struct CacheKeyTests {
    /// A request of which each test changes something.
    private struct Sample {
        var upstream = "plant_id"
        var method = HTTPMethod.get
        var target = "/identification?details=x&lang=en"
        var fields: HeaderFields = ["Accept": "application/json", "User-Agent": "a"]
        var content = ByteBuffer()
        var policy = CachePolicy(ttl: .seconds(60))
        var credentials = CredentialNames(headers: ["api-key", "authorization"], query: ["api-key"])

        var key: CacheKey {
            CacheKey(
                upstream: self.upstream,
                method: self.method,
                target: self.target[...],
                fields: self.fields,
                content: self.content,
                policy: self.policy,
                credentials: self.credentials
            )
        }

        func changed(_ change: (inout Sample) -> Void) -> CacheKey {
            var sample = self
            change(&sample)
            return sample.key
        }

        /// The key of a POST of this content.
        static func post(_ content: ByteBuffer, _ contentType: String?) -> CacheKey {
            Sample().changed {
                $0.method = .post
                $0.content = content
                if let contentType { $0.fields.add("Content-Type", contentType) }
            }
        }

        static func json(_ text: String) -> CacheKey { Self.post(ByteBuffer(string: text), "application/json") }

        static func form(_ text: String, _ boundary: String = "b", parameters: String = "") -> CacheKey {
            Self.post(ByteBuffer(string: text), "multipart/form-data; boundary=\(boundary)\(parameters)")
        }
    }

    // MARK: Head

    @Test func isTheSameForTheSameRequest() {
        #expect(Sample().key == Sample().key)
        #expect(Sample().key == Sample().changed { $0.fields.set("user-agent", "b") })
        #expect(Sample().key.description.utf8.count == 64)
        #expect(Sample().key.description.hasPrefix(Sample().key.short) && Sample().key.short.utf8.count == 8)
    }

    /// A key that a later version cannot find again is a paid answer lost.
    @Test func doesNotChangeFromVersionToVersion() {
        #expect(Sample().key.short == "cfa4656e")
    }

    @Test func everythingThatMayMatterMakesAnother() {
        let keys = [
            Sample().key, Sample().changed { $0.upstream = "plantnet" }, Sample().changed { $0.method = .head },
            Sample().changed { $0.target = "/identification" }, Sample().changed { $0.target = "/identification?" },
            Sample().changed { $0.target = "/identification?lang=en&details=x" },
            Sample().changed { $0.target = "/identification?details=x" },
            Sample().changed { $0.target = "/identification?details=x&lang=en&" },
            Sample().changed { $0.target = "/identification?details=x&lang=EN" },
            Sample().changed { $0.target = "/identification?details=x&lang=e%6E" },
            Sample().changed { $0.target = "/identification?details=x%26lang=en" },
            Sample().changed { $0.target = "/identification/details=x&lang=en" },
            Sample().changed { $0.fields.set("accept", "text/html") }, Sample().changed { $0.fields.remove("accept") },
            Sample().changed { $0.fields.set("accept", "") }, Sample().changed { $0.fields.add("accept", "text/html") },
            Sample().changed { $0.fields.add("accept-language", "de") },
            Sample().changed { $0.content = ByteBuffer(string: "x") },
        ]
        #expect(Set(keys).count == keys.count)
    }

    @Test func onlyTheFieldsOfThePolicyMatter() {
        let original = Sample().changed { $0.policy.headers = ["user-agent"] }
        #expect(
            original
                == Sample().changed {
                    $0.policy.headers = ["user-agent"]
                    $0.fields.remove("accept")
                }
        )
        #expect(
            original
                != Sample().changed {
                    $0.policy.headers = ["user-agent"]
                    $0.fields.set("user-agent", "b")
                }
        )
    }

    @Test func ignoredParametersDoNotMatter() {
        let policy = { (sample: inout Sample) in sample.policy.ignoredQuery = ["utm"] }
        let keys = ["/p?x=1&utm=2", "/p?utm=3&x=1", "/p?UTM=&x=1", "/p?x=1", "/p?utm&x=1&utm"].map { target in
            Sample().changed {
                policy(&$0)
                $0.target = target
            }
        }
        #expect(Set(keys).count == 1)
        #expect(
            Sample().changed {
                policy(&$0)
                $0.target = "/p?utm=1"
            }
                == Sample().changed {
                    policy(&$0)
                    $0.target = "/p"
                }
        )
        #expect(
            keys[0]
                != Sample().changed {
                    policy(&$0)
                    $0.target = "/p?x=1&utm2=2"
                }
        )
    }

    // MARK: Credentials

    @Test func differentCredentialsNeverShare() {
        let keys = [
            Sample().key, Sample().changed { $0.fields.add("Api-Key", "a") },
            Sample().changed { $0.fields.add("Api-Key", "b") },
            Sample().changed { $0.fields.add("Api-Key", "") }, Sample().changed { $0.fields.add("Authorization", "a") },
            Sample().changed { $0.target += "&api-key=a" }, Sample().changed { $0.target += "&api-key=b" },
            Sample().changed { $0.target += "&api-key" }, Sample().changed { $0.target += "&api%2Dkey=a" },
            Sample().changed {
                $0.fields.add("Api-Key", "a")
                $0.fields.add("Api-Key", "b")
            },
            Sample().changed {
                $0.fields.add("Api-Key", "b")
                $0.fields.add("Api-Key", "a")
            },
            Sample().changed {
                $0.fields.add("Api-Key", "a")
                $0.fields.add("Authorization", "a")
            },
        ]
        #expect(Set(keys).count == keys.count)
    }

    @Test func octetsThatAreNoTextDivideCredentialsToo() {
        let keys = [[0xFF], [0xFE]].map { (value: [UInt8]) in
            Sample().changed { sample in
                Array("Api-Key".utf8).withUnsafeBytes { name in
                    value.withUnsafeBytes { sample.fields.add(name: name, value: $0) }
                }
            }
        }
        #expect(keys[0] != keys[1])
    }

    @Test func thePlaceOfACredentialInTheQueryDoesNotMatter() {
        let key = Sample().changed { $0.target = "/p?api-key=a&x=1" }
        #expect(key == Sample().changed { $0.target = "/p?x=1&api-key=a" })
        #expect(key != Sample().changed { $0.target = "/p?x=1&api-key=b" })
    }

    @Test func credentialsShareWhereThePolicySaysSo() {
        let shared = Sample().changed { $0.policy.sharesCredentials = true }
        #expect(
            shared
                == Sample().changed {
                    $0.policy.sharesCredentials = true
                    $0.fields.add("Api-Key", "a")
                }
        )
        #expect(
            shared
                == Sample().changed {
                    $0.policy.sharesCredentials = true
                    $0.target += "&api-key=a"
                }
        )
    }

    @Test func credentialsThatTheProxyReplacesDoNotMatter() {
        let names = CredentialNames(
            headers: ["api-key", "authorization"],
            query: ["api-key"],
            ignoredHeaders: ["api-key"],
            ignoredQuery: ["api-key"]
        )
        let original = Sample().changed { $0.credentials = names }
        #expect(
            original
                == Sample().changed {
                    $0.credentials = names
                    $0.fields.add("Api-Key", "a")
                }
        )
        #expect(
            original
                == Sample().changed {
                    $0.credentials = names
                    $0.target += "&api-key=a"
                }
        )
        #expect(
            original
                != Sample().changed {
                    $0.credentials = names
                    $0.fields.add("Authorization", "a")
                }
        )
    }

    // MARK: JSON

    @Test func theSpellingOfJSONDoesNotMatter() {
        let original = Sample.json(#"{"a":[1,"é",{"x":null,"y":true}],"b":2}"#)
        #expect(original == Sample.json("{ \"b\" : 2,\n\"a\":[1,\"\\u00e9\",{\"y\":true,\"x\":null}] }"))
    }

    @Test func theValueOfJSONMatters() {
        let texts = [
            #"{"a":1}"#, #"{"a":1.0}"#, #"{"a":1e0}"#, #"{"a":"1"}"#, #"{"a":true}"#, #"{"a":false}"#, #"{"a":null}"#,
            #"{"a":[1]}"#, #"{"a":[1,2]}"#, #"{"a":[2,1]}"#, #"{"a":[[1],2]}"#, #"{"a":[[1,2]]}"#, #"{"b":1}"#,
            #"{"A":1}"#, #"[{"a":1}]"#,
            #"{"a":1,"b":1}"#, #"{"a":{"b":1}}"#, #"["a",1]"#, #"{"é":1}"#, #"{"e\#u{301}":1}"#, #"{"a":{}}"#,
            #"{"a":[]}"#, #"{"a":""}"#,
        ]
        #expect(Set(texts.map { Sample.json($0) }).count == texts.count)
    }

    @Test func jsonInDoubtIsTakenByItsOctets() {
        for (text, other) in [
            (#"{"a":1,"a":2}"#, #"{"a":1, "a":2}"#), (#"{"a":1,"a":2}"#, #"{"a":2,"a":1}"#), ("{", "{ "),
            ("[1],", "[1] ,"),
            (
                String(repeating: "[", count: 65) + String(repeating: "]", count: 65),
                String(repeating: "[", count: 65) + " " + String(repeating: "]", count: 65)
            ),
        ] {
            #expect(Sample.json(text) == Sample.json(text))
            #expect(Sample.json(text) != Sample.json(other))
        }
        let spellings = ["[1]", "[ 1]"].map { ByteBuffer(string: $0) }
        for type in ["text/plain", "application/json; charset=latin1", "application/json; charset=a; charset=b", nil] {
            #expect(Sample.post(spellings[0], type) != Sample.post(spellings[1], type))
        }
        #expect(Sample.post(spellings[0], "application/ld+json") == Sample.post(spellings[1], "application/ld+json"))
        #expect(Sample.post(spellings[0], "application/ld+json") != Sample.post(spellings[0], "application/json"))
        #expect(Sample.post(spellings[0], "text/plain") != Sample.post(spellings[0], "text/html"))
    }

    @Test func theLanguageOfAContentMatters() {
        for type in ["application/json", "text/plain"] {
            let keys = [nil, "en", "de"].map { (language: String?) in
                Sample().changed {
                    $0.content = ByteBuffer(string: "{}")
                    $0.fields.add("Content-Type", type)
                    if let language { $0.fields.add("Content-Language", language) }
                }
            }
            #expect(Set(keys).count == keys.count)
        }
    }

    @Test func encodedContentIsTakenByItsOctets() {
        let keys = ["[1]", "[ 1]"].flatMap { text in
            ["gzip", "identity", nil].map { encoding in
                Sample().changed {
                    $0.content = ByteBuffer(string: text)
                    $0.fields.add("Content-Type", "application/json")
                    if let encoding { $0.fields.add("Content-Encoding", encoding) }
                }
            }
        }
        #expect(Set(keys).count == 5)
    }

    // MARK: Forms

    @Test func formsInDoubtAreTakenByTheirOctets() {
        let form = { (boundary: String, before: String, after: String) in
            "\(before)--\(boundary)\r\n\r\nx\r\n--\(boundary)--\(after)"
        }
        #expect(Sample.form(form("b", "", "")) == Sample.form(form("c", "", "\r\n"), "c"))
        #expect(Sample.form(form("b", "", "")) == Sample.form(form("b", "", ""), "\"b\""))
        for (before, after) in [("p\r\n", ""), ("", "\r\ne"), ("", " "), ("", "x")] {
            let key = Sample.form(form("b", before, after))
            #expect(key == Sample.form(form("b", before, after)))
            #expect(key != Sample.form(form("b", "", "")))
            #expect(key != Sample.form(form("c", before, after), "c"))
        }
        #expect(Sample.form(form("b", "", "")) != Sample.form(form("b", "", ""), parameters: "; charset=utf-8"))
        #expect(
            Sample.form(form("b", "", ""), parameters: "; x=y")
                == Sample.form(form("c", "", ""), "c", parameters: ";X=\"y\"")
        )
    }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func theBoundaryOfAFormDoesNotMatterAndAllElseDoes(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let parts = (0..<Int.random(in: 1...5, using: &random)).map { _ in Self.part(&random) }
        let original = Self.key(of: parts, boundary: "first\(seed)")
        #expect(original == Self.key(of: parts, boundary: "Second.\(random.next())"))

        let index = Int.random(in: parts.indices, using: &random)
        let part = parts[index]
        var others: [[MultipartForm.Part]] = []
        func replace(_ name: String?, _ filename: String?, _ type: String?, _ content: ByteBuffer) {
            var changed = parts
            changed[index] = .init(name: name ?? "", filename: filename, contentType: type, content: content)
            others.append(changed)
        }
        let type = part.fields["content-type"]
        replace((part.name ?? "") + "x", part.filename, type, part.content)
        replace(part.name, (part.filename ?? "") + "x", type, part.content)
        replace(part.name, part.filename, (type ?? "") + "x", part.content)
        var bytes = Array(part.content.readableBytesView)
        if bytes.isEmpty { bytes = [0] } else { bytes[Int.random(in: bytes.indices, using: &random)] ^= 0x80 }
        replace(part.name, part.filename, type, ByteBuffer(bytes: bytes))
        replace(part.name, part.filename, type, ByteBuffer(bytes: Array(part.content.readableBytesView) + [0]))
        others.append(parts + [part])
        others.append(Array(parts.dropLast()))
        others.append([.init(name: "before", content: ByteBuffer())] + parts)
        for other in others { #expect(Self.key(of: other, boundary: "first\(seed)") != original) }

        let reversed = Array(parts.reversed())
        let isPalindrome = zip(parts, reversed).allSatisfy { $0.fields == $1.fields && $0.content == $1.content }
        #expect(isPalindrome == (Self.key(of: reversed, boundary: "first\(seed)") == original))
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func changedOctetsOfAnyContentMakeAnotherKey(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let bytes = random.bytes(upTo: 5000) + [0]
        var changed = bytes
        changed[Int.random(in: bytes.indices, using: &random)] ^= 1 << UInt8.random(in: 0...7, using: &random)
        for type in ["image/jpeg", "multipart/form-data; boundary=b", "application/json", nil] {
            #expect(Sample.post(ByteBuffer(bytes: bytes), type) == Sample.post(ByteBuffer(bytes: bytes), type))
            #expect(Sample.post(ByteBuffer(bytes: bytes), type) != Sample.post(ByteBuffer(bytes: changed), type))
        }
    }

    private static func key(of parts: [MultipartForm.Part], boundary: String) -> CacheKey {
        let form = MultipartForm(parts: parts)
        return Sample.post(form.serialized(boundary: boundary), MultipartForm.contentType(boundary: boundary))
    }

    private static func part(_ random: inout SeededGenerator) -> MultipartForm.Part {
        .init(
            name: ["images", "organs", "é"][Int.random(in: 0..<3, using: &random)],
            filename: Bool.random(using: &random) ? "a.jpg" : nil,
            contentType: Bool.random(using: &random) ? "image/jpeg" : nil,
            content: ByteBuffer(bytes: random.bytes(upTo: 2000))
        )
    }
}
