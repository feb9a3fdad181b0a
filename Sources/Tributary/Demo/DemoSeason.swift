import Casework
import Causality
import Changes
import Foundation
import Rehearsal
import Store
import Terminal
import Transport

/// The season of the demo: what people of three tiers do in a year of random inspections, by commands on the
/// demo's nodes, under a clock that plays the year in seconds.
///
/// What must come of it is written down beside what came (`findings`): a season that ended otherwise fails.
final class DemoSeason {
  /// One thing that the season had to show.
  struct Finding {
    let what: String
    let unit: String
    let expected: String
    let found: String

    var isAsExpected: Bool { expected == found }
  }

  /// A node as the commands need it.
  struct Place: Sendable {
    let unit: String
    let folder: String
    let name: String

    init(_ node: DemoNode) {
      (unit, folder, name) = (node.scope.description, node.folder.path, node.division.name)
    }
  }

  let demo: Demo
  let steps: SeasonSteps
  private(set) var findings: [Finding] = []
  /// Tasks by unit, in order.
  private(set) var tasks: [String: [String]] = [:]
  /// Sessions that were drawn, by unit.
  var sessions: [String: [String]] = [:]
  /// How many results a unit has.
  var results: [String: Int] = [:]
  /// The company that was removed before a draw.
  var removed = ""

  let province: Place
  /// The hub of the counties that have a link, and the hub that is cut off.
  let hub: Place
  let valley: Place
  /// Draws with a link; removes a row before a draw; draws a second time.
  let linked: Place
  let remover: Place
  let redrawer: Place
  /// Draws without a link; files its plan late.
  let alone: Place
  let late: Place
  /// Counties of `valley`, over whose rosters it draws; each draws its own inspectors and visits.
  let handed: [Place]

  /// Throws `Problem` for a tree without two prefectures of three counties each.
  init(_ demo: Demo, _ runner: DemoRunner) throws {
    let prefectures = demo.nodes.filter { $0.division.level == .prefecture }
    func counties(_ hub: DemoNode) -> [DemoNode] {
      demo.counties.filter { $0.division.parent == hub.scope }
    }
    guard let top = demo.nodes.first, let first = prefectures.first, let last = prefectures.last,
      first !== last, case let near = counties(first), near.count >= 3,
      case let far = counties(last), far.count >= 3
    else {
      throw Problem(
        "the season needs two prefectures with counties", next: ["Use --all."], status: .software)
    }
    (self.demo, province) = (demo, Place(top))
    steps = SeasonSteps(runner, files: runner.files)
    (hub, valley) = (Place(first), Place(last))
    (linked, remover, redrawer) = (Place(near[0]), Place(near[1]), Place(near[2]))
    (alone, late) = (Place(far[far.count - 1]), Place(far[far.count - 2]))
    handed = [Place(far[far.count - 3]), late]
  }

  func note(_ what: String, _ unit: String, expected: String, found: String) {
    findings.append(Finding(what: what, unit: unit, expected: expected, found: found))
  }

  /// Waits until the nodes agree, so that what one does is known to the next.
  func settle() async throws {
    guard try await demo.agree(seconds: 60) else {
      throw Problem(
        "the nodes did not agree within 60 s", next: ["Read the logs of the nodes."],
        status: .temporary)
    }
  }

  /// Runs a step for some units, two at a time.
  func forEach(
    _ label: String, _ places: [Place], _ body: @escaping @Sendable (Place) async throws -> Void
  ) async throws {
    var bar = ProgressBar(label, total: places.count, unit: "units")
    var rest = places.makeIterator()
    var done = 0
    try await withThrowingTaskGroup(of: Void.self) { group in
      func start() {
        if let place = rest.next() { group.addTask { try await body(place) } }
      }
      start()
      start()
      while try await group.next() != nil {
        done += 1
        bar.update(done)
        start()
      }
    }
    bar.finish()
  }

  // MARK: January

  /// Who may plan and draw: the counties and their prefectures.
  private var units: [Place] { demo.nodes.dropFirst().map(Place.init) }

