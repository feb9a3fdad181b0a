internal import Causality
internal import Changes
internal import Inspection
package import Store

/// A year of inspections of one county, invented: plans, tasks, draws, visits, results, publications and
/// follow-ups in the proportions of domain.md §7.2, the same for the same seed and county. For measuring.
///
/// The rows are those of the tables, written in bulk past the use cases.
package struct SeasonGenerator {
  private let replica: Replica
  private let seed: UInt64
  private let year: Int
  private let wallMilliseconds: UInt64
  private var random: KeyedRandom

  /// `replica`: of the county, with its rosters; `wallMilliseconds`: when the rows are written.
  package init(_ replica: Replica, seed: UInt64, year: Int, wallMilliseconds: UInt64) {
    (self.replica, self.seed, self.year) = (replica, seed, year)
    self.wallMilliseconds = wallMilliseconds
    random = KeyedRandom(seed, UInt64(replica.identity.replica.node.division))
  }

  private var scope: Scope { replica.identity.replica.node.scope }
  private static let tasksPerCounty = 40
  private static let department = "市场监管"

  /// Writes visits with about `resultCount` results. Throws what `Replica.write` throws.
  package mutating func write(resultCount: Int) throws(StoreError) {
    let objects = try keys(of: RosterSchema.companies.id)
    let inspectors = try keys(of: RosterSchema.inspectors.id)
    guard !objects.isEmpty else { return }
    try writePlan()
    var batch = SeasonBatch()
    var made = 0
    var visit = 0
    while made < resultCount {
      let items = [2, 2, 3][visit % 3]
      append(
        visit, items: items, object: objects[random.below(objects.count)], inspectors, to: &batch)
      made += items
      visit += 1
      if batch.rowCount >= Limits.rowsPerBatch || made >= resultCount {
        try write(batch.tables)
        batch = SeasonBatch()
      }
    }
  }

  private func keys(of table: TableID) throws(StoreError) -> [String] {
    var keys: [String] = []
    try replica.forEachRow(of: table, in: scope, reading: []) { keys.append($0.keyText(0)) }
    return keys
  }

  private func write(_ tables: [RowBatch]) throws(StoreError) {
    let scope = scope
    _ = try replica.write(
      author: "generator", reason: "generated season", wallMilliseconds: wallMilliseconds
    ) { transaction throws(StoreError) in
      for batch in tables where batch.cells.rowCount > 0 {
        try transaction.insertRows(batch.table.id, scope: scope, batch.cells)
      }
    }
  }

  private func task(_ number: Int) -> String {
    let digits = String(number + 1)
    return "\(scope)-\(year)-" + String(repeating: "0", count: 4 - digits.count) + digits
  }

  private func day(_ month: Int, _ day: Int, adding days: Int = 0) -> String {
    guard let date = CivilDate(year: year, month: month, day: day) else { return "" }
    return date.adding(days: days).description
  }

  private func writePlan() throws(StoreError) {
    var plans = RowBatch(PlanTables.plans)
    let key: [Value] = [.integer(Int64(year)), .text("ANNUAL"), .integer(1)]
    plans.append(
      key,
      [
        "title": .text("年度抽查工作计划"), "signed_by": .text("局长"),
        "signed_at": .integer(Int64(clamping: wallMilliseconds)), "state": .text("SUBMITTED"),
      ])
    var (definitions, tasks) = (RowBatch(PlanTables.planTasks), RowBatch(PlanTables.tasks))
    var frames = RowBatch(DrawTables.frames)
    var (sessions, commits) = (RowBatch(DrawTables.sessions), RowBatch(DrawTables.commits))
    var results = RowBatch(DrawTables.results)
    for number in 0..<Self.tasksPerCounty {
      let code = task(number)
      definitions.append(
        key + [.text(code)],
        [
          "name": .text("抽查任务\(number + 1)"), "source": .text("PLAN"),
          "origin": .text("RANDOM"), "item_codes": .text("Y0101 Y0102 Y0103"),
          "window_from": .text(day(4, 1)), "window_to": .text(day(10, 31)),
        ])
      tasks.append(
        [.text(code)],
        ["state": .text("COMPLETED"), "completed_on": .text(day(10, 8, adding: number % 20))])
      frames.append(
        [.text("frame-\(code)")],
        [
          "kind": .text("OBJ"), "frozen_at": .integer(Int64(clamping: wallMilliseconds)),
          "verification": .text(number == 7 ? "PENDING" : "MATCH"),
        ])
      sessions.append(
        [.text("draw-\(code)")],
        [
          "task_codes": .text(code), "kind": .text("OBJ"), "draw_sequence": .integer(1),
          "frame_hash": .text("frame-\(code)"), "state": .text("DRAWN"),
        ])
      commits.append([.text("draw-\(code)")], ["commit_hash": .text("commit-\(code)")])
      results.append([.text("draw-\(code)")], ["result_hash": .text("result-\(code)")])
    }
    try write([plans, definitions, tasks, frames, sessions, commits, results])
  }

  /// Shares of findings of a year in per mille, after domain.md §7.1.
  private static let findings: [(code: String, share: Int)] = [
    ("R01", 660), ("R05", 140), ("R08", 90), ("R02", 60), ("R04", 30), ("R06", 10), ("R03", 10),
  ]

  private mutating func append(
    _ number: Int, items: Int, object: String, _ inspectors: [String], to batch: inout SeasonBatch
  ) {
    let id = "\(scope)-v\(number)"
    let task = task(number % Self.tasksPerCounty)
    let checkedOn = day(5, 4, adding: random.below(150))
    batch.visits.append(
      [.text(id)],
      [
        "subject_code": .text(object), "task_code": .text(task), "origin": .text("RANDOM"),
        "window_from": .text(day(4, 1)), "window_to": .text(day(10, 31)),
        "visited_on": .text(checkedOn), "state": .text("DONE"),
      ])
    let first = random.below(max(1, inspectors.count))
    for member in 0..<2 {
      let name =
        inspectors.count < 2 ? "Z\(member)" : inspectors[(first + member) % inspectors.count]
      batch.assignments.append(
        [.text(id), .text(name)],
        [
          "role": .text(member == 0 ? "LEADER" : "MEMBER"),
          "mode": .text(random.chance(20) ? "NEIGHBOUR" : "RANDOM"),
          "draw_id": .text("draw-\(task)"), "eligible_count": .integer(1),
        ])
    }
    batch.evidence.append(
      [.text(id), .text(hexadecimal())], ["kind": .text("PHOTO"), "byte_count": .integer(300_000)])
    for item in 1...items {
      append(id, "Y010\(item)", task, checkedOn, to: &batch)
    }
  }

  private mutating func append(
    _ visit: String, _ item: String, _ task: String, _ checkedOn: String,
    to batch: inout SeasonBatch
  ) {
    let key: [Value] = [.text(visit), .text(item), .text(Self.department)]
    let finding = Self.findings[random.weighted(Self.findings.map(\.share), sum: 1_000)].code
    batch.items.append(
      key,
      [
        "origin": .text("RANDOM"), "draw_id": .text("draw-\(task)"), "task_code": .text(task),
      ])
    batch.results.append(
      key,
      [
        "findings": .text(finding), "methods": .text("M1"), "checked_on": .text(checkedOn),
        "signers": .text("Z0 Z1"), "checklist": .text("q1=是\nq2=否\nq3=合格"),
        "state": .text("FINAL"),
      ])
    batch.finalResults.append(
      key,
      [
        "findings": .text(finding), "content": .text("findings=\(finding)\nmethods=M1"),
        "checked_on": .text(checkedOn), "final_on": .text(checkedOn), "final_by": .text("审核员"),
      ])
    let isPublished = !random.chance(30)
    batch.publications.append(
      key,
      [
        "due_on": .text(day(11, 5)), "state": .text(isPublished ? "PUBLISHED" : "DUE"),
        "published_on": isPublished ? .text(day(10, 28, adding: random.below(12))) : .null,
      ])
    guard ["R02", "R03", "R04", "R05", "R06", "R08"].contains(finding) else { return }
    let isListing = finding != "R05" && finding != "R08"
    let isClosed = !random.chance(80)
    let closedOn =
      CivilDate(checkedOn)?.adding(days: 5 + random.below(12)).description ?? checkedOn
    batch.followUps.append(
      key + [.text(isListing ? "LISTING" : "CORRECT")],
      [
        "is_mandatory": .integer(isListing ? 1 : 0), "due_on": .text(day(11, 5)),
        "owner_unit": .text("\(scope)"), "state": .text(isClosed ? "CLOSED" : "CREATED"),
        "outcome": isClosed ? .text(isListing ? "LISTED" : "CORRECTED_VERIFIED") : .null,
        "finished_on": isClosed ? .text(closedOn) : .null,
      ])
  }

  private mutating func hexadecimal() -> String {
    (0..<4).map { _ in String(random.next() | 1 << 63, radix: 16) }.joined()
  }
}

/// The rows of some visits.
private struct SeasonBatch {
  var visits = RowBatch(VisitTables.visits)
  var items = RowBatch(VisitTables.visitItems)
  var assignments = RowBatch(VisitTables.assignments)
  var evidence = RowBatch(VisitTables.evidence)
  var results = RowBatch(VisitTables.results)
  var finalResults = RowBatch(VisitTables.finalResults)
  var publications = RowBatch(VisitTables.publications)
  var followUps = RowBatch(FollowUpTables.followUps)

  var tables: [RowBatch] {
    [visits, items, assignments, evidence, results, finalResults, publications, followUps]
  }

  var rowCount: Int { tables.reduce(0) { $0 + $1.cells.rowCount } }
}

/// Rows of one table, by the names of its columns.
private struct RowBatch {
  let table: CaseTable
  private(set) var cells: CellTable

  init(_ table: CaseTable) {
    self.table = table
    cells = CellTable(width: table.declaration.key.count + table.fields.count)
  }

  mutating func append(_ key: [Value], _ values: [String: Value]) {
    for value in key { cells.append(value) }
    for field in table.fields { cells.append(values[field.name] ?? .null) }
  }
}
