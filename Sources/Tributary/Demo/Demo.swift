import Casework
import Causality
import Changes
import Foundation
import Store
import Terminal
import Wire

/// The demonstration: real processes on loopback, each with its own replica, through a cut and back.
///
/// What it shows is checked, not told: at the end every pair of replicas compares digests, and every change
/// set that was acknowledged anywhere is looked up at the top.
final class Demo {
  let root: String
  let divisions: DivisionTree
  private(set) var nodes: [DemoNode] = []
  private(set) var written: [Dot] = []
  /// The time at all nodes, from the first day of the season on.
  let clock: DemoClock
  private let author = "demo"

  init(root: String, all: Bool) throws {
    self.root = root
    clock = DemoClock(root: root)
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    try clock.set("2026-01-05 09:00")
    divisions = try DivisionTree.builtIn()
    let shown = all ? divisions.divisions : Self.selection(of: divisions)
    nodes = try shown.map { try DemoNode(division: $0, root: root) }
  }

  /// The province, two prefectures and three counties of each: the provincial capital and the valley that is
  /// cut off most often.
  private static func selection(of tree: DivisionTree) -> [Division] {
    let prefectures = [530100, 533300]
    return tree.divisions.filter { division in
      switch division.level {
      case .province: return true
      case .prefecture: return prefectures.contains(Int(division.scope.code))
      case .county:
        guard let parent = division.parent, prefectures.contains(Int(parent.code)) else {
          return false
        }
        let siblings = tree.counties.filter { $0.parent == division.parent }
        return siblings.prefix(3).contains(division)
      }
    }
  }

  var counties: [DemoNode] { nodes.filter { $0.division.level == .county } }

  func node(_ scope: Scope?) -> DemoNode? { nodes.first { $0.scope == scope } }

  func node(_ place: DemoSeason.Place) -> DemoNode? {
    nodes.first { $0.scope.description == place.unit }
  }

  // MARK: setting up

  /// Makes the replicas and admits each at its hub, as `init` and `enroll` do.
  func create() throws {
    var bar = ProgressBar("nodes", total: nodes.count)
    var anchor: Anchor?
    for (index, node) in nodes.enumerated() {
      guard let code = NodeCode(division: node.scope.code) else { continue }
      let replica = try Replica.create(
        folder: node.folder, node: code, tree: divisions.scopes, schema: CaseworkSchema.current,
        anchor: anchor, name: node.division.name, wallMilliseconds: clock.milliseconds)
      if anchor == nil { anchor = replica.identity.anchor }
      let request = try replica.identity.enrolmentRequest(name: node.division.name)
      try replica.close()
      if let hub = self.node(node.division.parent) {
        let parent = try open(hub)
        written += try parent.admit(
          request, author: author, wallMilliseconds: clock.milliseconds
        ).dots
        try parent.close()
      }
      bar.update(index + 1)
    }
    bar.finish()
  }

  /// Fills the counties' rosters.
  func generate(_ generator: RosterGenerator) throws -> (companies: Int, inspectors: Int) {
    let total = RosterStore.count(of: generator, counties.map(\.scope))
    var bar = ProgressBar("rosters", total: total, unit: "rows")
    var (done, companies, inspectors) = (0, 0, 0)
    for node in counties {
      let replica = try open(node)
      let store = RosterStore(replica, author: author) { self.clock.milliseconds }
      let result = try store.generate(generator, in: [node.scope]) { bar.update(done + $0) }
      companies += result.companies
      inspectors += result.inspectors
      written += result.dots
      done += RosterStore.count(of: generator, [node.scope])
      try replica.close()
    }
    bar.finish()
    return (companies, inspectors)
  }

  /// Starts one process per node, parents first.
  func start() async throws {
    var bar = ProgressBar("processes", total: nodes.count)
    for (index, node) in nodes.enumerated() {
      try await node.start(parent: self.node(node.division.parent), clock.environment)
      bar.update(index + 1)
    }
    bar.finish()
  }

  func stop() async {
    for node in nodes.reversed() { await node.stop() }
  }

  // MARK: working

  func open(_ node: DemoNode) throws -> Replica {
    try Replica.open(
      folder: node.folder, tree: divisions.scopes, schema: CaseworkSchema.current,
      wallMilliseconds: clock.milliseconds)
  }

  func read(_ node: DemoNode) throws -> Replica {
    try Replica.openReadOnly(
      folder: node.folder, tree: divisions.scopes, schema: CaseworkSchema.current)
  }

  /// One local transaction at a node, while its server runs.
  func edit(
    _ node: DemoNode, _ body: (WriteTransaction) throws(StoreError) -> Void
  ) throws {
    let replica = try open(node)
    let receipt = try replica.write(
      author: "\(author)@\(node.scope)", wallMilliseconds: clock.milliseconds, body)
    written += receipt.dots
    try replica.close()
  }

  /// Whether a change set has arrived at a node.
  func has(_ node: DemoNode, _ dot: Dot) throws -> Bool {
    try read(node).knowledge(of: dot.stream).contains(dot.replica, dot.number)
  }

  var lastWritten: Dot? { written.last }

  // MARK: agreeing

  /// How often a parent and a child differ in a stream that both hold.
  private func differences() throws -> Int {
    var summaries: [Scope: [StreamID: String]] = [:]
    for node in nodes {
      let replica = try read(node)
      for state in try replica.summaries(of: replica.streams) {
        summaries[node.scope, default: [:]][state.stream] =
          "\(state.headsHash) \(Quantity.hexadecimal(state.digest))"
      }
    }
    var count = 0
    for node in nodes {
      guard let parent = node.division.parent, let mine = summaries[node.scope],
        let theirs = summaries[parent]
      else { continue }
      for (stream, summary) in mine where theirs[stream] != nil && theirs[stream] != summary {
        count += 1
      }
    }
    return count
  }

  /// Waits until every pair agrees; false after the time is over. `label`: of a bar that shows how far it is.
  func agree(_ label: String? = nil, seconds: Int) async throws -> Bool {
    let start = Date()
    let first = max(try differences(), 1)
    var bar = label.map { ProgressBar($0, total: first, unit: "streams") }
    defer { bar?.finish() }
    while true {
      let left = try differences()
      bar?.update(first - min(left, first))
      if left == 0 { return true }
      if Date().timeIntervalSince(start) > Double(seconds) { return false }
      try await Task.sleep(for: .milliseconds(100))
    }
  }

  /// How many change sets the top has, and which of those that any node wrote it lacks.
  func arrived() throws -> (count: UInt64, lost: [Dot]) {
    guard let top = nodes.first else { return (0, []) }
    let here = try read(top).cut()
    let count = here.entries.flatMap(\.known.entries).reduce(UInt64(0)) { $0 + $1.number }
    var lost: [Dot] = []
    for node in nodes {
      for entry in try read(node).cut().entries {
        for known in entry.known.entries
        where known.replica.node.scope == node.scope
          && known.number > here[entry.stream][known.replica]
        {
          lost.append(Dot(stream: entry.stream, replica: known.replica, number: known.number))
        }
      }
    }
    return (count, lost)
  }
}