  /// The list and what the lines require come from the province, the tiers below adjust; whoever draws commits
  /// to the year's values.
  func issue() async throws {
    try demo.clock.set("2026-01-06 09:00")
    try await steps.expect([
      "list", "issue", province.folder, "--list-version", "2026010601", "--effective-from",
      "2026-01-06", "--document-number", "云市监〔2026〕1号",
    ])
    try await steps.expect([
      "list", "require", province.folder, "2026-信用-1", "--item", "Y0101", "--ratio-bp", "300",
      "--line", "信用监管", "--year", "2026",
    ])
    try await settle()
    try await steps.expect([
      "list", "adjust", hub.folder, "Y0101", "--list-version", "2026010801",
      "--effective-from", "2026-01-08", "--reason", "本市从严控制", "--cap-bp", "1000",
    ])
    try await steps.expect([
      "list", "adjust", alone.folder, "Y0203", "--list-version", "2026010801",
      "--effective-from", "2026-01-08", "--reason", "辖区无此类企业", "--disable",
    ])
    let steps = steps
    try await forEach("keys", [linked, remover, redrawer, alone, valley] + handed) { place in
      try await steps.publishAnchor(of: place.unit, at: place.folder)
    }
    try await steps.expect(["draw", "anchor", province.folder, "--for", valley.unit])
    for place in [hub, valley] {
      try await steps.expect([
        "draw", "anchor", place.folder, "--for-all", "--year", "2026",
      ])
    }
  }

  /// Plans signed in time by all but one; one of them on the last evening, without a link.
  func plan() async throws {
    try demo.clock.set("2026-01-20 09:00")
    let (steps, lastEvening) = (steps, alone)
    let (twice, initiator) = (remover.unit, valley.unit)
    func sign(_ place: Place, _ task: [SeasonSteps.Task]) async throws -> [String] {
      let (file, codes) = try await steps.plan(task, of: place.unit, at: place.folder)
      try await steps.expect(["plan", "sign", place.folder, file, "--signed-by", "局长"])
      return codes
    }
    var spring = SeasonSteps.Task(from: "2026-04-01", to: "2026-06-30")
    spring.most = 2
    var summer = SeasonSteps.Task(from: "2026-06-01", to: "2026-09-30")
    summer.most = 2
    // One company of each class, over the rosters of the counties that are to visit.
    var spanning = spring
    (spanning.most, spanning.implementers) = (1, handed.map(\.unit))
    let (first, second, over) = (spring, summer, spanning)
    let early = units.filter { $0.unit != lastEvening.unit && $0.unit != late.unit }
    try await forEach("plans", early) { place in
      let tasks =
        place.unit == twice ? [first, second] : [place.unit == initiator ? over : first]
      let (file, _) = try await steps.plan(tasks, of: place.unit, at: place.folder)
      try await steps.expect(["plan", "sign", place.folder, file, "--signed-by", "局长"])
    }
    for place in units {
      tasks[place.unit] = ["\(place.unit)-2026-0001", "\(place.unit)-2026-0002"]
    }
    try await receive()
    try demo.clock.set("2026-01-31 23:50")
    demo.node(alone)?.link?.cut()
    _ = try await sign(lastEvening, [first])
    try demo.clock.set("2026-02-04 09:00")
    demo.node(alone)?.link?.heal()
    try await receive()
    try demo.clock.set("2026-02-20 09:00")
    _ = try await sign(late, [first])
    try await receive()
  }

  /// The hubs give receipts for what has come.
  private func receive() async throws {
    try await settle()
    for place in [hub, valley, province] {
      try await steps.expect(["plan", "receive", place.folder])
    }
    try await settle()
  }

  private struct Filed: Decodable {
    struct Receipt: Decodable {
      let hub: String
      let timeliness: String
    }

    let receipts: [Receipt]
  }

  /// What the province's receipt says of a unit's plan.
  private func timeliness(of unit: String) async throws -> String {
    let plans = try await steps.read(
      [Filed].self, ["plan", "list", province.folder, "--unit", unit])
    return plans.first?.receipts.first { $0.hub == province.unit }?.timeliness ?? "—"
  }

  func checkPlans() async throws {
    for (what, unit, name, expected) in [
      ("plan signed 20 Jan", linked.unit, linked.name, "ON_TIME"),
      ("plan signed 31 Jan 23:50 without a link", alone.unit, alone.name, "ON_TIME"),
      ("plan signed 20 Feb", late.unit, late.name, "SIGNED_LATE"),
    ] {
      note(what, name, expected: expected, found: try await timeliness(of: unit))
    }
  }
}
