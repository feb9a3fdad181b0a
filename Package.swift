// swift-tools-version:6.2
import PackageDescription

/// Settings of every Swift target: Swift 6 mode, warnings are errors, explicit existentials and imports.
let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
]

let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(
  name: "HummingbirdCore", package: "hummingbird")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let lifecycle = Target.Dependency.product(
  name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let arguments = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let csv = Target.Dependency.product(name: "SwiftCSV", package: "SwiftCSV")

func module(_ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = [])
  -> Target
{
  .target(
    name: name, dependencies: dependencies, resources: resources, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = [])
  -> Target
{
  .testTarget(
    name: name, dependencies: dependencies + ["TestSupport"], resources: resources,
    swiftSettings: settings)
}

let package = Package(
  name: "tributary",
  products: [
    .executable(name: "tributary", targets: ["Tributary"]),
    .executable(name: "tributary-sim", targets: ["Run"]),
  ],
  dependencies: [
    // SQLite driver: statement life cycle, busy handling and migrations are easy to get wrong.
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    // HTTP server: parsing, limits, keep-alive and shutdown under hostile clients.
    .package(
      url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    // SHA-256 and Ed25519: never written by hand.
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    // HTTP/1 client handlers and event loops, already in Hummingbird's graph.
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    // Ordered start, graceful stop, signals; already in Hummingbird's graph.
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    // Log levels and metadata; already in Hummingbird's graph.
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    // Command-line parsing, help texts and completion.
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    // CSV quoting rules.
    .package(url: "https://github.com/swiftcsv/SwiftCSV", from: "0.10.0"),
    // Child processes in EndToEndTests: pipes, exit statuses and signals.
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
  ],
  targets: [
    .systemLibrary(name: "CZlib", path: "Sources/CZlib", pkgConfig: "zlib"),
    .target(name: "CSQLite", linkerSettings: [.linkedLibrary("sqlite3")]),
    module("Causality"),
    module("Changes", ["Causality"]),
    module("Merge", ["Causality", "Changes"]),
    module("Wire", ["Causality", "Changes", "CZlib"]),
    module("Replication", ["Causality", "Changes", "Wire"]),
    module("Store", ["Causality", "Changes", "Merge", "Wire", "CSQLite", grdb, crypto]),
    module("Peering", ["Causality", "Changes", "Wire", "Replication", "Store"]),
    module(
      "Transport",
      [
        "Causality", "Changes", "Wire", hummingbird, hummingbirdCore, nioCore, nioPosix, nioHTTP1,
        lifecycle, logging,
      ]),
    module(
      "Node",
      [
        "Causality", "Changes", "Wire", "Replication", "Store", "Peering", "Transport", crypto,
        lifecycle, logging, signals,
      ]),
    module("Inspection", [crypto]),
    module(
      "Casework", ["Causality", "Changes", "Inspection", "Merge", "Store", csv],
      resources: [
        .embedInCode("Resources/divisions.csv"), .embedInCode("Resources/holidays.csv"),
        .embedInCode("Resources/inspection-items.csv"),
      ]),
    module("Terminal"),
    module("Rehearsal"),
    .target(
      name: "CSessionBench",
      cSettings: [.define("SQLITE_ENABLE_SESSION"), .define("SQLITE_ENABLE_PREUPDATE_HOOK")],
      linkerSettings: [.linkedLibrary("sqlite3"), .linkedLibrary("z")]),
    module(
      "Benchmarks",
      [
        "Causality", "Changes", "Wire", "Replication", "Store", "Peering", "CSQLite",
        "CSessionBench",
      ]),
    .executableTarget(
      name: "Tributary",
      dependencies: [
        "Causality", "Changes", "Merge", "Wire", "Store", "Transport", "Node", "Casework",
        "Inspection", "Terminal", "Rehearsal", "Benchmarks", arguments, logging, lifecycle,
      ],
      swiftSettings: settings),
    .target(
      name: "CFaultVFS", path: "Sim/CFaultVFS", linkerSettings: [.linkedLibrary("sqlite3")]),
    .target(
      name: "Simulator",
      dependencies: [
        "Causality", "Changes", "Merge", "Wire", "Replication", "Store", "Peering", "CSQLite",
        "CFaultVFS", crypto,
      ], path: "Sim/Simulator", swiftSettings: settings),
    .target(
      name: "Outages",
      dependencies: ["Causality", "Changes", "Store", "Casework", "Simulator"],
      path: "Sim/Outages",
      swiftSettings: settings),
    .executableTarget(
      name: "Run", dependencies: ["Simulator", "Outages", arguments], path: "Sim/Run",
      swiftSettings: settings),
    .target(
      name: "FuzzTargets",
      dependencies: [
        "Causality", "Changes", "Wire", "Store", "Transport", "Node", "Inspection", "Casework",
        crypto,
      ], path: "Fuzz/Targets", swiftSettings: settings),
    .target(
      name: "TestSupport", dependencies: ["Causality", "Changes"], path: "Tests/TestSupport",
      swiftSettings: settings),
    tests("BenchmarksTests", ["Benchmarks", "Changes", "Causality"]),
    tests(
      "CaseworkTests",
      ["Casework", "Inspection", "Store", "Merge", "Wire", "Changes", "Causality"]),
    tests("CausalityTests", ["Causality"]),
    tests("MergeTests", ["Merge", "Changes", "Causality"]),
    tests("WireTests", ["Wire", "Changes", "Causality"]),
    tests(
      "ProtocolTests",
      ["Causality", "Changes", "Merge", "Wire", "Replication", "Store", crypto]),
    tests("ReplicationTests", ["Replication", "Wire", "Changes", "Causality"]),
    tests(
      "EndToEndTests",
      [
        "Tributary", "Causality", "Changes", "Casework", "Rehearsal", "Store", "Transport", "Wire",
        "CZlib", subprocess,
      ]),
    tests("StoreTests", ["Causality", "Changes", "CSQLite", "Merge", "Store", "Wire", crypto]),
    tests("SimulatorTests", ["Simulator", "Outages"]),
    tests("OutagesTests", ["Outages"]),
    tests("TerminalTests", ["Terminal"]),
    tests("TestSupportTests", []),
    .testTarget(name: "TidyTests", swiftSettings: settings),
    tests("FuzzTests", ["FuzzTargets", "Causality", "Changes", "Wire", crypto]),
    tests("InspectionTests", ["Inspection", crypto]),
    tests(
      "NodeTests",
      ["Causality", "Changes", "Node", "Replication", "Store", "Transport", logging]),
    tests("TransportTests", ["Changes", "Transport", lifecycle, logging, nioCore, nioPosix]),
  ]
)
