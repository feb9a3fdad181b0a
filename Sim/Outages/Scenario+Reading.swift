internal import Foundation
internal import Simulator

extension Scenario {
  /// Reads a scenario file (Sim/scenarios/scenario.schema.json). Throws for the first thing that is wrong.
  package init(json bytes: [UInt8]) throws(ScenarioError) {
    let value: JSONValue
    do {
      value = try JSONDecoder().decode(JSONValue.self, from: Data(bytes))
    } catch {
      throw ScenarioError(
        path: "", problem: "the file is no JSON: \(Self.reason(error))",
        advice: "check commas, quotes and brackets there")
    }
    try self.init(ScenarioObject(value, at: ""))
  }

  private static func reason(_ error: any Error) -> String {
    guard case DecodingError.dataCorrupted(let context) = error else { return "\(error)" }
    let inner =
      (context.underlyingError as NSError?)?.userInfo[NSDebugDescriptionErrorKey] as? String
    return inner ?? context.debugDescription
  }

  package static let keys = [
    "$schema", "title", "question", "seed", "start", "length", "settle", "tree", "sizes", "lines",
    "lineOfTier", "lineOf", "work", "timeline",
  ]

  private init(_ top: ScenarioObject) throws(ScenarioError) {
    try top.allow(Self.keys)
    title = try top.text("title")
    question = try top.optionalText("question") ?? ""
    seed = UInt64(try top.integer("seed", 0...1_000_000_000, or: 1))
    let start = try top.text("start")
    guard let midnight = CivilTime.midnight(start) else {
      throw top.wrong("start", .text(start), "write a day such as \"2026-07-13\"")
    }
    startMilliseconds = midnight
    lengthMilliseconds = try top.quantity("length", Duration.self)
    guard (3_600_000...34_560_000_000).contains(lengthMilliseconds) else {
      throw top.wrong("length", .text(try top.text("length")), "write 1 h to 400 d")
    }
    settleMilliseconds = try top.quantity("settle", Duration.self, or: 86_400_000)
    territory = try ScenarioReader.territory(top.object("tree"))
    sizes = try ScenarioReader.sizes(top.object("sizes"))
    lines = try ScenarioReader.lines(top, territory)
    workload = try ScenarioReader.workload(top.object("work"), midnight, territory)
    var outages: [Outage] = []
    for (index, entry) in try top.list("timeline").enumerated() {
      outages.append(
        try ScenarioReader.outage(
          ScenarioObject(entry, at: "timeline[\(index)]"), territory, length: lengthMilliseconds))
    }
    self.outages = outages
  }
}

/// The parts of a scenario file.
enum ScenarioReader {
  static func territory(_ tree: ScenarioObject) throws(ScenarioError) -> Territory {
    try tree.allow(["kind", "prefectures", "divisions"])
    let kind = try tree.text("kind")
    switch kind {
    case "yunnan":
      var names: [String] = []
      for (index, value) in try tree.list("prefectures").enumerated() {
        guard case .text(let name) = value else {
          throw tree.wrong("prefectures[\(index)]", value, "write the name of a prefecture")
        }
        names.append(name)
      }
      return try Territory.yunnan(prefectures: names)
    case "national": return Territory.national()
    case "divisions":
      var list: [(code: Int, name: String, above: Int?)] = []
      for (index, value) in try tree.list("divisions").enumerated() {
        let entry = try ScenarioObject(value, at: tree.place("divisions[\(index)]"))
        try entry.allow(["code", "name", "above"])
        _ = try entry.required("code")
        let above = try entry.integer("above", 0...999_999, or: 0)
        list.append(
          (
            try entry.integer("code", 1...999_999, or: 1), try entry.text("name"),
            above == 0 ? nil : above
          ))
      }
      guard list.count > 1 else {
        throw ScenarioError(
          path: tree.place("divisions"), problem: "has \(list.count) entries",
          advice: "list a top and at least one division below it")
      }
      return try Territory.listed(list)
    default:
      throw tree.wrong("kind", .text(kind), "write \"yunnan\", \"national\" or \"divisions\"")
    }
  }

  static func sizes(_ object: ScenarioObject) throws(ScenarioError) -> Scenario.Sizes {
    try object.allow(["companies", "scale"])
    var sizes = Scenario.Sizes()
    sizes.companies = try object.integer("companies", 1...2_000, or: sizes.companies)
    sizes.scalePerMillion = Int(try object.number("scale", 0.01...20, or: 1) * 1_000_000)
    return sizes
  }

