import CFaultVFS
import Causality
import Changes
import Merge
import Store

/// How what was written in separation comes together when the faults are over.
enum Route: Int, CaseIterable {
  /// Over the links of the tree.
  case tree
  /// Every node calls the top.
  case direct
  /// Nothing but bundle files, carried up and down.
  case byHand
}

/// What a node holds of a stream in the end.
struct FinalState: Hashable, Sendable {
  let node: Int
  let stream: StreamID
  let known: VersionVector
  let digest: [UInt8]
  /// A hash of every row and conflict.
  let dump: UInt64
}

extension World {
  var route: Route { Route(rawValue: plan.options.route) ?? .tree }

  /// Begins the route when the faults end: processes begin anew with the parents that they call now.
  func takeRoute() {
    guard route != .tree else { return }
    for index in nodes.indices {
      if route == .direct, index > 0 { nodes[index].hub = 0 }
      stop(index, FAULTVFS_KEEP_ALL)
      restart(index)
    }
  }

  /// Carries bundles from the lowest nodes to the top, then down again.
  func carryByHand() {
    let links = nodes.indices.compactMap { index in nodes[index].hub.map { (index, $0) } }
    let ways = links.reversed().map { ($0.0, $0.1) } + links.map { ($0.1, $0.0) }
    for (from, to) in ways {
      guard let bytes = makeBundle(from: from, to: to) else { continue }
      verdict.count(.bundle)
      let bundle = CarriedBundle(from: from, to: to, bytes: bytes)
      takeBundle(bundle, .bundle(bundle))
    }
  }

  /// What the core holds in the end: of one stream everywhere the same, to the byte (Q1).
  func checkDumps() {
    for index in core where !checkers.budget.untrusted.contains(index) {
      guard let replica = nodes[index].replica, verdict.violation == nil else { return }
      do {
        for (stream, dump) in try dumps(of: replica) {
          let state = FinalState(
            node: index, stream: stream, known: checkers.known(index, stream),
            digest: try replica.digest(of: stream), dump: dump)
          verdict.finalStates.append(state)
          note(.holds(state))
        }
      } catch {
        note(.failed(node: index, what: "dump: \(error)"))
      }
    }
  }

  /// A hash of every row and conflict, by stream: what SQL shows, in order of keys.
  private func dumps(of replica: Replica) throws(StoreError) -> [(StreamID, UInt64)] {
    var hashes: [StreamID: Trace] = [:]
    for stream in replica.streams { hashes[stream] = Trace() }
    for table in replica.schema.tables {
      // A file that was upgraded has its columns in another order.
      let columns = ([table.scopeColumn] + table.key.map(\.name) + table.columns.map(\.name))
        .map { "\"\($0)\"" }
      let order = columns.prefix(1 + table.key.count).joined(separator: ", ")
      let answer = try replica.query(
        sql: "SELECT \(columns.joined(separator: ", ")) FROM \"\(table.name)\" ORDER BY \(order)")
      for row in answer.first?.rows ?? [] {
        guard let scope = Scope(row[0].description) else {
          violate("Q1", "\(table.name) at \(replica.identity.replica): a row of \(row[0])")
          continue
        }
        hashes[StreamID(scope: scope, channel: table.channel), default: Trace()]
          .add(Array("\(table.name) \(row)".utf8))
      }
    }
    for conflict in try replica.conflicts() {
      let record = conflict.record
      let row = Oracle.Row(table: record.table, scope: record.scope, key: record.key)
      hashes[checkers.oracle.stream(of: row), default: Trace()]
        .add(Array("\(conflict.id) \(record.siblings)".utf8))
    }
    return hashes.sorted { $0.key < $1.key }.map { ($0.key, $0.value.hash) }
  }
}

/// The same history brought together by three routes: what all hold in the end must be the same (Q12).
package enum Routes {
  /// Runs the history of a seed by every route. Returns the first invariant that does not hold, by any of them.
  package static func check(seed: UInt64) throws -> Verdict.Violation? {
    var comparison: Checkers?
    for route in Route.allCases {
      let world = try World(plan(seed: seed, route))
      if comparison == nil { comparison = world.checkers }
      let verdict = world.run()
      if let violation = verdict.violation { return violation }
      for state in verdict.finalStates {
        if let finding = comparison?.note(.delivered(route: route.rawValue, state)) {
          return Verdict.Violation(
            invariant: finding.invariant, detail: finding.detail,
            atMilliseconds: verdict.virtualMilliseconds)
        }
      }
    }
    return nil
  }

  /// A seed's plan without what would make the three histories differ: people write before the faults end only, and
  /// no hub has anything to refuse or to mark. From the middle on no link works.
  static func plan(seed: UInt64, _ route: Route) -> Plan {
    var plan = PlanGenerator.plan(seed: seed)
    let kept: [Plan.Fault.Kind] = [.cut, .kill, .power, .crash, .full, .swizzle, .program]
    plan.faults.removeAll { !kept.contains($0.kind) }
    plan.clocks = []
    plan.options.hostile = 0
    plan.options.slowSync = 0
    plan.options.core = 0
    plan.options.probe = 0
    plan.options.fixpoint = 0
    plan.options.route = route.rawValue
    let half = plan.options.chaosMilliseconds / 2
    plan.faults.append(
      Plan.Fault(
        atMilliseconds: half, kind: .herd, division: 1, argument: 0, milliseconds: 2 * half))
    plan.faults.sort { $0.atMilliseconds < $1.atMilliseconds }
    return plan
  }
}
