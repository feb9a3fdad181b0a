import Causality
import Changes
import Foundation
import Store
import Testing
import Wire

/// What cannot take effect never blocks: it is known, kept, relayed, listed (engine.md §3, §4).
@Suite struct PoisonTests {
  private let branch: StreamID

  init() throws {
    let scope = try #require(Scope(code: 12))
    branch = StreamID(scope: scope)
  }

  /// A world where branch 12 is a puppet, and the puppet.
  private func make() throws -> (World, Puppet) {
    let world = try World([1, 10])
    let puppet = try Puppet(12)
    try puppet.enrol(world, at: 10)
    try world.settle()
    return (world, puppet)
  }

  private func deliver(_ message: ChangesMessage, _ world: World, _ puppet: Puppet) throws {
    let outcome = try world[10].apply(
      message, from: puppet.replica, isIngress: true, wallMilliseconds: world.wall)
    #expect(outcome.applied == 1 && outcome.rejected.isEmpty, "\(outcome)")
  }

  private func title(_ world: World, _ node: UInt32, _ number: String) throws -> Value? {
    try world.row(node, number, in: 12)?.values[0]
  }

  @Test func `an over outside the context takes no effect on its row alone, alike everywhere`()
    throws
  {
    let pair = try make()
    let world = pair.0
    var puppet = pair.1
    try world.insert(10, "A", in: 12, [ColumnValue(Library.title, .text("before"))])
    try world.settle()
    let known = try world[10].knowledge(of: branch)
    let beyond = StreamDot(replica: world[10].identity.replica, number: 99)
    let forged = Puppet.books(
      .update, [("A", .text("forged"))],
      notes: [RegisterNote(row: 0, group: GroupID(1), over: [beyond], origin: nil)])
    let good = Puppet.books(.insert, [("B", .text("good"))])
    try deliver(
      try puppet.write(
        ChangeSetBody(blocks: [good, forged]), in: branch, knows: known, at: world.wall),
      world, puppet)
    try world.settle()
    for node in [1, 10] as [UInt32] {
      #expect(try title(world, node, "A") == .text("before"))
      #expect(try title(world, node, "B") == .text("good"))
      let entry = try #require(try world[node].quarantineEntries().first)
      #expect(entry.kind == "malformed" && entry.subject.hasSuffix("books A"))
      #expect(try world[node].quarantineCount() == 0, "all find it: digests are compared")
    }
    try world.update(1, "A", in: 12, [ColumnValue(Library.title, .text("after"))])
    try world.settle()
    #expect(try title(world, 10, "A") == .text("after"))
    #expect(try world[10].conflicts().isEmpty)
  }

  @Test func `a value that its column does not take keeps out its row alone`() throws {
    let pair = try make()
    let world = pair.0
    var puppet = pair.1
    let rows = Puppet.books(.insert, [("A", .integer(5)), ("B", .text("good"))])
    try deliver(
      try puppet.write(ChangeSetBody(blocks: [rows]), in: branch, at: world.wall), world, puppet)
    try world.settle()
    for node in [1, 10] as [UInt32] {
      #expect(try title(world, node, "A") == nil)
      #expect(try title(world, node, "B") == .text("good"))
      #expect(try world[node].quarantineCount() == 1, "who does not know the table takes it")
    }
  }

