import CFaultVFS
import Causality
import Changes
import Store

/// What is not drawn but enumerated: every crash point, every cut point; orders of delivery are in `DeliveryOrders`.
package enum Enumeration {
  /// How an enumeration went.
  package struct Outcome: Sendable {
    package var cases = 0
    package var states = 0
    package var violation: String?

    mutating func take(_ violation: Verdict.Violation?, _ name: @autoclosure () -> String) {
      guard self.violation == nil, let violation else { return }
      self.violation = "\(violation.invariant) \(violation.detail); \(name())"
    }
  }

  // MARK: crash points

  /// Workloads of at most two operations.
  package static var workloads: [[Plan.Operation.Kind]] {
    let kinds: [Plan.Operation.Kind] = [
      .put, .delete, .label, .both, .open, .save, .resolve, .checkpoint,
    ]
    return kinds.map { [$0] } + kinds.flatMap { first in kinds.map { [first, $0] } }
  }

  /// The power goes at every changing operation of opening the file and of a workload, with six losses each;
  /// after each the file is opened, checked and compared with the model (S2, S8, S10, S13, S19).
  package static func crashes(_ workload: [Plan.Operation.Kind], powersafe: Bool) throws -> Outcome
  {
    var outcome = Outcome()
    let world = try crashWorld(powersafe: powersafe)
    let base = world.checkpoint()
    var point: UInt64 = 1
    var isPast = false
    while !isPast, outcome.violation == nil {
      for loss in 0..<6 where outcome.violation == nil {
        world.restore(base)
        isPast = world.crash(workload, at: point, loss: loss)
        if isPast { break }
        outcome.cases += 1
        outcome.take(
          world.verdict.violation,
          "\(workload.map(\.rawValue)), operation \(point) of the disk, loss \(loss)")
      }
      point += 1
    }
    return outcome
  }

  /// A top with a row in conflict, a form opened on it, and a scope below.
  private static func crashWorld(powersafe: Bool) throws -> World {
    var text = """
      seed 1
      option chaos-ms 1000
      option check-all 1
      node 1 0
      node 2 1
      do 100 1 put 2 1 0 1=1 4=2 9=1
      do 200 1 label 2 1 0
      do 61000 1 put 2 1 0 9=2
      do 61001 2 put 2 1 0 9=3 1=4
      """
    if !powersafe { text += "\noption not-powersafe 1" }
    let world = try World(try Plan(text: text))
    _ = world.run(keepsNodes: true)
    world.verdict.violation.map { preconditionFailure("the base of the crashes fails: \($0)") }
    world.keepsPowerOff = true
    return world
  }
}

extension World {
  /// A node 1 as it is, to begin from again and again.
  struct Checkpoint {
    let checkers: Checkers
    let files: [String: [UInt8]]
    let lastLog: Int64
  }

  /// Closes the first node and keeps what it is.
  func checkpoint() -> Checkpoint {
    let node = nodes[0]
    stop(0, FAULTVFS_KEEP_ALL)
    faultvfs_copy(Int32(node.disk), 3_000)
    return Checkpoint(checkers: checkers, files: node.host.files, lastLog: node.lastLog)
  }

  func restore(_ checkpoint: Checkpoint) {
    let node = nodes[0]
    node.replica = nil
    node.host.releaseLocks()
    faultvfs_copy(3_000, Int32(node.disk))
    faultvfs_cut(Int32(node.disk), FAULTVFS_KEEP_ALL, 0)
    node.host.restore(checkpoint.files)
    node.lastLog = checkpoint.lastLog
    node.isDead = false
    node.forms = [:]
    checkers = checkpoint.checkers
    verdict.violation = nil
    now = 200_000_000_000
  }

  /// Opens the first node, works, and loses the power at the `point`-th operation of the disk; opens it again and
  /// checks. True when the work was over before that.
  func crash(_ workload: [Plan.Operation.Kind], at point: UInt64, loss: Int) -> Bool {
    let node = nodes[0]
    let disk = Int32(node.disk)
    faultvfs_cut_after(disk, point)
    do {
      let replica = try Replica.open(
        folder: node.folder, tree: tree, schema: schema(of: 0), host: node.host,
        wallMilliseconds: node.wall(now))
      node.replica = replica
      for (place, kind) in workload.enumerated() where faultvfs_is_off(disk) == 0 {
        work(kind, place)
      }
    } catch {
      if faultvfs_is_off(disk) == 0 { note(.failed(node: 0, what: "open: \(error)")) }
    }
    let isPast = faultvfs_is_off(disk) == 0
    faultvfs_cut_after(disk, 0)
    let kinds = [
      FAULTVFS_KEEP_ALL, FAULTVFS_KEEP_NONE, FAULTVFS_PREFIX, FAULTVFS_PREFIX,
      FAULTVFS_ANY_SUBSET, FAULTVFS_ANY_SUBSET,
    ]
    faultvfs_cut(disk, kinds[loss], Chance.hash(point, UInt64(loss)))
    node.replica = nil
    node.host.releaseLocks()
    if !isPast { restart(0) }
    if !isPast, node.replica == nil { note(.failed(node: 0, what: "does not open again")) }
    return isPast
  }

  private func work(_ kind: Plan.Operation.Kind, _ place: Int) {
    let operation = Plan.Operation(
      atMilliseconds: 200_000 + place, division: 1, kind: kind, scope: 2, key: 1, slot: 0,
      values: [
        Plan.Operation.Value(column: 1, number: 7 + place),
        Plan.Operation.Value(column: 4, number: 1),
      ])
    operate(operation, .look)
  }
}
