import Casework
import Causality
import Changes
import Foundation
import Merge
import Store
import Testing
import Wire

/// A province and one of its counties with the roster schema, and an exchange without a network.
private final class TwoNodes {
  let divisions: DivisionTree
  let province: Replica
  let county: Replica
  private let root: String
  private(set) var wall: UInt64 = 1_800_000_000_000

  init() throws {
    let divisions = try DivisionTree.builtIn()
    let root =
      FileManager.default.temporaryDirectory.path + "/tributary-casework-\(UUID().uuidString)"
    func create(_ division: UInt32, _ anchor: Anchor?) throws -> Replica {
      try Replica.create(
        folder: ReplicaFolder("\(root)/\(division)"),
        node: try #require(NodeCode(division: division)), tree: divisions.scopes,
        schema: CaseworkSchema.current, anchor: anchor, wallMilliseconds: 1_800_000_000_000)
    }
    let province = try create(530_000, nil)
    county = try create(530_102, province.identity.anchor)
    (self.divisions, self.root, self.province) = (divisions, root, province)
    _ = try province.admit(
      county.identity.enrolmentRequest(name: "五华区"), author: "test", wallMilliseconds: wall)
    try exchange()
  }

  deinit { try? FileManager.default.removeItem(atPath: root) }  // Temporary: nobody misses it.

  func store(_ replica: Replica) -> RosterStore {
    RosterStore(replica, author: "test") {
      self.wall += 1_000
      return self.wall
    }
  }

  func take(_ text: String, _ replica: Replica, isDryRun: Bool = false) throws
    -> RosterImportOutcome
  {
    var reader = try RosterReader(
      Array(text.utf8), table: .companies, divisions: divisions,
      options: RosterCSV.Options(division: Scope(code: 530_102)))
    return try store(replica).importRecords(of: &reader, isDryRun: isDryRun)
  }

  func exchange() throws {
    try send(county, province, isIngress: true)
    try send(province, county, isIngress: false)
  }

  private func send(_ from: Replica, _ to: Replica, isIngress: Bool) throws {
    var known = try to.streams.filter { from.streams.contains($0) }
      .map { ($0, try to.knowledge(of: $0)) }
    while let batch = try from.changes(lackedBy: known, maxBytes: 80_000) {
      switch batch.content {
      case .frame(let message): try apply(message, from, to, isIngress)
      case .parts(let parts):
        for part in parts {
          if let message = try to.stage(part) { try apply(message, from, to, isIngress) }
        }
      }
      for advance in batch.advanced {
        known.removeAll { $0.0 == advance.stream }
        known.append((advance.stream, advance.known))
      }
    }
  }

  private func apply(
    _ message: ChangesMessage, _ from: Replica, _ to: Replica, _ isIngress: Bool
  ) throws {
    let outcome = try to.apply(
      message, from: from.identity.replica, isIngress: isIngress, wallMilliseconds: wall)
    #expect(outcome.rejected.isEmpty && outcome.refused.isEmpty)
  }

  func export(_ replica: Replica) throws -> [UInt8] {
    var writer = try RosterWriter(.companies)
    var bytes: [UInt8] = []
    _ = try store(replica).export(&writer) { piece in
      bytes += piece
      return true
    }
    return bytes
  }

  func expectAgreement() throws {
    for stream in county.streams where province.streams.contains(stream) {
      #expect(try county.summary(of: stream) == province.summary(of: stream), "\(stream)")
    }
    for replica in [county, province] {
      let problems = try replica.check().problems
      #expect(problems.isEmpty)
    }
  }

  /// A file of generated companies.
  func file(companies count: Int) throws -> String {
    let generator = RosterGenerator(seed: 7, partsPerMillion: 20_000, divisions: divisions)
    let roster = try #require(Scope(code: 530_102).flatMap { generator.roster(of: $0) })
    var rows = CellTable(width: DivisionRoster.companyWidth)
    roster.appendCompanies(0..<min(count, roster.companyCount), to: &rows)
    var writer = try RosterWriter(.companies)
    for row in 0..<rows.rowCount {
      writer.append(
        scope: roster.division.scope, key: [rows.value(row, 0)],
        values: (1..<rows.width).map { rows.value(row, $0) })
    }
    return String(decoding: writer.takeBytes(), as: UTF8.self)
  }
}

