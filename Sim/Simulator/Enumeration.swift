import CFaultVFS
import Causality
import Changes
import Merge
import Store

/// What is not drawn but enumerated: every crash point, every cut point, every order of delivery.
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
    let kinds: [Plan.Operation.Kind] = [.put, .delete, .label, .both, .open, .save, .resolve]
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

  // MARK: cut points

  /// The link is cut after every `stride`-th byte of all that two nodes say to each other, from `first` on; after
  /// each cut they must agree all the same. A large value makes PART frames.
  package static func cuts(from first: Int, stride: Int, withParts: Bool) throws -> Outcome {
    var outcome = Outcome()
    var plan = try Plan(
      text: """
        seed 3
        option chaos-ms 100000
        option apply-again 0
        node 1 0
        node 2 1
        do 100 2 put 2 1 0 1=1 4=2
        do 200 1 put 2 1 0 1=3 9=2
        do 40000 2 delete 2 1 0
        """ + (withParts ? "\ndo 50000 2 large 2 2 0" : ""))
    let whole = try World(plan).run()
    outcome.take(whole.violation, "no cut")
    let total = whole[.bytes]
    outcome.states = total
    var place = max(1, first)
    while place <= total, outcome.violation == nil {
      plan.options.cutAt = place
      outcome.take(try World(plan).run().violation, "cut after byte \(place) of \(total)")
      outcome.cases += 1
      place += stride
    }
    return outcome
  }

  // MARK: orders

  /// What one writer does to one row of two groups.
  private enum Step: Int, CaseIterable {
    case insert, first, second, delete
  }

  /// Every script of three writers with `length` operations each on a row of two groups, or every `stride`-th, in
  /// all orders of delivery: the registers must be the same in the end, and those of the model.
  ///
  /// Writers know their own writes only, or (`isChained`) all of the writers before them.
  package static func orders(length: Int, stride: Int, isChained: Bool) throws -> Outcome {
    var outcome = Outcome()
    let table = try orderTable()
    let oracleSchema = try Schema(version: 1, tables: [table])
    let policies = RowPolicies(table)
    let orders = interleavings(length)
    let scripts = Int((0..<3 * length).reduce(1) { product, _ in product * Step.allCases.count })
    for script in Swift.stride(from: 0, to: scripts, by: stride) where outcome.violation == nil {
      let operations = try operations(script, length, isChained)
      var seen: RowRegisters?
      for order in orders {
        var next = [0, 0, 0]
        var registers = RowRegisters()
        for writer in order {
          _ = registers.apply(operations[writer][next[writer]].operation, policies)
          next[writer] += 1
        }
        if isChained, order != orders[0] { continue }
        if let seen, seen != registers {
          outcome.violation = "S10 script \(script): order \(order) ends in other registers"
          break
        }
        seen = registers
        outcome.states += 1
      }
      outcome.cases += 1
      guard let seen else { continue }
      if let problem = compare(seen, operations.flatMap { $0 }, oracleSchema) {
        outcome.violation = "S13 script \(script): \(problem)"
      }
    }
    return outcome
  }

  private static func orderTable() throws -> TableDeclaration {
    TableDeclaration(
      id: Workload.entries, name: "entries", scopeColumn: "division",
      key: [KeyColumn(name: "name", kind: .text)],
      columns: [
        ColumnDeclaration(id: 1, name: "title", kind: .text),
        ColumnDeclaration(id: 4, name: "copies", kind: .integer),
      ], groups: [GroupDeclaration(id: GroupID(4), policy: .counter)])
  }

  /// All ways to merge three sequences of a length, by writer: (3n)! / (n!)³.
  static func interleavings(_ length: Int) -> [[Int]] {
    func extend(_ prefix: [Int], _ left: [Int]) -> [[Int]] {
      if left == [0, 0, 0] { return [prefix] }
      return (0..<3).filter { left[$0] > 0 }.flatMap { writer in
        var rest = left
        rest[writer] -= 1
        return extend(prefix + [writer], rest)
      }
    }
    return extend([], [length, length, length])
  }

  private typealias Written = (operation: RowOperation, write: Oracle.Write)

  private static func operations(
    _ script: Int, _ length: Int, _ isChained: Bool
  ) throws -> [[Written]] {
    var rest = script
    var before = VersionVector()
    let codes = [1, 2, 3].compactMap { NodeCode(division: UInt32($0)) }
    guard let scope = codes.first?.scope else { return [] }
    return codes.enumerated().map { writer, code in
      guard let replica = ReplicaID(node: code, epoch: 1) else { return [] }
      let known = isChained ? before : VersionVector()
      let list = (0..<length).compactMap { place -> Written? in
        let step = Step(rawValue: rest % Step.allCases.count)
        rest /= Step.allCases.count
        return step.map { written($0, replica, UInt64(place + 1), known, scope, writer) }
      }
      before[replica] = UInt64(length)
      return list
    }
  }

  private static func written(
    _ step: Step, _ replica: ReplicaID, _ number: UInt64, _ known: VersionVector, _ scope: Scope,
    _ writer: Int
  ) -> Written {
    let dot = Dot(stream: StreamID(scope: scope), replica: replica, number: number)
    let timestamp = HybridTimestamp(milliseconds: number * 10 + UInt64(7 * writer % 5))
    let origin = WriteOrigin(dot: dot, timestamp: timestamp, tier: Tier(depth: UInt8(writer)))
    var context = known
    context[replica] = number - 1
    let text = Value.text([UInt8(0x61 + writer), UInt8(0x30 + number)])
    var values: [GroupID: [Value]] = [:]
    if step == .insert || step == .first { values[GroupID(1)] = [text] }
    if step == .insert || step == .second { values[GroupID(4)] = [.integer(Int64(number))] }
    let kind: OperationKind =
      step == .insert ? .insert : step == .delete ? .delete : .update
    func write(_ value: RegisterValue) -> RegisterWrite {
      RegisterWrite(kind: kind, origin: origin, value: value)
    }
    let existence: RegisterValue =
      step == .delete ? .dead : .alive(isInsert: step == .insert)
    let operation = RowOperation(
      context: WriteContext(dot: dot, known: known), existence: write(existence),
      groups: values.keys.sorted().map {
        RowOperation.Group(id: $0, write: write(.columns(values[$0] ?? [])))
      })
    return (
      operation,
      Oracle.Write(
        dot: dot, context: context, timestamp: timestamp, tier: writer, kind: kind, values: values,
        over: [:], hadValue: [])
    )
  }

  private static func compare(
    _ registers: RowRegisters, _ written: [Written], _ schema: Schema
  ) -> String? {
    guard let first = written.first, let key = RowKey([.text("k")]) else { return nil }
    let row = Oracle.Row(
      table: Workload.entries, scope: first.write.dot.stream.scope, key: key)
    var oracle = Oracle(schema)
    var known = VersionVector()
    for (_, write) in written {
      known[write.dot.replica] = max(known[write.dot.replica], write.dot.number)
      oracle.add(
        write.dot,
        Oracle.Change(
          rows: [row], context: write.context, parts: [], timestamp: write.timestamp),
        [(row, write)], marks: [])
    }
    let expected = oracle.state(of: row, known: known)
    if registers.isAlive != expected.isAlive { return "alive: \(registers.isAlive)" }
    for group in [GroupID.existence, GroupID(1), GroupID(4)] {
      let dots = registers[group].dots.map(\.streamDot).sorted()
      if dots != expected.dots[group] ?? [] { return "dots of group \(group.number): \(dots)" }
    }
    return nil
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
