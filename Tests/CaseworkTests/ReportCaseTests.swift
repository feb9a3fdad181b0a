import Casework
import Causality
import Changes
import Foundation
import Inspection
import Store
import Testing

/// Indicators read from the rows of replicas, at causal cuts.
@Suite struct ReportCaseTests {
  private func day(_ text: String) throws -> CivilDate { try #require(CivilDate(text)) }

  /// A season with two results, one published late and one never, and a listing that is owed.
  private func season() throws -> Season {
    let season = try Season()
    let store = season.world.store(.county)
    try season.finish(season.key)
    try season.finish(season.other, [.unreachable])
    try store.advance(visit: "v1", through: ["DONE"])
    try store.complete(task: season.task, on: day("2026-05-12"))
    try store.publish(season.key, on: day("2026-06-10"))
    season.world.set(try day("2026-07-01"), hour: 9)
    _ = try season.world.store(.province).receivePlans(of: season.world.scope(.county))
    try season.world.settle()
    return season
  }

  private func maker(_ season: Season, _ place: CaseWorld.Place) -> CaseReport {
    CaseReport(
      season.world[place], divisions: season.world.divisions, calendar: season.world.calendar)
  }

  private func cut(_ season: Season, _ place: CaseWorld.Place) throws -> ReportCut {
    try maker(season, place).cut(
      asOf: Instant(milliseconds: Int64(season.world.wall)),
      days: day("2026-01-01")...day("2026-12-31"))
  }

  private func values(
    _ season: Season, _ place: CaseWorld.Place, of unit: String
  ) throws -> [Indicator: String] {
    let report = try maker(season, place).report(at: cut(season, place))
    let code = try #require(UnitCode(unit))
    return Dictionary(
      uniqueKeysWithValues: report.lines.filter { $0.unit == code }.map { ($0.indicator, $0.value) }
    )
  }

  @Test func `the indicators of a county are read from its rows, at every tier alike`() throws {
    let season = try season()
    let expected: [Indicator: String] = [
      .k01: "0/1", .k02: "0/1", .k03: "—", .k08: "0/1", .k08Visits: "0/1", .k19: "0/1",
      .k27Refused: "0", .k27Proposals: "0", .k27Reviews: "0", .k27Oldest: "—",
      .k04: "0/2", .k04Median: "21", .k04Exempt: "0/2", .k05: "0/1",
      .k05Tasks: "1/1", .k05Plan: "1/1", .k06After30: "0/1", .k06After90: "—", .k07: "0/1",
      .k09: "2.00", .k09Shared: "1/1", .k09Repeated: "0/1", .k10: "2/2", .k10Direct: "0/2",
      .k10Violations: "0", .k11: "—", .k13: "1/2", .k14: "—", .k16: "—", .k18: "—", .k20: "0/2",
      .k22: "0/1", .k23: "0", .k27: "0",
    ]
    for place in [CaseWorld.Place.county, .prefecture, .province] {
      let found = try values(season, place, of: "530102")
      for (indicator, value) in expected {
        #expect(found[indicator] == value, "\(indicator.rawValue) at \(place)")
      }
    }
  }

  @Test func `K01–K03 are owed by the units that have a node, heard of or not`() throws {
    let season = try season()
    let world = season.world
    let requirements = [("L1", "Y0101", 300), ("L2", "Y0103", 300)]
    for (id, item, ratio) in requirements {
      try world.store(.province).require(
        LineRequirement(
          id: id, year: 2026, line: "信用监管", itemCode: item, ratioBp: ratio,
          regionWeights: ["530102": 1, "530103": 1, "530112": 1]))
    }
    try world.settle()
    func line(_ unit: String, _ indicator: Indicator) throws -> IndicatorLine {
      let report = try maker(season, .province).report(at: cut(season, .province))
      let code = try #require(UnitCode(unit))
      return try #require(report.lines.first { $0.unit == code && $0.indicator == indicator })
    }
    // The prefecture and two counties have nodes; 142 units have none and owe nothing yet.
    #expect(try line("530000", .k01).value == "0/3")
    #expect(try line("530000", .k03).value == "1/4")
    #expect(try line("530102", .k03).value == "1/2")
    // A further county is admitted, and nothing is heard of it.
    let folder = FileManager.default.temporaryDirectory.path + "/tributary-silent-\(UUID())"
    defer { try? FileManager.default.removeItem(atPath: folder) }  // Temporary: nobody misses it.
    let silent = try Replica.create(
      folder: ReplicaFolder(folder), node: try #require(NodeCode(division: 530_112)),
      tree: world.divisions.scopes, schema: CaseworkSchema.current,
      anchor: world[.province].identity.anchor, wallMilliseconds: world.wall)
    _ = try world[.prefecture].admit(
      silent.identity.enrolmentRequest(name: "西山区"), author: "test",
      wallMilliseconds: world.wall)
    try world.settle()
    for unit in ["530000", "530100"] {
      #expect(try line(unit, .k01).value == "0/4")
      #expect(try line(unit, .k03).value == "1/6")
      #expect(try line(unit, .k01).silent.contains { $0.text == "530112" })
    }
    #expect(try line("530112", .k01).value == "—" && line("530112", .k03).value == "—")
    let report = try maker(season, .province).report(at: cut(season, .province))
    #expect(
      report.alarms.contains { $0.unit.unit.text == "530112" && $0.alarm.kind == .unitSilent })
    let ranking = report.ranking(.counties, by: .score(ScoreRule.standard))
    #expect(ranking.entries.map(\.unit.text) == ["530102", "530103", "530112"])
    #expect(ranking.entries.last?.isSilent == true)
  }

