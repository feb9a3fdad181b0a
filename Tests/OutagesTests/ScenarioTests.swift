import Foundation
import Outages
import Testing

@Suite struct ScenarioTests {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Sim/scenarios")

  @Test func `the scenarios that come with the simulator can be read`() throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).sorted()
      .filter { $0 != "scenario.schema.json" }
    #expect(names.count >= 7)
    for name in names {
      let scenario = try Scenario(
        json: [UInt8](Data(contentsOf: Self.folder.appendingPathComponent(name))))
      #expect(!scenario.title.isEmpty && !scenario.question.isEmpty, "\(name)")
      #expect(scenario.lines.count == scenario.territory.divisions.count, "\(name)")
    }
  }

  @Test func `the trees have the nodes that they should have`() throws {
    func count(_ tree: String) throws -> [Int] {
      let scenario = try Scenario(json: Self.file(tree: tree))
      let tiers = scenario.territory.divisions.map(\.tier)
      return (0...(tiers.max() ?? 0)).map { tier in tiers.count { $0 == tier } }
    }
    #expect(try count(#"{"kind": "yunnan"}"#) == [1, 16, 129])
    #expect(try count(#"{"kind": "yunnan", "prefectures": ["怒江傈僳族自治州"]}"#) == [1, 1, 4])
    let national = try Scenario(json: Self.file(tree: #"{"kind": "national"}"#)).territory
    #expect(national.divisions.count == 1 + 31 + 333 + 2_844)
    #expect(Set(national.divisions.map(\.code)).count == 3_209)
  }

  private static func file(
    tree: String = #"{"kind": "yunnan"}"#, length: String = "2 d", more: String = ""
  ) -> [UInt8] {
    Array(
      """
      {"title": "T", "start": "2026-07-13", "length": "\(length)", "tree": \(tree)\(more)}
      """.utf8)
  }

  private static let cut =
    #", "timeline": [{"at": "day 1 06:00", "event": "cut", "where": ["怒江傈僳族自治州"], "for": "5 h"}]"#

  @Test func `an outage is read with its place and time`() throws {
    let scenario = try Scenario(json: Self.file(more: Self.cut))
    let outage = try #require(scenario.outages.first)
    #expect(outage.kind == .cut)
    #expect(outage.fromMilliseconds == 21_600_000)
    #expect(outage.toMilliseconds == 39_600_000)
    #expect(outage.places.map { scenario.territory.divisions[$0].name } == ["怒江傈僳族自治州"])
  }

  /// What is wrong, the place that the error names, and a word of what it says.
  static let wrong: [(more: String, path: String, word: String)] = [
    (#", "lenght": "2 d""#, "lenght", "unknown"),
    (#", "seed": "one""#, "seed", "whole number"),
    (#", "seed": 1.5"#, "seed", "whole number"),
    (#", "settle": "2 days""#, "settle", "length of time"),
    (#", "sizes": {"companies": 0}"#, "sizes.companies", "1 to 2000"),
    (#", "sizes": 3"#, "sizes", "object"),
    (#", "work": {"season": "summer"}"#, "work.season", "visits"),
    (#", "work": {"sameCompany": "120 %"}"#, "work.sameCompany", "share"),
    (#", "work": {"feed": "town"}"#, "work.feed", "province"),
    (
      #", "work": {"filing": {"from": "day 1 18:00", "to": "day 1 08:00"}}"#, "work.filing.to",
      "after"
    ),
    (#", "lines": {"x": {"up": "fast"}}"#, "lines.x.up", "speed"),
    (#", "lines": {"x": {"up": "1 Mbit/s"}}"#, "lines.x.down", "missing"),
    (#", "lineOf": {"怒江傈僳族自治州": "wire"}"#, "lineOf.怒江傈僳族自治州", "backbone"),
    (#", "lineOf": {"Atlantis": "good"}"#, "lineOf.Atlantis", "no division"),
    (#", "lineOfTier": {"town": "good"}"#, "lineOfTier.town", "unknown"),
    (#", "timeline": {}"#, "timeline", "list"),
    (#", "timeline": ["cut"]"#, "timeline[0]", "object"),
    (
      #", "timeline": [{"at": "06:00", "event": "cut", "where": ["云南省"], "for": "5 h"}]"#,
      "timeline[0].at", "moment"
    ),
    (
      #", "timeline": [{"at": "day 1 06:00", "event": "burn", "where": ["云南省"], "for": "5 h"}]"#,
      "timeline[0].event", "cut"
    ),
    (
      #", "timeline": [{"at": "day 1 06:00", "event": "cut", "where": ["云南省"], "for": "5 h"}]"#,
      "timeline[0].where", "no line upwards"
    ),
    (
      #", "timeline": [{"at": "day 1 06:00", "event": "off", "where": ["云南"], "for": "5 h"}]"#,
      "timeline[0].where[0]", "no division"
    ),
    (
      #", "timeline": [{"at": "day 2 06:00", "event": "off", "where": ["云南省"], "for": "5 d"}]"#,
      "timeline[0].for", "within"
    ),
    (
      #", "timeline": [{"at": "day 1 06:00", "event": "off", "where": [], "for": "5 h"}]"#,
      "timeline[0].where", "names nothing"
    ),
    (
      #", "timeline": [{"at": "day 1 06:00", "event": "clock", "where": ["云南省"], "for": "5 h"}]"#,
      "timeline[0].by", "missing"
    ),
  ]

  @Test(arguments: wrong.indices)
  func `what is wrong is told with its place and what to do`(index: Int) {
    let (more, path, word) = Self.wrong[index]
    let error = #expect(throws: ScenarioError.self) { try Scenario(json: Self.file(more: more)) }
    #expect(error?.path == path)
    #expect(error?.description.contains(word) == true, "\(error?.description ?? "no error")")
    #expect(error?.advice.isEmpty == false)
  }

  @Test func `a file that is no JSON is told as such`() {
    let error = #expect(throws: ScenarioError.self) {
      try Scenario(json: Array("{\"title\": ".utf8))
    }
    #expect(error?.problem.contains("JSON") == true)
    #expect(throws: ScenarioError.self) { try Scenario(json: Array("[]".utf8)) }
    #expect(throws: ScenarioError.self) { try Scenario(json: []) }
  }

  @Test(arguments: ["30 min", "401 d", "long"])
  func `a length that cannot be rehearsed is refused`(length: String) {
    let error = #expect(throws: ScenarioError.self) {
      try Scenario(json: Self.file(length: length))
    }
    #expect(error?.path == "length")
  }

  @Test func `a listed tree is checked`() throws {
    func tree(_ list: String) -> [UInt8] {
      Self.file(tree: #"{"kind": "divisions", "divisions": [\#(list)]}"#)
    }
    let good = #"{"code": 1, "name": "A"}, {"code": 2, "name": "B", "above": 1}"#
    #expect(try Scenario(json: tree(good)).territory.divisions.map(\.name) == ["A", "B"])
    let bad = [
      #"{"code": 1, "name": "A"}"#,
      #"{"code": 1, "name": "A"}, {"code": 1, "name": "B", "above": 1}"#,
      #"{"code": 1, "name": "A"}, {"code": 2, "name": "B", "above": 3}"#,
      #"{"code": 1, "name": "A"}, {"code": 2, "name": "B"}"#,
      #"{"code": 1, "name": "A", "above": 2}, {"code": 2, "name": "B", "above": 1}"#,
    ]
    for list in bad {
      let error = #expect(throws: ScenarioError.self) { try Scenario(json: tree(list)) }
      #expect(error?.path.hasPrefix("tree.divisions") == true, "\(list)")
    }
  }

  @Test func `the schema names the keys that the reader knows`() throws {
    let data = try Data(contentsOf: Self.folder.appendingPathComponent("scenario.schema.json"))
    let schema = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let properties = try #require(schema["properties"] as? [String: Any])
    #expect(properties.keys.sorted() == Scenario.keys.sorted())
  }
}
