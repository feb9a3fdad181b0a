import Foundation
import Outages
import Simulator
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// Rehearsals end to end, among the tests of worlds: the fault VFS is one per process, so they run one by one.
extension WorldTests {
  /// A top, two hubs and four counties for six hours; a hub is cut off for two, and a county stops.
  static let smallScenario = """
    {
      "title": "A <small> tree & an outage", "question": "Does 泸水市 go on?", "seed": 5,
      "start": "2026-07-13", "length": "20 h",
      "tree": {"kind": "divisions", "divisions": [
        {"code": 1, "name": "省"}, {"code": 11, "name": "甲", "above": 1}, {"code": 12, "name": "乙", "above": 1},
        {"code": 111, "name": "甲一", "above": 11}, {"code": 112, "name": "甲二", "above": 11},
        {"code": 121, "name": "乙一", "above": 12}, {"code": 122, "name": "乙二", "above": 12}]},
      "lineOf": {"甲一": "dial-up"},
      "sizes": {"companies": 5, "scale": 2},
      "work": {"sameCompany": "100 %"},
      "timeline": [
        {"at": "day 1 08:00", "event": "cut", "where": ["甲"], "for": "8 h", "name": "landslide"},
        {"at": "day 1 09:00", "event": "off", "where": ["乙一"], "for": "1 h", "name": "power cut"}]
    }
    """

  static func rehearse(_ text: String = smallScenario) throws -> (Scenario, Measurements) {
    let scenario = try Scenario(json: Array(text.utf8))
    return (scenario, try World.rehearse(scenario.rehearsal()))
  }

  @Test func `a cut hub and its counties work on, and all agree afterwards`() throws {
    let (_, found) = try Self.rehearse()
    #expect(found.isSound, "\(String(describing: found.verdict.violation))")
    #expect(found.agreedAtMilliseconds != nil)
    #expect(found.lost == 0)
    #expect(found.nodesPerTier == [1, 2, 4])
    #expect(
      found.work.reduce(0) { $0 + $1.doneWhileCut } > 0, "its counties could not reach the top")
    #expect(found.work.reduce(0) { $0 + $1.delayed } > 0, "people of a machine that is off wait")
    #expect(found.conflictsAtEnd > 0, "feed and county changed the same phone numbers")
    let cut = try #require(found.heals.first { $0.name == "landslide" })
    #expect(cut.waiting > 20)
    #expect(cut.doneAtMilliseconds.map { $0 - cut.atMilliseconds < 600_000 } == true)
    let worst = found.samples.map { $0.worstLagMilliseconds[0] }.max() ?? 0
    #expect(
      (3_600_000...8 * 3_600_000).contains(worst), "the top lacks what the cut hub's counties wrote"
    )
    #expect(found.samples.last?.worstLagMilliseconds == [0, 0, 0])
    #expect(found.checks.count == 4)
    #expect(found.links.count == 6)
    #expect(found.links.allSatisfy { $0.upBytes > 0 && $0.downBytes > 0 })
  }

  @Test func `the same scenario gives the same trace, page and report`() throws {
    let (scenario, first) = try Self.rehearse()
    let (_, second) = try Self.rehearse()
    #expect(first.verdict.traceHash == second.verdict.traceHash)
    #expect(
      Page(scenario, first, command: "x").html == Page(scenario, second, command: "x").html)
    #expect(TerminalReport(scenario, first).text == TerminalReport(scenario, second).text)
    #expect(try ReportJSON(scenario, first).text() == ReportJSON(scenario, second).text())
  }

  @Test func `the page is well-formed, self-contained, and says what happened`() throws {
    let (scenario, found) = try Self.rehearse()
    let page = Page(scenario, found, command: "tributary-sim rehearse x.json").html
    let checker = XMLChecker()
    // HTML's declaration is no XML.
    let parser = XMLParser(data: Data(page.replacing("<!DOCTYPE html>", with: "").utf8))
    parser.delegate = checker
    #expect(
      parser.parse(), "\(String(describing: parser.parserError)) in line \(parser.lineNumber)")
    #expect(checker.elements["svg", default: 0] >= 12, "each picture is there in two widths")
    #expect(checker.references.isEmpty, "\(checker.references)")
    for word in ["url(", "@import", "src="] { #expect(!page.contains(word)) }
    #expect(page.contains("A &lt;small&gt; tree &amp; an outage"))
    #expect(page.contains("<span lang=\"zh-Hans\">泸水市</span>"))
    for question in ["What happened?", "Was local work hindered?", "Was anything lost?"] {
      #expect(page.contains(question))
    }
    #expect(page.contains("landslide"))
  }

  @Test func `an old copy of a disk is noticed, and what only it had is counted as lost`() throws {
    let (_, found) = try Self.rehearse(
      """
      {
        "title": "T", "seed": 3, "start": "2026-07-13", "length": "20 h",
        "tree": {"kind": "divisions", "divisions": [
          {"code": 1, "name": "A"}, {"code": 11, "name": "B", "above": 1}, {"code": 12, "name": "C", "above": 1}]},
        "sizes": {"companies": 5, "scale": 8},
        "timeline": [
          {"at": "day 1 09:00", "event": "backup", "where": ["B"], "for": "3 h 30 min", "name": "copy"},
          {"at": "day 1 10:00", "event": "cut", "where": ["B"], "for": "3 h", "name": "line"}]
      }
      """)
    #expect(found.isSound, "\(String(describing: found.verdict.violation))")
    #expect(found.lost > 0)
    #expect(found.stopped.map(\.node) == [1])
    #expect(found.work.reduce(0) { $0 + $1.refused } > 0)
  }

  @Test func `a slow line is slower, and a quota stops it`() throws {
    func longest(_ line: String) throws -> (Int, Int) {
      let (_, found) = try Self.rehearse(
        """
        {
          "title": "T", "seed": 3, "start": "2026-07-13", "length": "20 h",
          "tree": {"kind": "divisions", "divisions": [
            {"code": 1, "name": "A"}, {"code": 11, "name": "B", "above": 1}]},
          "lines": {"x": {"up": "9.6 kbit/s", "down": "9.6 kbit/s", "roundTrip": "600 ms"},
            "y": {"up": "1 Gbit/s", "down": "1 Gbit/s", "roundTrip": "2 ms"},
            "z": {"up": "1 Gbit/s", "down": "1 Gbit/s", "roundTrip": "2 ms", "quota": "1 MB"}},
          "lineOf": {"B": "\(line)"}, "sizes": {"companies": 5}
        }
        """)
      #expect(found.isSound)
      let up = found.deliveries.first { $0.fromTier == 1 }
      return (up?.medianMilliseconds ?? 0, found.links[0].quotaHits)
    }
    let (slow, quick, bounded) = (try longest("x"), try longest("y"), try longest("z"))
    #expect(slow.0 > 500 && quick.0 < 100)
    #expect(quick.1 == 0 && bounded.1 > 0)
  }
}

private final class XMLChecker: NSObject, XMLParserDelegate {
  var elements: [String: Int] = [:]
  var references: [String] = []

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
    qualifiedName: String?, attributes: [String: String]
  ) {
    elements[name, default: 0] += 1
    references += attributes.filter { ["src", "href", "xlink:href"].contains($0.key) }.map(\.value)
  }
}
