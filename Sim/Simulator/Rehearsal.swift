package import Causality
package import Changes
package import Store

/// A line between a node and its hub: what TCP makes of it.
package struct LinkClass: Hashable, Sendable {
  package let name: String
  /// Bits per second towards the hub; 0 for no bound.
  package let upBitsPerSecond: Int
  /// Bits per second from the hub; 0 for no bound.
  package let downBitsPerSecond: Int
  package let roundTripMilliseconds: Int
  /// Mean of what a message takes longer than that.
  package let jitterMilliseconds: Int
  /// Packets of 1,400 bytes that are lost, and sent again after a pause, per million.
  package let lossPerMillion: Int
  /// Bytes a day, both ways together; then the line is dead until midnight. 0 for no bound.
  package let quotaBytesPerDay: Int
  /// Bytes that HTTP and TCP/IP add to a message.
  package let overheadBytes: Int

  package init(
    name: String, upBitsPerSecond: Int, downBitsPerSecond: Int, roundTripMilliseconds: Int,
    jitterMilliseconds: Int = 0, lossPerMillion: Int = 0, quotaBytesPerDay: Int = 0,
    overheadBytes: Int = 300
  ) {
    self.name = name
    (self.upBitsPerSecond, self.downBitsPerSecond) = (upBitsPerSecond, downBitsPerSecond)
    self.roundTripMilliseconds = roundTripMilliseconds
    self.jitterMilliseconds = jitterMilliseconds
    self.lossPerMillion = lossPerMillion
    self.quotaBytesPerDay = quotaBytesPerDay
    self.overheadBytes = overheadBytes
  }
}

/// A person's or program's transaction, by what it is about; its rows are made when it is done.
package struct Work: Hashable, Sendable {
  /// Virtual milliseconds, the warm-up included.
  package let atMilliseconds: Int
  /// Place of the node that writes.
  package let node: Int
  /// The division whose rows are written.
  package let scope: Scope
  /// Place in `Rehearsal.kinds`.
  package let kind: Int
  /// Makes it another one than the others of its kind and division.
  package let number: Int

  package init(atMilliseconds: Int, node: Int, scope: Scope, kind: Int, number: Int) {
    (self.atMilliseconds, self.node, self.scope) = (atMilliseconds, node, scope)
    (self.kind, self.number) = (kind, number)
  }
}

/// A row that a transaction puts: inserted, or updated where it lives.
package struct RowWrite: Hashable, Sendable {
  package let table: TableID
  package let key: [Value]
  /// Ascending by column.
  package let columns: [ColumnValue]

  package init(_ table: TableID, _ key: [Value], _ columns: [ColumnValue]) {
    (self.table, self.key, self.columns) = (table, key, columns)
  }
}

/// Makes the rows of a transaction; a function of its arguments alone.
package protocol WorkContent: Sendable {
  /// The rows that a transaction puts, in that order; empty when it has nothing to write.
  func rows(of work: Work) -> [RowWrite]
}

/// What cuts nodes off, by place of node; times include the warm-up.
package struct Outage: Hashable, Sendable {
  /// What happens.
  package enum Kind: Hashable, Sendable {
    /// The links of these nodes to their hubs are cut.
    case cut
    /// The machines of these nodes are off.
    case down
    /// The disk is put back as it was that many milliseconds after the outage begins; both are one event here:
    /// the copy is taken at `fromMilliseconds`, and put back at `toMilliseconds`.
    case restore
    /// The wall clock jumps by so many milliseconds, and back at the end.
    case clock(Int)
  }

  package let kind: Kind
  package let nodes: [Int]
  package let fromMilliseconds: Int
  package let toMilliseconds: Int
  /// What people call it.
  package let name: String

  package init(
    _ kind: Kind, _ nodes: [Int], from fromMilliseconds: Int, to toMilliseconds: Int, name: String
  ) {
    (self.kind, self.nodes, self.name) = (kind, nodes, name)
    (self.fromMilliseconds, self.toMilliseconds) = (fromMilliseconds, toMilliseconds)
  }
}

/// Everything that decides what happens in a rehearsal.
package struct Rehearsal: Sendable {
  package var seed: UInt64
  /// Hubs before their children.
  package var nodes: [Plan.Node]
  /// Of each node to its hub; the top's is not used.
  package var links: [LinkClass]
  package var schema: Schema
  /// The wall clock at virtual time zero, milliseconds since 1970.
  package var wallMilliseconds: UInt64
  /// Set-up before anything is measured.
  package var warmUpMilliseconds: Int
  /// What is measured.
  package var durationMilliseconds: Int
  /// How long all may take afterwards to agree.
  package var settleMilliseconds: Int
  /// Between two looks.
  package var sampleMilliseconds: Int
  /// Names of kinds of work.
  package var kinds: [String]
  /// Ascending by time.
  package var work: [Work]
  package var content: any WorkContent
  package var outages: [Outage]

  package init(
    seed: UInt64, nodes: [Plan.Node], links: [LinkClass], schema: Schema, wallMilliseconds: UInt64,
    warmUpMilliseconds: Int, durationMilliseconds: Int, settleMilliseconds: Int,
    sampleMilliseconds: Int, kinds: [String], work: [Work], content: any WorkContent,
    outages: [Outage]
  ) {
    precondition(nodes.count == links.count, "each node has a link")
    (self.seed, self.nodes, self.links, self.schema) = (seed, nodes, links, schema)
    self.wallMilliseconds = wallMilliseconds
    self.warmUpMilliseconds = warmUpMilliseconds
    self.durationMilliseconds = durationMilliseconds
    self.settleMilliseconds = settleMilliseconds
    self.sampleMilliseconds = sampleMilliseconds
    (self.kinds, self.work, self.content, self.outages) = (kinds, work, content, outages)
  }

  /// What the world needs to know of it: topology, faults, rates.
  var plan: Plan {
    var options = Options()
    options.applyAgain = 0
    options.chaosMilliseconds = warmUpMilliseconds + durationMilliseconds
    options.healMilliseconds = settleMilliseconds
    return Plan(
      seed: seed, options: options, nodes: nodes, operations: [], faults: faults, clocks: [])
  }

  private var faults: [Plan.Fault] {
    var list: [Plan.Fault] = []
    for outage in outages {
      let length = outage.toMilliseconds - outage.fromMilliseconds
      for node in outage.nodes {
        func add(_ kind: Plan.Fault.Kind, at time: Int, _ argument: Int) {
          list.append(
            Plan.Fault(
              atMilliseconds: time, kind: kind, division: nodes[node].division,
              argument: argument, milliseconds: length))
        }
        switch outage.kind {
        case .cut: add(.cut, at: outage.fromMilliseconds, 0)
        case .down: add(.kill, at: outage.fromMilliseconds, 0)
        case .restore: add(.restore, at: outage.fromMilliseconds, 1)
        case .clock(let milliseconds):
          add(.jump, at: outage.fromMilliseconds, milliseconds)
          add(.jump, at: outage.toMilliseconds, -milliseconds)
        }
      }
    }
    return list.sorted { $0.atMilliseconds < $1.atMilliseconds }
  }
}
