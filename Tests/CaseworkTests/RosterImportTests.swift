import Casework
import Causality
import Changes
import Testing

@Suite struct RosterImportTests {
  /// A replica as far as an import sees it.
  private final class Rows {
    var live: [[Value]: [ColumnID: Value]] = [:]
    var deleted: [[Value]] = []
    var proposed: [[Value]: [ColumnID: [Value]]] = [:]

    func lookup(_ scope: Scope, _ key: [Value]) -> ExistingRow {
      if let row = live[key] { return .live(shown: row, proposed: proposed[key] ?? [:]) }
      return deleted.contains(key) ? .deleted : .absent
    }

    func apply(_ operations: [RosterOperation]) {
      for operation in operations {
        for value in operation.values {
          live[operation.key, default: [:]][value.column] = value.value
        }
      }
    }
  }

  private func record(
    _ line: Int, _ key: String, _ values: [(RosterField, String)]
  ) throws -> RosterRecord {
    RosterRecord(
      line: line, scope: try #require(Scope(code: 530_102)), key: [.text(key)],
      values: values.map { ColumnValue($0.0.id, .text($0.1)) })
  }

  @Test func `a repeated import changes nothing`() throws {
    let generator = RosterGenerator(
      seed: 7, partsPerMillion: 10_000, divisions: try DivisionTree.builtIn())
    let scope = try #require(Scope(code: 530_128))
    let roster = try #require(generator.roster(of: scope))
    let rows = Rows()
    var writer = try RosterWriter(.companies)
    roster.eachCompanyBatch { table in
      for row in 0..<table.rowCount {
        writer.append(
          scope: roster.division.scope, key: [table.value(row, 0)],
          values: (1..<table.width).map { table.value(row, $0) })
      }
    }
    let bytes = writer.takeBytes()
    for round in 1...2 {
      var reader = try RosterReader(bytes, table: .companies, divisions: generator.divisions)
      var roundImport = RosterImport(table: .companies)
      while true {
        let batch = reader.nextBatch(64)
        if batch.isEmpty { break }
        rows.apply(roundImport.operations(for: batch, lookup: rows.lookup))
      }
      #expect(roundImport.report.inserted == (round == 1 ? roster.companyCount : 0))
      #expect(roundImport.report.unchanged == (round == 1 ? 0 : roster.companyCount))
      #expect(roundImport.report.updated == 0)
    }
  }

  @Test func `only changed columns are written, registers as a whole`() throws {
    let rows = Rows()
    let first = try record(
      2, "k",
      [
        (CompanyFields.name, "甲"), (CompanyFields.creditClass, "A"),
        (CompanyFields.creditMonth, "2026-01"), (CompanyFields.phone, "1"),
      ])
    var once = RosterImport(table: .companies)
    rows.apply(once.operations(for: [first], lookup: rows.lookup))
    let second = try record(
      2, "k",
      [
        (CompanyFields.name, "甲"), (CompanyFields.creditClass, "A"),
        (CompanyFields.creditMonth, "2026-02"), (CompanyFields.phone, "2"),
      ])
    var again = RosterImport(table: .companies)
    let operations = again.operations(for: [second], lookup: rows.lookup)
    #expect(operations.map(\.kind) == [.update])
    #expect(operations.first?.values.map(\.column.number) == [11, 12, 14])
    #expect(again.report.updated == 1)
  }

  @Test func `what the file leaves out stays`() throws {
    let rows = Rows()
    rows.live[[.text("k")]] = [
      CompanyFields.name.id: .text("甲"), CompanyFields.phone.id: .text("1"),
    ]
    var partial = RosterImport(table: .companies)
    let record = try record(2, "k", [(CompanyFields.name, "甲")])
    #expect(partial.operations(for: [record], lookup: rows.lookup).isEmpty)
    #expect(partial.report.unchanged == 1)
  }

  @Test func `a proposal that waits already is not made again`() throws {
    let rows = Rows()
    let key: [Value] = [.text("k")]
    rows.live[key] = [CompanyFields.name.id: .text("甲")]
    let record = try record(2, "k", [(CompanyFields.name, "乙")])
    var first = RosterImport(table: .companies)
    #expect(first.operations(for: [record], lookup: rows.lookup).count == 1)
    rows.proposed[key] = [CompanyFields.name.id: [.text("乙")]]
    var second = RosterImport(table: .companies)
    #expect(second.operations(for: [record], lookup: rows.lookup).isEmpty)
  }

  @Test func `deleted rows come back only when asked`() throws {
    let rows = Rows()
    rows.deleted = [[.text("k")]]
    let record = try record(2, "k", [(CompanyFields.name, "甲")])
    var plain = RosterImport(table: .companies)
    #expect(plain.operations(for: [record], lookup: rows.lookup).isEmpty)
    #expect(plain.report.leftDeleted == 1)
    #expect(plain.report.problems.warningCount == 1)
    var asked = RosterImport(table: .companies, reinsertsDeleted: true)
    #expect(asked.operations(for: [record], lookup: rows.lookup).map(\.kind) == [.insert])
  }

  @Test func `of a key that repeats in the file the first line stands`() throws {
    let rows = Rows()
    var twice = RosterImport(table: .companies)
    let first = try record(2, "k", [(CompanyFields.name, "甲")])
    let second = try record(9, "k", [(CompanyFields.name, "乙")])
    rows.apply(twice.operations(for: [first], lookup: rows.lookup))
    #expect(twice.operations(for: [second], lookup: rows.lookup).isEmpty)
    #expect(twice.report.duplicates == 1)
    #expect(twice.report.problems.listed == [LineProblem(line: 9, .duplicate(firstLine: 2))])
  }

  @Test func `an older class and an older check do not replace newer ones`() throws {
    let rows = Rows()
    rows.live[[.text("k")]] = [
      CompanyFields.creditClass.id: .text("D"), CompanyFields.creditMonth.id: .text("2026-03"),
      CompanyFields.lastCheckedOn.id: .text("2026-03-01"),
    ]
    let record = try record(
      2, "k",
      [
        (CompanyFields.creditClass, "A"), (CompanyFields.creditMonth, "2026-02"),
        (CompanyFields.lastCheckedOn, "2026-02-01"),
      ])
    var older = RosterImport(table: .companies)
    #expect(older.operations(for: [record], lookup: rows.lookup).isEmpty)
    #expect(older.report.problems.listed.map(\.fault) == [.olderCreditMonth])
  }
}
