import Causality
import Changes
import Foundation
import Node
import Store
import TestSupport
import Testing
import Wire

/// Bundles between real replicas and files (Protocol/6-Sessions §11, 8-Bundles).
@Suite struct BundleTests {
  /// What an import threw.
  private func refusal(_ body: () throws -> Void) -> BundleError? {
    do {
      try body()
      return nil
    } catch {
      return error as? BundleError
    }
  }

  @Test func `a bundle brings all, its acknowledgement makes the next one small`() throws {
    let world = try BundleWorld()
    for index in 0..<300 { try world.put(11, "B\(index)", title: "t\(index)") }
    let first = try world.export(11, to: 10, as: "first")
    #expect(first.manifest.changeSetCount >= 300)
    let taken = try world.load("first", at: 10, acknowledging: "ack")
    #expect(taken.seal == .holds && !taken.isIncomplete)
    #expect(taken.outcome.applied == 300)
    #expect(taken.rows.map(\.inserted) == [300])
    try world.expectAgreement([10, 11])
    let back = try world.load("ack", at: 11)
    #expect(back.manifest.isAcknowledgement && !back.acknowledgedStreams.isEmpty)
    let lags = try world[11].lags(of: world[10].identity.replica)
    #expect(lags.allSatisfy { $0.behind == 0 }, "\(lags)")
    #expect(try world[11].peers().map(\.replica) == [world[10].identity.replica])
    try world.put(11, "B7", title: "new")
    let second = try world.export(11, to: 10, as: "second")
    #expect(second.manifest.changeSetCount == 1 && second.byteCount < first.byteCount / 5)
    let next = try world.load("second", at: 10)
    #expect(next.rows.map(\.updated) == [1] && next.outcome.applied == 1)
    let full = try world.export(11, to: 10, .nothing, as: "full")
    #expect(full.manifest.changeSetCount > 300)
    let again = try world.load("full", at: 10)
    #expect(again.outcome.applied == 0 && again.outcome.duplicates >= 300 && again.rows.isEmpty)
  }

  @Test func `a county that never had a link is filled by its hub's bundle`() throws {
    let world = try BundleWorld([1, 10, 11], isSettled: false)
    try world.link(10, 1)
    try world.put(10, "B1", title: "from above")
    try world.put(11, "B2", title: "from below")
    try world.export(10, to: 11)
    let taken = try world.load(at: 11, acknowledging: "ack")
    #expect(taken.seal == .holds, "the bundle brought the key of its sender")
    #expect(!taken.acknowledgedStreams.isEmpty)
    #expect(try world.title(11, "B1") == .text("from above"))
    try world.load("ack", at: 10)
    try world.carry(11, to: 10)
    try world.expectAgreement([10, 11])
  }

  @Test func `a dry run tells what an import does, and changes no byte of the folder`() throws {
    let world = try BundleWorld()
    try world.put(11, "B1", title: "base")
    try world.carry(11, to: 10)
    try world.put(10, "B1", title: "hub")
    try world.put(11, "B1", title: "county")
    try world.put(11, "B2", title: "other")
    try world.export(11, to: 10)
    try world.close(10)
    func files() throws -> [String: [UInt8]] {
      let path = world.place(10).path
      // SQLite makes -wal and -shm for whoever reads.
      let names = try FileManager.default.contentsOfDirectory(atPath: path)
        .filter { !$0.hasSuffix("-shm") }
      return try Dictionary(
        uniqueKeysWithValues: names.map { ($0, try TemporaryFolder.bytes(atPath: "\(path)/\($0)")) }
      )
    }
    let before = try files()
    let trial = try Replica.openTrial(
      folder: world.place(10), tree: world.tree, schema: try BundleWorld.schema())
    let shown = try BundleImporter(trial, wallMilliseconds: world.wall).run(
      path: world.folder.path(of: "bundle"))
    try trial.close()
    var after = try files()
    #expect((after.removeValue(forKey: "replica.sqlite-wal") ?? []).isEmpty)
    #expect(after == before)
    try world.open(10)
    let done = try world.load(at: 10)
    #expect(shown.outcome == done.outcome && shown.rows == done.rows)
    #expect(shown.openedConflicts.map(\.id) == done.openedConflicts.map(\.id))
    #expect(done.openedConflicts.count == 1)
    #expect(done.rows.map { [$0.inserted, $0.updated, $0.deleted] } == [[1, 1, 0]])
  }

