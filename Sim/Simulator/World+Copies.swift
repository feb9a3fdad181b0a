import CFaultVFS
import Causality
import Changes
import Peering
import Replication
import Store

/// Disks that are put back, swapped, mixed or rotten: what the engine must notice by itself.
extension World {
  /// A node's disk and files as they were at a moment.
  struct Copy {
    let files: [String: [UInt8]]
    let known: [StreamID: VersionVector]
    /// How often the file had been opened: each time it gets another lease.
    let opens: Int
    var swapsLeft: Int
  }

  private func spareDisk(_ index: Int) -> Int { 10_000 + nodes[index].disk }

  /// Keeps a copy of a node's disk as it is, what is not synced included.
  func keepCopy(_ index: Int, swaps: Int) {
    let node = nodes[index]
    faultvfs_copy(Int32(node.disk), Int32(spareDisk(index)))
    copies[index] = Copy(
      files: node.host.files, known: checkers.shadows[index], opens: node.opens, swapsLeft: swaps)
  }

  /// Puts the copy back: with its lease file (F29), or the database alone; or swaps the two, as two live clones
  /// would speak in turn (F30). Returns whether the copies will be swapped again.
  func putBack(_ index: Int, _ fault: Plan.Fault, _ number: Int) {
    let node = nodes[index]
    // Whose lease is wrong already stays so.
    guard !isHealed, node.trouble == nil, let copy = copies[index] else { return }
    verdict.count(fault.kind == .clone ? .clone : .restore)
    if node.replica != nil { stop(index, FAULTVFS_KEEP_ALL) }
    node.life += 1
    let hasOtherLease =
      fault.kind == .restore && fault.argument == 0 && copy.opens < node.opens
    let files = node.host.files
    let passing = 20_000 + node.disk
    faultvfs_copy(Int32(node.disk), Int32(passing))
    faultvfs_copy(Int32(spareDisk(index)), Int32(node.disk))
    faultvfs_cut(Int32(node.disk), FAULTVFS_KEEP_ALL, 0)
    if fault.kind == .clone || fault.argument == 1 { node.host.restore(copy.files) }
    if copy.swapsLeft > 0 {
      faultvfs_copy(Int32(passing), Int32(spareDisk(index)))
      copies[index] = Copy(
        files: files, known: copy.known, opens: node.opens, swapsLeft: copy.swapsLeft - 1)
      queue.push(.faultOver(number), at: now + .milliseconds(fault.milliseconds))
    } else {
      copies[index] = nil
    }
    faultvfs_erase(Int32(passing))
    node.trouble = hasOtherLease ? .databasePutBack : nil
    distrust(index, holding: copy.known)
    rehearsed?.deliveries.exclude(index, at: now)
    queue.push(.start(node: index, life: node.life), at: now + .milliseconds(1_000))
  }

  /// The lease file of another node lies beside the database, or none, or one that does not decode (F31).
  func mixFiles(_ index: Int, _ fault: Plan.Fault) {
    let node = nodes[index]
    guard
      let other = nodes.indices.first(where: {
        $0 != index && !checkers.budget.untrusted.contains($0)
      }).map({ nodes[$0] }),
      let lease = other.host.files[other.folder.lease],
      var damaged = node.host.files[node.folder.lease]
    else { return }
    if node.replica != nil { stop(index, FAULTVFS_KEEP_ALL) }
    node.life += 1
    var files = node.host.files
    switch fault.argument % 3 {
    case 1:
      (files[node.folder.lease], node.trouble) = (nil, .leaseMissing)
      verdict.count(.leaseMissing)
    case 2:
      damaged.removeLast(1 + abs(fault.milliseconds) % (damaged.count - 1))
      (files[node.folder.lease], node.trouble) = (damaged, .leaseDamaged)
      verdict.count(.leaseDamaged)
    default:
      (files[node.folder.lease], node.trouble) = (lease, .leaseOfAnother)
      verdict.count(.mixed)
    }
    node.host.restore(files)
    distrust(index, holding: checkers.shadows[index])
    queue.push(.start(node: index, life: node.life), at: now + .milliseconds(1_000))
  }

