import Foundation
import TestSupport
import Testing

/// Cycles of the loops below: `TRIBUTARY_CYCLES`, 20 unless set.
let faultCycles = ProcessInfo.processInfo.environment["TRIBUTARY_CYCLES"].flatMap { Int($0) } ?? 20

/// Chance of the loops below: `TRIBUTARY_SEED`, another one each time unless set.
let faultSeed =
  ProcessInfo.processInfo.environment["TRIBUTARY_SEED"].flatMap { UInt64($0) }
  ?? UInt64.random(in: 0...999_999)

@Suite("Nodes and links that fail", .timeLimit(.minutes(120)))
struct CrashTests {
  @Test("Nodes killed at random moments while all tiers write lose nothing and agree")
  func kills() async throws {
    print("TRIBUTARY_SEED=\(faultSeed) TRIBUTARY_CYCLES=\(faultCycles)")
    let tree = try await TestTree()
    try await tree.start()
    let workload = Workload(tree.nodes, in: TestTree.county)
    try await workload.run {
      var random = SeededGenerator(seed: faultSeed)
      for _ in 0..<faultCycles {
        try await Task.sleep(for: .milliseconds(random.below(400)))
        let victim = random.pick(tree.nodes)
        try await victim.kill()
        try await Task.sleep(for: .milliseconds(random.below(200)))
        try await tree.start(victim)
      }
    }
    try await tree.agree()
    #expect(workload.result.companies.count >= faultCycles)
    for node in tree.nodes {
      #expect(try await workload.missing(at: node) == [], "at \(node.code), seed \(faultSeed)")
    }
    try await tree.check()
    try await tree.stop()
    try await tree.check()
  }

  @Test("Links cut, half open, one way and broken in a frame lose nothing and agree")
  func partitions() async throws {
    print("TRIBUTARY_SEED=\(faultSeed) TRIBUTARY_CYCLES=\(faultCycles)")
    let tree = try await TestTree()
    try await tree.start()
    let workload = Workload(tree.nodes, in: TestTree.county)
    try await workload.run {
      var random = SeededGenerator(seed: faultSeed)
      let links = tree.nodes.flatMap(\.links)
      for _ in 0..<faultCycles {
        let link = random.pick(links)
        Self.spoil(link, &random)
        try await Task.sleep(for: .milliseconds(random.below(800)))
        link.heal()
        try await Task.sleep(for: .milliseconds(random.below(200)))
      }
    }
    for link in tree.nodes.flatMap(\.links) {
      link.heal()
      // A link that was one way stays silent for those who wait on it.
      link.resetAll()
    }
    try await tree.agree()
    for node in tree.nodes {
      #expect(try await workload.missing(at: node) == [], "at \(node.code), seed \(faultSeed)")
    }
    try await tree.check()
    try await tree.stop()
  }

  private static func spoil(_ link: FaultProxy, _ random: inout SeededGenerator) {
    let direction = random.chance(50) ? FaultPlan.Direction.up : .down
    let ending = random.chance(50) ? FaultPlan.Ending.finish : .reset
    let seed = random.next()
    switch random.below(6) {
    case 0: link.disconnect()
    case 1: link.stall()
    case 2:
      link.spoil(.swallow(direction))
      link.resetAll()
    case 3:
      // Each connection ends somewhere else, in heads and in frames.
      link.spoil { number in
        var place = SeededGenerator(seed: seed &+ UInt64(number))
        return .cut(direction, after: place.below(1_500), ending)
      }
      link.resetAll()
    case 4:
      link.spoil { number in
        var place = SeededGenerator(seed: seed &+ UInt64(number))
        return .corrupt(direction, at: place.below(1_500), mask: 1 << UInt8(place.below(8)))
      }
      link.resetAll()
    default:
      link.spoil(.delay(milliseconds: 50).and(.cut(direction, after: 900, ending)))
      link.resetAll()
    }
  }
}
