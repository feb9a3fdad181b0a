import Casework
import Causality
import Changes
import Inspection
import Merge
import Store
import Testing

/// A county with a signed plan whose task is in progress, and one visit with two items.
struct Season {
  let world: CaseWorld
  let key = ResultKey(visit: "v1", item: "Y0101", department: "市场监管")
  let other = ResultKey(visit: "v1", item: "Y0102", department: "市场监管")
  let task = "530102-2026-0001"

  init() throws {
    world = try CaseWorld(at: "2026-01-20")
    let store = world.store(.county)
    let first = try #require(CivilDate("2026-04-01"))
    let last = try #require(CivilDate("2026-06-30"))
    let definition = PlanTask(
      code: task, name: "抽查", itemCodes: ["Y0101", "Y0102"], library: "companies",
      strata: [StratumRatio("A", ratioBp: 300)], windowFrom: first, windowTo: last)
    let plan = Plan(
      unit: try #require(UnitCode("530102")), year: 2026, title: "计划", tasks: [definition],
      signedBy: "张局", signedAt: Instant(milliseconds: Int64(world.wall)))
    try store.sign(plan, list: try list(), requirements: [])
    try store.advance(
      task: task, through: ["COMMITTED", "DRAWN", "DISPATCHED", "IN_PROGRESS"])
    let validTo = try #require(CivilDate("2027-12-31"))
    try store.dispatch(
      VisitOrder(
        id: "v1", subjectCode: "91530102MA6KABCD12", taskCode: task, drawID: "d1",
        window: first...last,
        items: [("Y0101", "市场监管"), ("Y0102", "市场监管")],
        team: [
          .init("Z1", .leader, certificateValidTo: validTo),
          .init("Z2", .member, certificateValidTo: validTo),
        ]))
    world.set(try #require(CivilDate("2026-05-11")), hour: 9)
    try store.advance(visit: "v1", through: ["NOTIFIED", "STARTED"])
    try world.settle()
  }

  func list() throws -> EffectiveList {
    EffectiveList(
      base: try ReferenceData.itemList(), tiers: [], unit: try #require(UnitCode("530102")),
      on: try #require(CivilDate("2026-01-20")), rules: RuleSet())
  }

  func entry(
    _ findings: [Finding] = [.noProblem], problem: String = "", answers: [String: String] = [:]
  ) -> ResultEntry {
    ResultEntry(
      methods: CodeSet(known: [.onSite]), findings: CodeSet(known: findings), problem: problem,
      checklist: answers, checkedOn: CivilDate("2026-05-11"), signers: ["Z1", "Z2"])
  }

  /// Enters, submits and finalises a result at the county.
  func finish(_ key: ResultKey, _ findings: [Finding] = [.noProblem]) throws {
    let store = world.store(.county)
    try store.enter(entry(findings), key)
    try store.submit(key, list: try list())
    try store.finalise(key, reviewer: "王科")
  }

  func row(_ place: CaseWorld.Place, _ key: ResultKey) throws -> CaseRow {
    let found = try world.store(place).rows(of: VisitTables.results, in: world.scope(.county)) {
      $0.key == [.text(key.visit), .text(key.item), .text(key.department)]
    }
    return try #require(found.first)
  }

  func conflicts(_ place: CaseWorld.Place, _ table: CaseTable) throws -> Int {
    try world[place].conflicts().count { $0.record.table == table.id }
  }
}