  @Test func `an import tells the violations that it opened and ended`() throws {
    let world = try BundleWorld()
    try world.put(10, "B1", title: "same")
    try world.put(11, "B2", title: "same")
    try world.put(11, "B3", title: "other")
    try world.export(11, to: 10)
    let opened = try world.load(at: 10)
    #expect(opened.openedViolations.map(\.rule) == ["title_once"])
    #expect(opened.openedViolations.first?.rows.count == 2)
    #expect(opened.endedViolations == 0)
    try world.put(11, "B2", title: "its own")
    try world.export(11, to: 10)
    let ended = try world.load(at: 10)
    #expect(ended.openedViolations == [])
    #expect(ended.endedViolations == 1)
  }

  @Test func `a dry run works beside the process that owns the file`() throws {
    let world = try BundleWorld()
    try world.put(11, "B1", title: "x")
    try world.export(11, to: 10)
    let state = try world.state(10)
    let trial = try Replica.openTrial(
      folder: world.place(10), tree: world.tree, schema: try BundleWorld.schema())
    let shown = try BundleImporter(trial, wallMilliseconds: world.wall).run(
      path: world.folder.path(of: "bundle"))
    // The owner goes on writing meanwhile.
    try world.put(10, "B9", title: "y")
    try trial.close()
    #expect(shown.outcome.applied == 1)
    #expect(try world.state(10) != state)
    #expect(try world.title(10, "B1") == nil)
  }

  @Test func `an import beside the owner is seen by the owner`() throws {
    let world = try BundleWorld()
    try world.put(11, "B1", title: "x")
    try world.export(11, to: 10)
    let second = try Replica.open(
      folder: world.place(10), tree: world.tree, schema: try BundleWorld.schema(),
      wallMilliseconds: world.wall)
    _ = try BundleImporter(second, wallMilliseconds: world.wall).run(
      path: world.folder.path(of: "bundle"))
    try second.close()
    #expect(try world.title(10, "B1") == .text("x"))
    try world.put(10, "B1", title: "y")
    try world.link(11, 10)
    try world.expectAgreement([10, 11])
  }

