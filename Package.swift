// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

/// One set of compiler settings for every target: what is imported, and how far it reaches, is always written down.
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let nioHTTP2: Target.Dependency = .product(name: "NIOHTTP2", package: "swift-nio-http2")
let nioHPACK: Target.Dependency = .product(name: "NIOHPACK", package: "swift-nio-http2")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let nioTLS: Target.Dependency = .product(name: "NIOTLS", package: "swift-nio")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")

let package = Package(
    name: "windbreak",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "windbreak", targets: ["windbreak"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.0"),
        .package(url: "https://github.com/apple/swift-nio-http2.git", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
    ],
    targets: [
        .systemLibrary(name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .target(name: "HTTPMessage", dependencies: [nioCore], swiftSettings: settings),
        .target(name: "Resilience", swiftSettings: settings),
        .target(
            name: "LocalAuthority",
            dependencies: ["HTTPMessage", crypto, nioCore, nioSSL],
            swiftSettings: settings
        ),
        .target(name: "HTTPCaching", dependencies: ["HTTPMessage", nioCore, crypto], swiftSettings: settings),
        .target(
            name: "CacheFile",
            dependencies: [
                "HTTPMessage", "HTTPCaching", nioCore, crypto, logging, .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "ProxyConfiguration",
            dependencies: ["CLibYAML", "HTTPMessage", "HTTPCaching", "Resilience", nioSSL, logging],
            swiftSettings: settings
        ),
        .target(
            name: "ProxyEngine",
            dependencies: [
                "HTTPMessage", "HTTPCaching", "CacheFile", "LocalAuthority", "ProxyConfiguration", "Resilience",
                nioCore,
                nioPosix, nioSSL, nioHTTP2, nioHPACK, logging,
            ],
            swiftSettings: settings
        ),
        .target(
            name: "Plants",
            dependencies: ["HTTPMessage", "ProxyConfiguration", "ProxyEngine", "Resilience", nioCore, logging],
            resources: [.embedInCode("Resources/plant_id.yaml"), .embedInCode("Resources/plantnet.yaml")],
            swiftSettings: settings
        ),
        .target(
            name: "Admin",
            dependencies: [
                "HTTPCaching", "HTTPMessage", "CacheFile", "ProxyConfiguration", "ProxyEngine", "Resilience", nioCore,
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "windbreak",
            dependencies: [
                "Admin", "HTTPMessage", "LocalAuthority", "Plants", "ProxyConfiguration", "ProxyEngine", nioCore,
                nioPosix, nioSSL,
                logging,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "plant-api-simulator",
            dependencies: [nioCore, nioPosix, .product(name: "NIOHTTP1", package: "swift-nio")],
            path: "Examples/PlantAPISimulator",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "hit-ratio",
            dependencies: ["HTTPCaching"],
            path: "Benchmarks/HitRatio",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "entry-size",
            dependencies: ["HTTPCaching", "HTTPMessage", nioCore],
            path: "Benchmarks/EntrySize",
            swiftSettings: settings
        ),
        .target(
            name: "TestSupport",
            dependencies: [
                "HTTPCaching", "HTTPMessage", "ProxyConfiguration", "ProxyEngine", nioCore, nioPosix, nioSSL, nioHPACK,
                nioHTTP2, logging,
            ],
            path: "Tests/TestSupport",
            exclude: ["Certificates"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "HTTPMessageTests",
            dependencies: ["HTTPMessage", "TestSupport", nioCore],
            swiftSettings: settings
        ),
        .testTarget(
            name: "LocalAuthorityTests",
            dependencies: [
                "LocalAuthority", nioCore, nioSSL, nioTLS, .product(name: "NIOEmbedded", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .testTarget(name: "ResilienceTests", dependencies: ["Resilience"], swiftSettings: settings),
        .testTarget(
            name: "HTTPCachingTests",
            dependencies: ["HTTPMessage", "HTTPCaching", "TestSupport", nioCore],
            swiftSettings: settings
        ),
        .testTarget(
            name: "CacheFileTests",
            dependencies: ["CacheFile", "HTTPCaching", "HTTPMessage", "TestSupport", nioCore, logging],
            swiftSettings: settings
        ),
        .testTarget(
            name: "ProxyConfigurationTests",
            dependencies: ["ProxyConfiguration", "HTTPMessage", "HTTPCaching", "Resilience"],
            exclude: ["Fixtures"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "ProxyEngineTests",
            dependencies: [
                "ProxyEngine", "ProxyConfiguration", "HTTPCaching", "HTTPMessage", "LocalAuthority", "Resilience",
                "TestSupport", nioCore, nioPosix, nioHTTP2, logging,
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "PlantsTests",
            dependencies: [
                "Plants", "ProxyConfiguration", "ProxyEngine", "HTTPMessage", "Resilience", "TestSupport", nioCore,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "AdminTests",
            dependencies: [
                "Admin", "ProxyEngine", "ProxyConfiguration", "HTTPMessage", "Resilience", nioCore, nioPosix, logging,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "WindbreakTests",
            dependencies: [
                "windbreak", "plant-api-simulator", "HTTPMessage", "LocalAuthority", "TestSupport", nioCore, nioPosix,
            ],
            swiftSettings: settings
        ),
    ],
    swiftLanguageModes: [.v6]
)