@Suite struct RosterStoreTests {
  @Test func `the same file again makes no change set, and what comes out goes in unchanged`()
    throws
  {
    let nodes = try TwoNodes()
    let file = try nodes.file(companies: 200)
    let preview = try nodes.take(file, nodes.county, isDryRun: true)
    #expect(preview.report.inserted == 200 && preview.dots.isEmpty)
    let first = try nodes.take(file, nodes.county)
    #expect(first.report.inserted == 200 && first.dots.count == 1)
    let stream = StreamID(scope: nodes.county.identity.replica.node.scope)
    let known = try nodes.county.knowledge(of: stream)
    let second = try nodes.take(file, nodes.county)
    #expect(second.report.unchanged == 200 && second.dots.isEmpty)
    #expect(try nodes.county.knowledge(of: stream) == known)
    let exported = try nodes.export(nodes.county)
    let third = try nodes.take(String(decoding: exported, as: UTF8.self), nodes.county)
    #expect(third.report.unchanged == 200 && third.dots.isEmpty)
    #expect(third.report.problems.listed.isEmpty)
  }

  @Test func `a changed file changes what it names, and a bad line keeps out only itself`() throws {
    let nodes = try TwoNodes()
    _ = try nodes.take(
      "subject_code,name,phone\n530102600000001,甲店,111\n530102600000002,乙店,222\n", nodes.county)
    let outcome = try nodes.take(
      "subject_code,phone\n530102600000001,999\nnonsense,1\n530102600000002,222\n", nodes.county)
    #expect(outcome.report.updated == 1 && outcome.report.unchanged == 1)
    #expect(outcome.report.problems.listed.contains { $0.line == 3 && !$0.isWarning })
    let found = try nodes.county.find(
      RosterSchema.companies.id, scope: nodes.county.identity.replica.node.scope,
      key: [.text("530102600000001")])
    guard case .live(let values, _) = found else {
      Issue.record("the row is gone: \(found)")
      return
    }
    #expect(values[Int(CompanyFields.phone.id.number) - 1] == .text("999"))
    #expect(values[Int(CompanyFields.name.id.number) - 1] == .text("甲店"))
  }

  @Test func `a deleted row stays deleted`() throws {
    let nodes = try TwoNodes()
    let file = "subject_code,name\n530102600000001,甲店\n"
    _ = try nodes.take(file, nodes.county)
    let scope = nodes.county.identity.replica.node.scope
    _ = try nodes.county.write(author: "test", wallMilliseconds: nodes.wall + 1) {
      transaction throws(StoreError) in
      try transaction.delete(
        RosterSchema.companies.id, scope: scope, key: [.text("530102600000001")])
    }
    let outcome = try nodes.take(file, nodes.county)
    #expect(outcome.report.leftDeleted == 1 && outcome.dots.isEmpty)
  }

  @Test func `a file that came from elsewhere meanwhile makes no change and no conflict`() throws {
    let nodes = try TwoNodes()
    let file = try nodes.file(companies: 60)
    _ = try nodes.take(file, nodes.county)
    try nodes.exchange()
    let outcome = try nodes.take(file, nodes.province)
    #expect(outcome.report.unchanged == 60 && outcome.dots.isEmpty)
    try nodes.exchange()
    try nodes.expectAgreement()
    #expect(try nodes.county.conflicts().isEmpty)
  }

  @Test
  func
    `the same file imported at two nodes without a link differs in nothing but who made the rows`()
    throws
  {
    let nodes = try TwoNodes()
    let file = try nodes.file(companies: 60)
    _ = try nodes.take(file, nodes.county)
    _ = try nodes.take(file, nodes.province)
    try nodes.exchange()
    try nodes.expectAgreement()
    #expect(try nodes.county.conflicts().isEmpty)
    #expect(try nodes.province.conflicts().isEmpty)
    #expect(try nodes.export(nodes.county) == nodes.export(nodes.province))
    let again = try nodes.take(file, nodes.county)
    #expect(again.report.unchanged == 60 && again.dots.isEmpty)
  }

  @Test func `generating again adds only what is missing`() throws {
    let nodes = try TwoNodes()
    let scope = nodes.county.identity.replica.node.scope
    let generator = RosterGenerator(
      seed: 3, partsPerMillion: 2_000, divisions: nodes.divisions)
    var told = 0
    let first = try nodes.store(nodes.county).generate(generator, in: [scope]) { told = $0 }
    #expect(first.companies > 0 && first.inspectors > 0)
    #expect(told == RosterStore.count(of: generator, [scope]))
    _ = try nodes.county.run(
      sql: "DELETE FROM companies WHERE local_id = 1", author: "test",
      wallMilliseconds: nodes.wall + 1)
    let second = try nodes.store(nodes.county).generate(generator, in: [scope])
    #expect(second.companies == 0 && second.dots.isEmpty)
    #expect(second.present == first.companies + first.inspectors)
  }
}