  // MARK: lines

  /// What lines are unless the scenario says otherwise. Source: domain.md §7.2, "Links to simulate".
  static let standardLines: [String: LinkClass] = [
    "backbone": LinkClass(
      name: "backbone", upBitsPerSecond: 100_000_000, downBitsPerSecond: 100_000_000,
      roundTripMilliseconds: 15, jitterMilliseconds: 1),
    "good": LinkClass(
      name: "good", upBitsPerSecond: 2_000_000, downBitsPerSecond: 8_000_000,
      roundTripMilliseconds: 40, jitterMilliseconds: 5, lossPerMillion: 1_000),
    "poor": LinkClass(
      name: "poor", upBitsPerSecond: 64_000, downBitsPerSecond: 256_000,
      roundTripMilliseconds: 400, jitterMilliseconds: 100, lossPerMillion: 20_000),
    "dial-up": LinkClass(
      name: "dial-up", upBitsPerSecond: 9_600, downBitsPerSecond: 9_600,
      roundTripMilliseconds: 600, jitterMilliseconds: 100, lossPerMillion: 5_000),
  ]

  static func lines(
    _ top: ScenarioObject, _ territory: Territory
  ) throws(ScenarioError) -> [LinkClass] {
    var classes = standardLines
    let own = try top.object("lines")
    for name in own.keys { classes[name] = try line(own.object(name), name) }
    func find(_ object: ScenarioObject, _ key: String) throws(ScenarioError) -> LinkClass {
      let name = try object.text(key)
      guard let line = classes[name] else {
        throw object.wrong(
          key, .text(name), "name one of the lines \(classes.keys.sorted().joined(separator: ", "))"
        )
      }
      return line
    }
    let tiers = try top.object("lineOfTier")
    try tiers.allow(Array(territory.tierNames.dropFirst()))
    var ofTier: [LinkClass] = []
    let depth = (territory.divisions.map(\.tier).max() ?? 0) + 1
    for tier in 0..<depth {
      let name = territory.tierNames[min(tier, territory.tierNames.count - 1)]
      let standard = tier == depth - 1 ? "good" : "backbone"
      ofTier.append(
        try tiers[name] == nil ? standardLine(standard, classes) : find(tiers, name))
    }
    var lines = territory.divisions.map { ofTier[$0.tier] }
    let single = try top.object("lineOf")
    for name in single.keys {
      let line = try find(single, name)
      for place in try places(name, territory, at: single.place(name)) { lines[place] = line }
    }
    return lines
  }

  private static func standardLine(
    _ name: String, _ classes: [String: LinkClass]
  ) throws(ScenarioError) -> LinkClass {
    guard let line = classes[name] else {
      throw ScenarioError(path: "lines", problem: "lacks \(name)", advice: "add it")
    }
    return line
  }

  private static func line(
    _ object: ScenarioObject, _ name: String
  ) throws(ScenarioError) -> LinkClass {
    try object.allow(["up", "down", "roundTrip", "jitter", "loss", "quota", "overheadBytes"])
    return LinkClass(
      name: name, upBitsPerSecond: try object.quantity("up", Bandwidth.self),
      downBitsPerSecond: try object.quantity("down", Bandwidth.self),
      roundTripMilliseconds: try object.quantity("roundTrip", Duration.self),
      jitterMilliseconds: try object.quantity("jitter", Duration.self, or: 0),
      lossPerMillion: try object.quantity("loss", Share.self, or: 0),
      quotaBytesPerDay: try object.quantity("quota", Volume.self, or: 0),
      overheadBytes: try object.integer("overheadBytes", 0...10_000, or: 300))
  }

  // MARK: work