  /// From now on a node's word is not trusted: what only it had may be gone, what it says anew may differ.
  func distrust(_ index: Int, holding known: [StreamID: VersionVector]) {
    checkers.budget.untrusted.insert(index)
    note(.lost(node: index, known: known))
    let code = nodes[index].code
    for dot in checkers.oracle.changes.keys.sorted() where dot.replica.node == code {
      let isElsewhere = nodes.indices.contains {
        checkers.known($0, dot.stream).contains(dot.replica, dot.number)
      }
      if !isElsewhere {
        checkers.forget(dot)
        rehearsed?.lose(dot, at: now)
      }
    }
  }

  /// Whether a node's hub knows more of the node's own than the node itself: its file is an old one.
  func isBehindItself(_ index: Int) -> Bool {
    guard checkers.budget.untrusted.contains(index), let hub = nodes[index].hub,
      let replica = nodes[index].replica, replica.stopReason == nil
    else { return false }
    let own = replica.identity.replica
    return replica.streams(sharedWith: nodes[hub].code).contains { stream in
      // What cannot be read is no proof.
      guard let known = try? replica.knowledge(of: stream) else { return false }
      return checkers.known(hub, stream)[own] > known[own]
    }
  }

  /// Bits flip on a disk at rest (F25), in any file or in the write-ahead log: what is wrong must show when the file is opened or checked. The node is
  /// out of service then: repair is up to people.
  func rot(_ index: Int, _ fault: Plan.Fault) {
    let node = nodes[index]
    guard !checkers.budget.untrusted.contains(index) else { return }
    if node.replica != nil { stop(index, FAULTVFS_KEEP_ALL) }
    node.life += 1
    setDisk(index, isFaulty: false)
    let isOfLog = fault.milliseconds == 1
    let isHit = faultvfs_flip(
      Int32(node.disk), isOfLog ? "-wal" : "", Chance.hash(plan.seed, now),
      UInt32(max(1, fault.argument)))
    if isHit != 0 { verdict.count(isOfLog ? .rotOfLog : .rot) }
    // What does not open is noticed.
    if let replica = try? Replica.openReadOnly(
      folder: node.folder, tree: tree, schema: schema(of: index), host: node.host),
      // What cannot be checked likewise.
      let report = try? replica.check(), report.problems.isEmpty
    {
      verdict.count(.rotUnseen)
      checkRotten(index, replica)
    }
    faultvfs_cut(Int32(node.disk), FAULTVFS_KEEP_ALL, 0)
    node.host.releaseLocks()
    node.isDead = true
    distrust(index, holding: checkers.shadows[index])
  }

  /// A file that passes its check shows what it showed before.
  private func checkRotten(_ index: Int, _ replica: Replica) {
    do {
      // A flipped bit in the write-ahead log ends it there: the file is an older one of itself, as after F29.
      // So may its columns be those of an earlier program.
      let columns = replica.schema.tables.flatMap(\.columns)
      let version = columns.map(\.since).max() ?? 1
      checkers.versions[index] = min(checkers.versions[index], version)
      var found: [StreamID: VersionVector] = [:]
      for (stream, known) in checkers.shadows[index].sorted(by: { $0.key < $1.key }) {
        let left = try replica.knowledge(of: stream)
        found[stream] = left
        if !known.dominates(left) {
          violate("S19", "\(node(index)): a flipped bit invents knowledge of \(stream), unnoticed")
        }
      }
      distrust(index, holding: found)
      for stream in found.keys.sorted() {
        for row in checkers.oracle.rows[stream.scope] ?? []
        where checkers.oracle.stream(of: row) == stream && verdict.violation == nil {
          try check(row, index, replica)
        }
      }
    } catch {
      // What cannot be read is noticed.
      verdict.count(.rotUnseen, -1)
    }
  }

  private func node(_ index: Int) -> String { "node \(nodes[index].plan.division)" }
}
