import Causality
import Changes
import Foundation
import Node
import Store
import TestSupport
import Testing
import Transport
import Wire

/// Files that were cut, altered, swapped or are none: a typed error, nothing lost, and a better copy brings the
/// rest.
@Suite struct BundleDamageTests {
  /// A county with a bundle of several frames for its hub.
  private func prepared() throws -> (world: BundleWorld, bytes: [UInt8]) {
    let world = try BundleWorld([1, 10, 11])
    var random = SeededGenerator(seed: 400)
    for index in 0..<400 {
      // What does not deflate, so that there are several frames.
      let title = random.bytes(400).map { String($0, radix: 36) }.joined()
      try world.put(11, "B\(index)", title: title)
    }
    try world.export(11, to: 10, as: "whole")
    return (world, try world.folder.bytes(of: "whole"))
  }

  /// Imports altered bytes, then the whole bundle; the hub must end as the county is.
  private func expectSafe(_ world: BundleWorld, _ bytes: [UInt8], _ comment: Comment) throws {
    try world.folder.write(bytes, to: "altered")
    var isTold = false
    do {
      let taken = try world.load("altered", at: 10)
      isTold = taken.inspection.damage != nil || taken.seal != .holds
    } catch is BundleError {
      isTold = true
    }
    #expect(isTold, comment)
  }

  @Test(arguments: [1, 2]) func `cut anywhere`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let (world, bytes) = try prepared()
    let cuts =
      [0, 1, 7, 8, 9, 10, bytes.count - 1] + (0..<25).map { _ in random.below(bytes.count) }
    for cut in cuts.sorted() {
      try expectSafe(world, Array(bytes.prefix(cut)), "seed \(seed), cut at \(cut)")
    }
    let last = try world.load("whole", at: 10)
    #expect(last.seal == .holds && !last.isIncomplete)
    try world.expectAgreement([10, 11], "seed \(seed)")
  }

  @Test(arguments: [3, 4]) func `a bit flipped anywhere`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let (world, bytes) = try prepared()
    for _ in 0..<40 {
      var altered = bytes
      let place = random.below(bytes.count)
      altered[place] ^= 1 << UInt8(random.below(8))
      try expectSafe(world, altered, "seed \(seed), byte \(place)")
    }
    try world.load("whole", at: 10)
    try world.expectAgreement([10, 11], "seed \(seed)")
    #expect(try world[10].quarantineEntries().isEmpty)
  }

  @Test func `bytes behind the seal, another bundle's end, no bundle, a folder, no file`() throws {
    let (world, bytes) = try prepared()
    try expectSafe(world, bytes + [0], "trailing byte")
    try expectSafe(world, bytes + bytes, "twice in one file")
    try expectSafe(world, Array("SQLite format 3\0 and more".utf8), "another file")
    try world.export(11, to: 10, as: "other")
    let other = try world.folder.bytes(of: "other")
    try expectSafe(world, bytes.dropLast(98) + other.suffix(98), "the seal of another bundle")
    #expect(throws: BundleError.self) { try world.load("missing", at: 10) }
    _ = try world.folder.makeFolder("folder")
    #expect(throws: BundleError.self) { try world.load("folder", at: 10) }
    try world.load("whole", at: 10)
    try world.expectAgreement([10, 11])
  }

  @Test func `damage is told with its place, and what stood before it is taken`() throws {
    let (world, bytes) = try prepared()
    var altered = bytes
    altered[bytes.count - 200] ^= 4
    try world.folder.write(altered, to: "altered")
    let taken = try world.load("altered", at: 10, acknowledging: "ack")
    let damage = try #require(taken.inspection.damage)
    #expect(taken.seal == .missing && taken.outcome.applied > 0)
    #expect(Int(damage.offset) < bytes.count - 200)
    guard case .checksumMismatch = damage.error else {
      Issue.record("\(damage)")
      return
    }
    // The acknowledgement says what was taken, so that the rest is carried next.
    try world.load("ack", at: 11)
    let rest = try world.export(11, to: 10, as: "rest")
    #expect(Int(rest.manifest.changeSetCount) == 400 - taken.outcome.applied)
    try world.load("rest", at: 10)
    try world.expectAgreement([10, 11])
  }

  @Test func `a full stick leaves no file and loses nothing`() throws {
    let (world, _) = try prepared()
    #expect(throws: BundleError.self) {
      try BundleExporter(world[11], wallMilliseconds: world.wall).export(
        to: try #require(NodeCode(division: 10)), basis: .nothing,
        path: "/dev/full/bundle")
    }
    #expect(throws: BundleError.self) {
      try BundleExporter(world[11], wallMilliseconds: world.wall).export(
        to: try #require(NodeCode(division: 10)), basis: .nothing,
        path: world.folder.path(of: "no/such/folder/bundle"))
    }
    try world.carry(11, to: 10)
    try world.expectAgreement([10, 11])
  }
}