  /// Found by `Fuzz`, target `signed`: a column that nobody knows hid the others from the check.
  @Test func `neither a strange column nor a strange group lets a wrong value into the table`()
    throws
  {
    let pair = try make()
    let world = pair.0
    var puppet = pair.1
    let carried: [[CarriedColumn]] = [
      [
        CarriedColumn(column: Library.title, group: GroupID(1)),
        CarriedColumn(column: ColumnID(99), group: GroupID(99)),
      ],
      [CarriedColumn(column: Library.title, group: GroupID(4))],
      [
        CarriedColumn(column: Library.seen, group: GroupID(8)),
        CarriedColumn(column: ColumnID(99), group: GroupID(8)),
      ],
    ]
    for (number, columns) in carried.enumerated() {
      var block = RowBlock(
        table: Library.books, kind: .insert, columns: columns, keyWidth: 1, hasBefore: false)
      block.cells.append(.text("K\(number)"))
      for _ in columns { block.cells.append(.integer(5)) }
      try deliver(
        try puppet.write(ChangeSetBody(blocks: [block]), in: branch, at: world.wall), world, puppet)
    }
    try world.settle()
    for node in [1, 10] as [UInt32] {
      #expect(try title(world, node, "K0") == nil)
      #expect(try title(world, node, "K1") == nil)
      #expect(
        try world.row(node, "K2", in: 12)?.values[7] == .integer(5), "a later version's group")
      #expect(try world[node].quarantineCount() == 2)
    }
  }

  @Test func `a body that does not decode is known, relayed as it is, and blocks nothing`() throws {
    let pair = try make()
    let world = pair.0
    var puppet = pair.1
    let before = try world[10].knowledge(of: branch)
    let poison = try puppet.write(in: branch, at: world.wall) { _ in [0xFF, 0xEE, 0xDD] }
    try deliver(poison, world, puppet)
    let good = Puppet.books(.insert, [("B", .text("good"))])
    try deliver(
      try puppet.write(ChangeSetBody(blocks: [good]), in: branch, at: world.wall), world, puppet)
    try world.settle()
    for node in [1, 10] as [UInt32] {
      #expect(try title(world, node, "B") == .text("good"))
      #expect(try world[node].quarantineEntries().map(\.kind) == ["undecodable"])
      #expect(try world[node].quarantineCount() == 1)
    }
    try world.reopen(1)
    #expect(try world[1].quarantineCount() == 1, "tried again, and still not decoded")
    let batch = try #require(
      try world[1].changes(lackedBy: [(branch, before)], maxBytes: 1 << 20))
    guard case .frame(let message) = batch.content else { return }
    #expect(message.changeSets.first == poison.changeSets.first)
  }

  @Test func `what an older program could not decode takes effect after an upgrade, in its order`()
    throws
  {
    let world = try World([1, 10, 11])
    try world.insert(11, "A", [ColumnValue(Library.title, .text("1"))])
    try world.settle()
    // The folder as it was; what came later in a copy of the database.
    func close() throws {
      try world[10].close()
      world.release(10)
    }
    try close()
    let (folder, old) = (world.folder(10), world.root + "/old")
    try FileManager.default.copyItem(atPath: folder.path, toPath: old)
    try world.open(10)
    try world.update(11, "A", [ColumnValue(Library.title, .text("2"))])
    try world.insert(11, "B", [])
    try world.settle()
    try close()
    let later = world.root + "/later.sqlite"
    try FileManager.default.copyItem(atPath: folder.database, toPath: later)
    try FileManager.default.removeItem(atPath: folder.path)
    try FileManager.default.moveItem(atPath: old, toPath: folder.path)
    // An older program would have kept both change sets without effect.
    try PlainFile(folder.database).run(
      """
      ATTACH '\(later)' AS later;
      INSERT INTO tributary_quarantine (at, kind, subject, detail, counts)
        SELECT 0, 'undecodable', '11/both:11-1:' || number, 'new form', 1 FROM later.tributary_log
        WHERE id NOT IN (SELECT id FROM main.tributary_log);
      INSERT INTO tributary_log SELECT id, atom, stream, replica, number, hlc, schema_version,
        flags | 8, chain, signature, header, body_bytes, body, NULL, NULL, NULL FROM later.tributary_log
        WHERE id NOT IN (SELECT id FROM main.tributary_log);
      REPLACE INTO tributary_run SELECT * FROM later.tributary_run;
      REPLACE INTO tributary_head SELECT stream, replica, number, chain, context, log,
        (SELECT digest FROM main.tributary_head AS mine WHERE mine.stream = theirs.stream
          ORDER BY log DESC LIMIT 1),
        (SELECT row_count FROM main.tributary_head AS mine WHERE mine.stream = theirs.stream
          ORDER BY log DESC LIMIT 1), clock
        FROM later.tributary_head AS theirs;
      """)
    try world.open(10)
    #expect(try world[10].quarantineCount() == 0)
    #expect(try world.value(10, "A", Library.title) == .text("2"))
    #expect(try world.row(10, "B") != nil)
    try world.settle()
  }

  /// Found by the simulator, seed 2792: what was in the way of the truth was dropped with it, and a message that was
  /// applied again brought more than it had the first time.
  @Test func `a lie that waits does not keep the truth out`() throws {
    let (world, honest) = try make()
    var (puppet, liar) = (honest, honest)
    let lies = try ["lie", "lie too"].map { title in
      let said = try liar.write(
        ChangeSetBody(blocks: [Puppet.books(.insert, [("A", .text(title))])]), in: branch,
        at: world.wall)
      return ChangesMessage(changeSets: said.changeSets, heads: [])
    }
    for lie in lies {
      let outcome = try world[10].apply(
        lie, from: puppet.replica, isIngress: true, wallMilliseconds: world.wall)
      #expect(outcome.parked == 1 && outcome.rejected.isEmpty, "\(outcome)")
    }
    var truth = ChangesMessage(changeSets: [], heads: [])
    for number in 1...3 {
      let said = try puppet.write(
        ChangeSetBody(blocks: [Puppet.books(.insert, [("B\(number)", .text("true"))])]),
        in: branch, at: world.wall)
      truth = ChangesMessage(
        changeSets: truth.changeSets + said.changeSets,
        heads: number == 1 ? [] : truth.heads + said.heads)
    }
    let outcome = try world[10].apply(
      truth, from: puppet.replica, isIngress: true, wallMilliseconds: world.wall)
    #expect(outcome.applied == 3 && outcome.rejected.isEmpty && outcome.parked == 0, "\(outcome)")
    let entry = try #require(try world[10].quarantineEntries().first)
    #expect(entry.kind == "unproved")
    #expect(entry.detail.hasSuffix("from \(puppet.replica), and had waited"), "\(entry.detail)")
    #expect(try title(world, 10, "A") == nil && title(world, 10, "B3") == .text("true"))
    let again = try world[10].apply(
      truth, from: puppet.replica, isIngress: true, wallMilliseconds: world.wall)
    #expect(again.applied == 0 && again.duplicates == 3 && again.rejected.isEmpty, "\(again)")
    #expect(try world[10].query(sql: "SELECT 1 FROM tributary_parked").first?.rows.isEmpty ?? true)
  }

  @Test func `a lie that comes does not drive away the truth that waits`() throws {
    let (world, honest) = try make()
    var (puppet, liar) = (honest, honest)
    func say(_ puppet: inout Puppet, _ title: String) throws -> ChangesMessage {
      try puppet.write(
        ChangeSetBody(blocks: [Puppet.books(.insert, [(title, .text(title))])]), in: branch,
        at: world.wall)
    }
    func hear(_ sets: [EncodedChangeSet], _ heads: [SignedHead]) throws -> ApplyOutcome {
      try world[10].apply(
        ChangesMessage(changeSets: sets, heads: heads), from: puppet.replica, isIngress: true,
        wallMilliseconds: world.wall)
    }
    let truth = try (1...3).map { try say(&puppet, "true \($0)") }
    let lies = try (1...2).map { try say(&liar, "lie \($0)") }
    // What waits is true, and its signature still under way.
    _ = try hear(truth[0].changeSets, [])
    // A lie under its number, with a signature that is of another.
    let forged = try #require(lies[1].heads.first)
    let wrong = SignedHead(
      dot: forged.dot, hash: try #require(truth[1].heads.first).hash, signature: forged.signature)
    let outcome = try hear(lies.flatMap(\.changeSets), [wrong])
    #expect(outcome.applied == 0 && outcome.rejected.count == 1, "\(outcome)")
    #expect(outcome.rejected.first?.code == .unprovedChangeSet)
    let after = try hear(truth[1].changeSets, truth[1].heads)
    #expect(after.applied == 2 && after.rejected.isEmpty, "\(after)")
    // What a signed head proves is taken, whatever comes behind it.
    _ = try say(&liar, "lie 3")
    let fourth = try say(&liar, "lie 4")
    let last = try hear(truth[2].changeSets + fourth.changeSets, truth[2].heads + fourth.heads)
    #expect(last.applied == 1, "\(last)")
    #expect(last.rejected.map(\.dot) == fourth.changeSets.map(\.dot), "\(last)")
    #expect(try title(world, 10, "true 3") == .text("true 3"))
    #expect(try title(world, 10, "lie 1") == nil)
  }
}