  static func workload(
    _ object: ScenarioObject, _ start: Int, _ territory: Territory
  ) throws(ScenarioError) -> Scenario.Workload {
    try object.allow([
      "season", "registrations", "corrections", "visits", "draws", "publications", "plans",
      "sameCompany", "feed", "weekends", "filing",
    ])
    var season = Season.of(month: CivilTime.date(start).month)
    if let name = try object.optionalText("season") {
      guard let chosen = Season(rawValue: name) else {
        throw object.wrong(
          "season", .text(name),
          "write one of \(Season.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      season = chosen
    }
    var work = season.workload
    let rates: [(String, WritableKeyPath<Scenario.Workload, Double>)] = [
      ("registrations", \.registrations), ("corrections", \.corrections), ("visits", \.visits),
      ("draws", \.draws), ("publications", \.publications), ("plans", \.plans),
    ]
    for (key, path) in rates {
      work[keyPath: path] = try object.number(key, 0...2_000, or: work[keyPath: path])
    }
    work.sameCompanyPerMillion = try object.quantity("sameCompany", Share.self, or: 20_000)
    work.worksOnWeekends = try object.flag("weekends")
    if let tier = try object.optionalText("feed") {
      guard let depth = territory.tierNames.firstIndex(of: tier) else {
        throw object.wrong(
          "feed", .text(tier), "write one of \(territory.tierNames.joined(separator: ", "))")
      }
      work.feedTier = depth
    }
    if object["filing"] != nil { work.filing = try filing(object.object("filing")) }
    return work
  }

  private static func filing(_ object: ScenarioObject) throws(ScenarioError) -> Scenario.Filing {
    try object.allow(["from", "to", "counties"])
    let filing = Scenario.Filing(
      fromMilliseconds: try object.quantity("from", Moment.self),
      toMilliseconds: try object.quantity("to", Moment.self),
      sharePerMillion: try object.quantity("counties", Share.self, or: 1_000_000))
    guard filing.fromMilliseconds < filing.toMilliseconds else {
      throw object.wrong("to", .text(try object.text("to")), "write a moment after 'from'")
    }
    return filing
  }

  // MARK: timeline

  static func outage(
    _ object: ScenarioObject, _ territory: Territory, length: Int
  ) throws(ScenarioError) -> Scenario.Outage {
    try object.allow(["at", "event", "where", "for", "by", "name"])
    let event = try object.text("event")
    let from = try object.quantity("at", Moment.self)
    let span = try object.quantity("for", Duration.self)
    guard span > 0, from + span <= length else {
      throw object.wrong(
        "for", .text(try object.text("for")),
        "end it within the length of the scenario, so that it can be seen how all agree again")
    }
    let kind: Scenario.Outage.Kind
    switch event {
    case "cut": kind = .cut
    case "off": kind = .off
    case "backup": kind = .backup
    case "clock": kind = .clock(try object.quantity("by", Duration.self))
    default:
      throw object.wrong("event", .text(event), "write \"cut\", \"off\", \"backup\" or \"clock\"")
    }
    var found: [Int] = []
    for (index, value) in try object.list("where").enumerated() {
      guard case .text(let name) = value else {
        throw object.wrong("where[\(index)]", value, "write the name of a division")
      }
      found += try places(name, territory, at: object.place("where[\(index)]"))
    }
    guard !found.isEmpty else {
      throw ScenarioError(
        path: object.place("where"), problem: "names nothing", advice: "list at least one division")
    }
    if kind == .cut, let top = found.first(where: { territory.divisions[$0].hub == nil }) {
      throw ScenarioError(
        path: object.place("where"),
        problem: "\(territory.divisions[top].name) has no line upwards",
        advice: "use \"off\", or cut the divisions below it")
    }
    return Scenario.Outage(
      kind: kind, places: Array(Set(found)).sorted(), fromMilliseconds: from,
      toMilliseconds: from + span, name: try object.optionalText("name") ?? event)
  }

  /// The divisions of a name or code, or of `every county`.
  private static func places(
    _ text: String, _ territory: Territory, at path: String
  ) throws(ScenarioError) -> [Int] {
    if text.hasPrefix("every "),
      let tier = territory.tierNames.firstIndex(of: String(text.dropFirst(6)))
    {
      return territory.divisions.indices.filter { territory.divisions[$0].tier == tier }
    }
    let found = territory.places(named: text)
    guard found.count == 1 else {
      throw ScenarioError(
        path: path,
        problem: found.isEmpty
          ? "'\(text)' is no division of the tree" : "'\(text)' is \(found.count) divisions",
        advice: found.isEmpty
          ? "write a full name, a code, or \"every \(territory.tierNames.last ?? "")\""
          : "write its code")
    }
    return found
  }
}
