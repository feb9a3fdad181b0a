import Causality
import Changes
import Foundation
import Store
import Testing
import Wire

/// Restored and cloned files stop writing (engine.md §6); refusals and marks are decided once (§3, §12).
@Suite struct IdentityTests {
  private func copy(_ world: World, _ node: UInt32, to path: String) throws {
    try FileManager.default.copyItem(atPath: world.folder(node).path, toPath: path)
  }

  @Test func `a database put back from a copy stops writing and says why`() throws {
    let world = try World()
    try world.insert(11, "B1", [])
    try world[11].close()
    world.release(11)
    let saved = world.root + "/saved.sqlite"
    try FileManager.default.copyItem(atPath: world.folder(11).database, toPath: saved)
    try world.open(11)
    try world.insert(11, "B2", [])
    try world[11].close()
    world.release(11)
    try FileManager.default.removeItem(atPath: world.folder(11).database)
    try FileManager.default.copyItem(atPath: saved, toPath: world.folder(11).database)
    try world.open(11)
    guard case .leaseMismatch = try #require(world[11].stopReason) else {
      Issue.record("\(String(describing: world[11].stopReason))")
      return
    }
    #expect(throws: StoreError.self) { try world.insert(11, "B3", []) }
    // It stays stopped after another opening, and can still be read.
    try world.reopen(11)
    #expect(world[11].stopReason != nil)
    #expect(try world.row(11, "B1") != nil)
  }

  @Test func `an orderly closed replica opens again and goes on`() throws {
    let world = try World()
    try world.insert(11, "B1", [])
    try world.reopen(11)
    #expect(world[11].stopReason == nil)
    try world.insert(11, "B2", [])
    try world.settle()
  }

  @Test func `a lease file that cannot be written, however often, is no sign of a copy`() throws {
    let world = try World()
    try world.insert(11, "B1", [])
    try world[11].close()
    world.release(11)
    // A folder in the place of the new file: as on a full disk, the database has its nonce, the file not.
    let obstacle = world.folder(11).lease + ".new"
    try FileManager.default.createDirectory(
      atPath: obstacle, withIntermediateDirectories: false)
    for _ in 0..<3 { #expect(throws: StoreError.self) { try world.open(11) } }
    try FileManager.default.removeItem(atPath: obstacle)
    try world.open(11)
    #expect(world[11].stopReason == nil)
    try world.insert(11, "B2", [])
    try world.settle()
  }

  @Test func `two contents for one dot are a fork, and the first stands`() throws {
    let world = try World()
    try world.insert(11, "B1", [])
    try world[11].close()
    world.release(11)
    let saved = world.root + "/clone"
    try copy(world, 11, to: saved)
    try world.open(11)
    try world.insert(11, "B2", [ColumnValue(Library.title, .text("first"))])
    try world.exchange(11, 10)
    try world[11].close()
    world.release(11)
    try FileManager.default.removeItem(atPath: world.folder(11).path)
    try FileManager.default.moveItem(atPath: saved, toPath: world.folder(11).path)
    try world.open(11)
    #expect(world[11].stopReason == nil, "a whole copied folder shows only at the hub")
    try world.insert(11, "B2", [ColumnValue(Library.title, .text("second"))])
    let scope = try #require(Scope(code: 11))
    let batch = try #require(
      try world[11].changes(
        lackedBy: [(StreamID(scope: scope), VersionVector())], maxBytes: 100_000))
    guard case .frame(let message) = batch.content else { return }
    let outcome = try world[10].apply(
      message, from: world[11].identity.replica, isIngress: true, wallMilliseconds: world.wall)
    #expect(outcome.rejected.map(\.code) == [.forkDetected])
    #expect(try world.value(10, "B2", Library.title) == .text("first"))
  }

  @Test func `a clock far ahead is marked by its hub, once, everywhere alike`() throws {
    let world = try World()
    try world.insert(11, "B1", [ColumnValue(Library.title, .text("base"))])
    try world.settle()
    try world.update(1, "B1", [ColumnValue(Library.title, .text("right"))])
    let now = world.wall
    world.wall = now + 30 * 365 * 86_400_000
    try world.update(11, "B1", [ColumnValue(Library.title, .text("future"))])
    world.wall = now
    try world.settle()
    // The wrong clock does not win, and stays visible.
    #expect(try world.value(1, "B1", Library.title) == .text("right"))
    #expect(try world.value(11, "B1", Library.title) == .text("right"))
    #expect(try world[1].conflicts().count == 1)
  }

  @Test func `a failed signature or a changed byte is turned away with its name`() throws {
    let world = try World()
    try world.insert(11, "B1", [])
    let scope = try #require(Scope(code: 11))
    let known = try world[10].knowledge(of: StreamID(scope: scope))
    let batch = try #require(
      try world[11].changes(lackedBy: [(StreamID(scope: scope), known)], maxBytes: 100_000))
    guard case .frame(let message) = batch.content, let head = message.heads.first else { return }
    var signature = head.signature
    signature[7] ^= 1
    let forged = ChangesMessage(
      changeSets: message.changeSets,
      heads: [SignedHead(dot: head.dot, hash: head.hash, signature: signature)])
    let outcome = try world[10].apply(
      forged, from: world[11].identity.replica, isIngress: true, wallMilliseconds: world.wall)
    #expect(outcome.rejected.map(\.code) == [.unprovedChangeSet])
    #expect(outcome.applied == 0)
    try world.settle()
    #expect(try world.row(1, "B1") != nil)
  }
}
