import Causality
import Changes
import Node
import Store
import TestSupport
import Testing
import Wire

/// The way that change sets take makes no difference (simulation.md Q12).
@Suite struct BundleRouteTests {
  @Test(arguments: 1...6)
  func `one history by a direct link, by the hub and by bundles gives the same state`(
    seed: UInt64
  ) throws {
    var random = SeededGenerator(seed: seed)
    let world = try BundleWorld([1, 10, 11])
    // The county's history; bundles of it are made on the way, for a hub of which only some acknowledgements
    // come back.
    let scratch = try BundleWorld(copyOf: world)
    var sticks: [String] = []
    for step in 0..<30 {
      try world.put(11, "B\(random.below(9))", title: "t\(random.below(99))")
      guard random.chance(30) else { continue }
      let name = "stick\(step)"
      try world.export(11, to: 1, random.chance(30) ? .nothing : .acknowledged, as: name)
      sticks.append(name)
      let bytes = try world.folder.bytes(of: name)
      try scratch.folder.write(bytes, to: name)
      try scratch.load(name, at: 1, acknowledging: "ack")
      if random.chance(60) {
        try world.folder.write(try scratch.folder.bytes(of: "ack"), to: "ack")
        try world.load("ack", at: 11)
      }
    }
    try world.export(11, to: 1, as: "last")
    sticks.append("last")
    let (direct, relayed) = (try BundleWorld(copyOf: world), try BundleWorld(copyOf: world))
    try direct.link(11, 1)
    try relayed.link(11, 10)
    try relayed.link(10, 1)
    // All sticks arrive in any order, some twice, until the last one is in.
    var waiting = (sticks + sticks.filter { _ in random.chance(50) }).shuffled(using: &random)
    for _ in 0..<sticks.count * 4 where !waiting.isEmpty {
      let stick = waiting.removeFirst()
      do {
        try world.load(stick, at: 1)
      } catch BundleError.gap {
        waiting.append(stick)
      }
    }
    #expect(waiting.isEmpty, "seed \(seed)")
    #expect(try direct.state(1) == relayed.state(1), "seed \(seed)")
    #expect(try direct.state(1) == world.state(1), "seed \(seed)")
    #expect(try world[1].check().problems == [], "seed \(seed)")
  }

  @Test(arguments: 11...18)
  func `links and bundles mixed, lost, cut, late and repeated converge`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let world = try BundleWorld([1, 10, 11, 12])
    let pairs: [(UInt32, UInt32)] = [
      (11, 10), (10, 11), (12, 10), (10, 12), (10, 1), (1, 10), (11, 1), (1, 11),
    ]
    // Sticks in pockets: name and the node that it is for.
    var pocket: [(name: String, to: UInt32)] = []
    for step in 0..<80 {
      switch random.below(8) {
      case 0...2:
        let node = random.pick([1, 10, 11] as [UInt32])
        try world.put(node, "B\(random.below(6))", title: "n\(node) \(step)")
      case 3:
        try world.put(12, "C\(random.below(4))", title: "c\(step)", in: 12)
      case 4, 5:
        let (from, to) = random.pick(pairs)
        do {
          try world.export(
            from, to: to, random.chance(20) ? .nothing : .acknowledged, as: "s\(step)")
          pocket.append(("s\(step)", to))
        } catch BundleError.notAdmitted {
          // The top has not heard of the county yet.
        }
      case 6 where !pocket.isEmpty:
        let stick = random.pick(pocket)
        try take(stick.name, at: stick.to, world, &random, &pocket, step)
      default:
        let (child, parent) = random.pick([(11, 10), (12, 10), (10, 1)] as [(UInt32, UInt32)])
        if random.chance(40) { try world.link(child, parent) }
      }
    }
    for _ in 0..<2 {
      for (from, to) in pairs.prefix(6) {
        try world.export(from, to: to, .nothing)
        try world.load(at: to)
      }
    }
    try world.expectAgreement([1, 10, 11, 12], "seed \(seed)")
  }

  /// Imports a stick, sometimes a damaged copy, and puts the acknowledgement into the pocket.
  private func take(
    _ name: String, at node: UInt32, _ world: BundleWorld, _ random: inout SeededGenerator,
    _ pocket: inout [(name: String, to: UInt32)], _ step: Int
  ) throws {
    var file = name
    if random.chance(25) {
      let bytes = try world.folder.bytes(of: name)
      try world.folder.write(Array(bytes.prefix(random.below(bytes.count))), to: "cut")
      file = "cut"
    }
    do {
      let taken = try world.load(file, at: node, acknowledging: "a\(step)")
      if taken.acknowledgement != nil {
        pocket.append(("a\(step)", taken.manifest.from.node.division))
      }
    } catch BundleError.gap, BundleError.unreadable {
      // A person would look for another stick.
    }
  }
}