  @Test func `a county without data is a dash in its own line and named in the sums`() throws {
    let season = try season()
    let report = try maker(season, .province).report(at: cut(season, .province))
    let silent = report.lines.filter { $0.unit.text == "530112" }
    #expect(!silent.isEmpty && silent.allSatisfy { $0.value == "—" })
    let sum = try #require(
      report.lines.first { $0.unit.text == "530000" && $0.indicator == .k13 })
    #expect(sum.value == "1/2" && sum.silent.contains { $0.text == "530112" })
  }

  @Test func `the same cut gives the same bytes, whatever came since and on whichever node`() throws
  {
    let season = try season()
    let cut = try cut(season, .county)
    let first = try maker(season, .county).report(at: cut)
    try season.world.store(.county).publish(season.other, on: day("2026-07-01"))
    try season.world.store(.county).accept(.listing, of: season.other)
    try season.world.store(.county).close(
      .listing, of: season.other, .init(outcome: .known(.listed)), number: "列1号")
    try season.world.settle()
    season.world.set(try day("2026-07-20"), hour: 9)
    for place in [CaseWorld.Place.county, .prefecture, .province] {
      let again = try maker(season, place).report(at: cut)
      #expect(again.csv == first.csv, "\(place)")
      #expect(again.json() == first.json(), "\(place)")
    }
    let later = try values(season, .county, of: "530102")
    #expect(later[.k05] == "1/1" && later[.k06After30] == "1/1")
  }

  @Test func `a cut that is not here, or that no replica had, is refused by name`() throws {
    let season = try season()
    let before = try season.world[.county].cut()
    try season.world.store(.county).publish(season.other, on: day("2026-07-01"))
    let ahead = try season.world[.county].cut()
    let stream = StreamID(scope: season.world.scope(.county))
    let writer = season.world[.county].identity.replica
    let newest = Dot(stream: stream, replica: writer, number: ahead[stream][writer])
    let unknown = #expect(throws: StoreError.self) {
      _ = try season.world[.province].rewound(to: ahead)
    }
    #expect(unknown == .cutUnreadable(.unknownHere(newest)))
    let elsewhere = #expect(throws: StoreError.self) {
      _ = try season.world[.neighbour].rewound(to: before)
    }
    #expect(elsewhere == .cutUnreadable(.streamNotHeld(stream)))
    // The hub's receipt builds on the county's plan.
    let hub = season.world[.province].identity.replica
    var torn = VersionVector()
    torn[hub] = before[stream][hub]
    let open = #expect(throws: StoreError.self) {
      _ = try season.world[.province].rewound(
        to: Cut([Cut.Entry(stream: stream, known: torn)]))
    }
    guard case .cutUnreadable(.notClosed(let dot)) = open else {
      Issue.record("\(String(describing: open))")
      return
    }
    #expect(dot.replica == hub)
    #expect(throws: CaseworkError.self) {
      _ = try CaseReport(
        season.world[.county], divisions: season.world.divisions,
        calendar: season.world.calendar, rules: RuleSet(version: 1)
      ).report(at: self.cut(season, .county))
    }
  }

  @Test func `C-32: an evaluation keeps its cut; late rows change the next version only`() throws {
    let season = try season()
    let cut = try cut(season, .province)
    let first = try maker(season, .province).report(at: cut)
    // The county's publication was made before the cut's moment and arrives after it.
    try season.world.store(.county).publish(season.other, on: day("2026-06-30"))
    try season.world.settle()
    #expect(try maker(season, .province).report(at: cut).csv == first.csv)
    let now = try maker(season, .province).report(at: self.cut(season, .province))
    let code = try #require(UnitCode("530102"))
    #expect(
      now.lines.first { $0.unit == code && $0.indicator == .k05 }?.value == "1/1")
  }

  @Test func `what is due is listed from what the county knows, the earliest first`() throws {
    let season = try season()
    let store = season.world.store(.county)
    try store.receive(
      LeadNotice(
        id: "L1", source: .complaint,
        receivedAt: Instant(try day("2026-06-29"), hour: 9, minute: 0), subjectText: "无照摊点"))
    let dues = try store.dues(of: season.world.scope(.county))
    // The annual plan is signed, the visit was made, one result is published: these are not owed.
    #expect(dues.map(\.kind) == [.plan, .followUp, .publication, .lead])
    #expect(dues[0].row == "2026/JOINT" && dues[0].isOverdue && dues[0].workingDaysLeft == 0)
    #expect(dues.suffix(2).map(\.due.date) == [try day("2026-06-09"), try day("2026-07-20")])
    #expect(dues[2].row == season.other.row && !dues[3].isOverdue)
    #expect(dues[3].workingDaysLeft == 13)
    try season.world.settle()
    #expect(try season.world.store(.province).dues(of: season.world.scope(.county)) == dues)
    #expect(try season.world.store(.province).dues(of: season.world.scope(.province)).isEmpty)
  }

  // MARK: drill-down (domain.md §5.3)

  private func drill(
    _ season: Season, _ place: CaseWorld.Place, _ unit: String, _ part: FactsPart? = nil
  ) throws -> DrillReport {
    try maker(season, place).drill(
      at: cut(season, place),
      DrillPlace(unit: try #require(Scope(unit)), part: part))
  }

  @Test func `a figure is followed from the province to a piece of evidence`() throws {
    let season = try season()
    let world = season.world
    let hash = try world.store(.county).addEvidence(
      visit: "v1", content: Array("照片".utf8), kind: "PHOTO")
    try world.settle()
    func value(_ line: DrillLine, _ indicator: Indicator) -> String {
      line.figures[indicator].map { "\($0.numerator)/\($0.denominator)" } ?? "—"
    }
    let province = try drill(season, .province, "530000")
    let prefecture = try #require(province.parts.first { $0.id == "530100" })
    #expect(value(province.whole, .k04) == "0/2" && value(prefecture, .k04) == "0/2")
    let county = try #require(
      try drill(season, .province, "530100").parts.first { $0.id == "530102" })
    #expect(value(county, .k04) == "0/2")
    let unit = try drill(season, .province, "530102")
    #expect(unit.whole.level == .unit && unit.parts.map(\.id) == [season.task])
    #expect(value(unit.parts[0], .k04) == "0/2" && value(unit.parts[0], .k10) == "2/2")
    #expect(unit.parts[0].figures[.k14] == nil, "the roster belongs to no task")
    let task = try drill(season, .province, "530102", .task(season.task))
    #expect(task.parts.map(\.id) == ["v1"] && task.parts[0].remark == "91530102MA6KABCD12")
    let visit = try drill(season, .province, "530102", .visit("v1"))
    #expect(visit.parts.map(\.id) == [season.key.row, season.other.row])
    #expect(visit.parts.map { value($0, .k04) } == ["0/1", "0/1"])
    #expect(visit.parts.map { value($0, .k13) } == ["0/1", "1/1"])
    let result = try drill(season, .province, "530102", .result(season.other.row))
    #expect(result.parts.map(\.level) == [.evidence] && result.parts[0].id == hash)
    #expect(value(result.whole, .k07) == "0/1")
    // The same bytes at each tier that holds the streams, and whatever comes later.
    let cut = try cut(season, .county)
    let place = DrillPlace(unit: world.scope(.county), part: .task(season.task))
    let before = try maker(season, .county).drill(at: cut, place)
    try world.store(.county).publish(season.other, on: day("2026-07-01"))
    let after = try maker(season, .county).drill(at: cut, place)
    #expect(before.csv == after.csv && before.csv.hasPrefix("level,id,remark,indicator"))
    #expect(throws: CaseworkError.self) { _ = try drill(season, .county, "530103") }
    #expect(throws: CaseworkError.self) {
      _ = try drill(season, .county, "530102", .visit("nobody"))
    }
  }

  @Test func `the parts of a unit add up to it`() throws {
    let season = try season()
    let unit = try drill(season, .county, "530102")
    let additive: [Indicator] = [.k04, .k05, .k06After30, .k07, .k10, .k13, .k20]
    for indicator in additive {
      let parts = unit.parts.compactMap { $0.figures[indicator] }
      let sum = parts.dropFirst().reduce(parts.first) { $0?.adding($1) }
      #expect(sum == unit.whole.figures[indicator], "\(indicator.rawValue)")
    }
  }
}
