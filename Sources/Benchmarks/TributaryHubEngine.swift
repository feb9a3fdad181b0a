import Causality
import Changes
import Store

/// The engine as a hub: every child is a county's replica of its own, its changes come as frames, and the hub
/// applies them child by child.
package final class TributaryHubEngine: BenchEngine {
  package let name = "tributary"
  private let workload: HubWorkload
  private let folder: String
  private let tree: ScopeTree
  private let nodes: [NodeCode]
  private let hub: TributaryNode
  private var payloads: [(peer: ReplicaID, payload: TributaryNode.Payload)] = []

  /// Makes the hub in an existing folder; the children come and go with `.hubEncode`.
  package init(_ workload: HubWorkload, folder: String) throws(BenchError) {
    self.workload = workload
    self.folder = folder
    do throws(StoreError) {
      (tree, nodes) = try BenchTree.make(counties: workload.counties)
      hub = try TributaryNode(nodes[0], tree: tree, folder: folder + "/hub", below: nil)
    } catch {
      throw .engine(name: "tributary", phase: .hubEncode, reason: "\(error)")
    }
  }

  package func run(_ phase: BenchPhase) throws(BenchError) -> PhaseResult? {
    do throws(StoreError) {
      switch phase {
      case .hubEncode: return try encode()
      case .hubApply: return try apply()
      default: return nil
      }
    } catch {
      throw .engine(name: name, phase: phase, reason: "\(error)")
    }
  }

  private func encode() throws(StoreError) -> PhaseResult {
    var watch = Stopwatch()
    var (plainBytes, bytes) = (0, 0)
    for child in 0..<workload.children {
      let payload = try changes(of: child, &watch)
      plainBytes += payload.plainBytes
      bytes += payload.bytes
    }
    return PhaseResult(
      engine: name, phase: .hubEncode, rows: workload.children * workload.changedRows,
      wall: watch.wall, cpu: watch.cpu, bytes: plainBytes, wireBytes: bytes)
  }

  /// A child's life: its share of the hub's rows, sent and applied unmeasured, then its changes.
  private func changes(
    of child: Int, _ watch: inout Stopwatch
  ) throws(StoreError) -> TributaryNode.Payload {
    let path = "\(folder)/child"
    ProcessMeasures.removeFolder(path)
    let node = try TributaryNode(nodes[child + 1], tree: tree, folder: path, below: hub)
    let scope = workload.counties[child]
    let stream = StreamID(scope: scope)
    let peer = node.replica.identity.replica
    try node.insert(
      CompanyTable.inserts(workload.rows, workload.baseRows(of: child)), in: scope)
    var known = try hub.replica.knowledge(of: stream)
    if let problem = try hub.receive(try node.frames(of: stream, lackedBy: &known), from: peer) {
      throw .damagedRecord(problem)
    }
    try node.insert(
      CompanyTable.inserts(workload.rows, workload.insertedRows(of: child)), in: scope)
    try update(node, child, scope)
    let payload = try watch.measure { () throws(StoreError) in
      try node.frames(of: stream, lackedBy: &known)
    }
    payloads.append((peer, payload))
    return payload
  }

  /// All updates in one transaction; a row that is updated again is coalesced with its first update.
  private func update(
    _ node: TributaryNode, _ child: Int, _ scope: Scope
  ) throws(StoreError) {
    var rest = workload.updates(of: child)[...]
    _ = try node.replica.write(
      author: "bench", wallMilliseconds: TributaryNode.wallMilliseconds
    ) { transaction throws(StoreError) in
      while !rest.isEmpty {
        let rows = CompanyTable.updates(workload.rows, rest.prefix(HubWorkload.base))
        rest = rest.dropFirst(HubWorkload.base)
        try transaction.updateRows(
          CompanyTable.id, scope: scope, columns: TributaryNode.updatedColumns, rows)
      }
    }
  }

  private func apply() throws(StoreError) -> PhaseResult {
    var watch = Stopwatch()
    var bytes = 0
    for (peer, payload) in payloads {
      let problem = try watch.measure { () throws(StoreError) in
        try hub.receive(payload, from: peer)
      }
      if let problem { throw .damagedRecord(problem) }
      bytes += payload.bytes
    }
    return PhaseResult(
      engine: name, phase: .hubApply, rows: workload.children * workload.changedRows,
      wall: watch.wall, cpu: watch.cpu, bytes: bytes)
  }
}