  @Test func `wrong addressee, foreign county, own bundle and gap are told apart`() throws {
    let world = try BundleWorld([1, 10, 11, 12, 20, 21])
    try world.put(11, "B1", title: "x")
    try world.export(11, to: 10, as: "to 10")
    let ten = try #require(NodeCode(division: 10))
    let eleven = world[11].identity.replica
    #expect(
      refusal { try world.load("to 10", at: 1) } == .addressed(to: ten, from: eleven))
    #expect(refusal { try world.load("to 10", at: 11) } == .own(eleven))
    let twelve = try #require(NodeCode(division: 12))
    #expect(refusal { try world.load("to 10", at: 12) } == .notRelated(eleven.node))
    #expect(refusal { try world.export(11, to: 12) } == .notRelated(twelve))
    #expect(refusal { try world.export(11, to: 11) } == .own(eleven))
    let nowhere = try #require(NodeCode(division: 999))
    #expect(refusal { try world.export(11, to: 999) } == .unknownNode(nowhere))
    // The second builds on the first, which got lost; the acknowledgement of a copy came back.
    let copy = try BundleWorld(copyOf: world)
    try copy.load("../\(lastComponent(world))/to 10", at: 10, acknowledging: "ack")
    try world.load("../\(lastComponent(copy))/ack", at: 11)
    try world.put(11, "B2", title: "y")
    try world.export(11, to: 10, as: "second")
    let stream = StreamID(scope: try world.scope(11), channel: .both)
    #expect(refusal { try world.load("second", at: 10) } == .gap([stream], from: eleven))
    #expect(try world.title(10, "B2") == nil)
    try world.load("to 10", at: 10)
    try world.load("second", at: 10)
    try world.expectAgreement([10, 11])
  }

  private func lastComponent(_ world: BundleWorld) -> String {
    String(world.folder.path.split(separator: "/").last ?? "")
  }

  @Test func `an unknown child gets no bundle, and none of its own is taken for proved`() throws {
    let world = try BundleWorld([1, 10, 11])
    let stranger = try #require(NodeCode(division: 12))
    #expect(refusal { try world.export(10, to: 12) } == .notAdmitted(stranger))
    let replica = try Replica.create(
      folder: world.place(12), node: stranger, tree: world.tree,
      schema: try BundleWorld.schema(), anchor: world[1].identity.anchor,
      wallMilliseconds: world.wall)
    _ = try BundleExporter(replica, wallMilliseconds: world.wall).export(
      to: try #require(NodeCode(division: 10)), basis: .nothing,
      path: world.folder.path(of: "bundle"))
    try replica.close()
    let taken = try world.load(at: 10, acknowledging: "ack")
    #expect(taken.seal == .senderUnknown && taken.outcome.applied == 0)
    #expect(
      taken.acknowledgement == nil
        && !FileManager.default.fileExists(atPath: world.folder.path(of: "ack")),
      "it is told nothing")
    #expect(try world[10].peers().allSatisfy { $0.replica.node != stranger })
  }

  @Test func `a hub judges what enters by a bundle as what enters by a link`() throws {
    let world = try BundleWorld()
    try world.put(11, "B1", title: "fine")
    // A program that thinks that counties may write the registry's kind of table.
    try world.close(10)
    try world.open(10, writers: .above)
    try world.export(11, to: 10)
    let taken = try world.load(at: 10, acknowledging: "ack")
    #expect(taken.outcome.refused.map(\.number) == [1])
    #expect(try world.title(10, "B1") == nil, "a refused write has no effect")
    try world.load("ack", at: 11)
    try world.carry(10, to: 11)
    #expect(try world.title(11, "B1") == nil)
    try world.expectAgreement([10, 11])
    // A clock an hour ahead is marked.
    try world.open(10)
    world.wall += 3_600_000
    try world.put(11, "B2", title: "early")
    world.wall -= 3_600_000
    try world.export(11, to: 10)
    #expect(try world.load(at: 10).outcome.suspect.count == 1)
  }

  @Test func `a replica put back from a copy stops when a bundle proves it`() throws {
    let world = try BundleWorld()
    let copy = try BundleWorld(copyOf: world)
    try world.put(11, "B1", title: "x")
    try world.carry(11, to: 10)
    try world.export(10, to: 11, .nothing)
    let found = refusal {
      try copy.load("../\(lastComponent(world))/bundle", at: 11)
    }
    guard case .restored(_, own: 0, known: 1) = found else {
      Issue.record("\(String(describing: found))")
      return
    }
    #expect(copy[11].stopReason != nil)
    #expect(refusal { try copy.export(11, to: 10) } != nil, "it tells nobody what it is not")
  }

  @Test func `an older acknowledgement says nothing`() throws {
    let world = try BundleWorld()
    try world.put(11, "B1", title: "x")
    try world.export(11, to: 10)
    try world.load(at: 10, acknowledging: "early")
    try world.put(11, "B2", title: "y")
    try world.export(11, to: 10)
    try world.load(at: 10, acknowledging: "late")
    try world.load("late", at: 11)
    #expect(try world.load("early", at: 11).acknowledgedStreams.isEmpty)
    #expect(try world.export(11, to: 10).manifest.changeSetCount == 0)
  }

  @Test func `what the receiver may not hold is not in its bundle`() throws {
    let world = try BundleWorld([1, 10, 11, 12])
    let text = "a draft that only those above may see"
    for (node, branch) in [(10, 10), (11, 11), (12, 12)] as [(UInt32, UInt32)] {
      try world.draft(node, text, in: branch)
      try world.put(node, "B", title: "for all", in: branch)
    }
    try world.link(12, 10)
    try world.link(11, 10)
    let down = try world.export(10, to: 11, .nothing)
    let streams = down.manifest.ranges.map(\.stream.description)
    #expect(streams == ["1/both", "10/both", "11/both", "11/up"])
    try world.export(10, to: 1, .nothing, as: "up")
    let above = try BundleInspection(path: world.folder.path(of: "up"))
    #expect(above.contents.filter { $0.stream.channel == .up && $0.changeSets > 0 }.count == 3)
  }

  @Test func `a change set too large for a frame is carried in parts`() throws {
    let world = try BundleWorld()
    var random = SeededGenerator(seed: 6)
    let text = random.bytes(1 << 20).map { String($0, radix: 36) }.joined()
    try world.put(11, "B1", title: text)
    try world.put(11, "B2", title: "small")
    let made = try world.export(11, to: 10)
    #expect(made.byteCount > 1 << 20)
    let taken = try world.load(at: 10)
    #expect(taken.outcome.applied == 2 && taken.seal == .holds)
    #expect(try world.title(10, "B1") == .text(text))
    try world.expectAgreement([10, 11])
  }

  @Test func `rows that came and went do not count, and a second import counts nothing`() throws {
    let world = try BundleWorld()
    try world.put(11, "kept", title: "a")
    try world.put(11, "gone", title: "a")
    try world.carry(11, to: 10)
    try world.put(11, "kept", title: "b")
    try world.put(11, "kept", title: "c")
    try world.put(11, "brief", title: "a")
    try world.delete(11, "brief")
    try world.delete(11, "gone")
    try world.put(11, "new", title: "a")
    try world.export(11, to: 10)
    let taken = try world.load(at: 10)
    #expect(taken.rows.map { [$0.inserted, $0.updated, $0.deleted] } == [[1, 1, 1]])
    #expect(try world.load(at: 10).rows.isEmpty)
  }
}
