package import Causality
import Changes

// Streams, replicas, dots and vectors in bytes. Source: Protocol/1-Terms §4.

extension ByteWriter {
  /// Scope × 4 + channel in 3 bytes, most significant first.
  package mutating func write(stream: StreamID) {
    write(bigEndian: UInt64(stream.packed), width: 3)
  }

  /// Terminal × 2 + (0 when the division is `scope`, else 1), the division when it is another, the epoch.
  package mutating func write(replica: ReplicaID, near scope: Scope) {
    let node = replica.node
    let isFar = node.scope != scope
    write(varint: UInt64(node.terminal) << 1 | (isFar ? 1 : 0))
    if isFar { write(varint: UInt64(node.division)) }
    write(varint: UInt64(replica.epoch))
  }

  /// A replica without context: the division, the terminal, the epoch.
  package mutating func write(replica: ReplicaID) {
    let node = replica.node
    write(varint: UInt64(node.division))
    write(varint: UInt64(node.terminal))
    write(varint: UInt64(replica.epoch))
  }

  /// A stream, a replica near its scope, a number.
  package mutating func write(dot: Dot) {
    write(stream: dot.stream)
    write(replica: dot.replica, near: dot.stream.scope)
    write(varint: dot.number)
  }

  /// 48 bits of milliseconds, most significant byte first, then the counter as a varint.
  package mutating func write(timestamp: HybridTimestamp) {
    write(bigEndian: timestamp.milliseconds, width: 6)
    write(varint: UInt64(timestamp.counter))
  }

  /// The count, then per entry: the division less the one before, the terminal, the epoch, the number.
  package mutating func write(vector: VersionVector) {
    write(count: vector.entries.count)
    var division: UInt64 = 0
    for entry in vector.entries {
      let node = entry.replica.node
      write(varint: UInt64(node.division) - division)
      division = UInt64(node.division)
      write(varint: UInt64(node.terminal))
      write(varint: UInt64(entry.replica.epoch))
      write(varint: entry.number)
    }
  }
}

extension ByteReader {
  /// A stream; throws `malformed` for one out of range.
  package mutating func stream() throws(WireError) -> StreamID {
    let packed = UInt32(try bigEndian(width: 3))
    guard let stream = StreamID(packed: packed) else { throw .malformed(.stream) }
    return stream
  }

  /// A replica near a scope; throws `nonCanonical` when the division of the scope is written out.
  package mutating func replica(near scope: Scope) throws(WireError) -> ReplicaID {
    let mark = try varint()
    let isFar = mark & 1 == 1
    let division = isFar ? try varint() : UInt64(scope.code)
    guard !isFar || division != scope.code else { throw .nonCanonical(.replica) }
    return try replica(division: division, terminal: mark >> 1)
  }

  /// A replica without context.
  package mutating func replica() throws(WireError) -> ReplicaID {
    let division = try varint()
    return try replica(division: division, terminal: try varint())
  }

  /// A stream, a replica near its scope, a number.
  package mutating func dot() throws(WireError) -> Dot {
    let stream = try stream()
    let replica = try replica(near: stream.scope)
    return Dot(stream: stream, replica: replica, number: try number())
  }

  /// The number of a change set: at least 1.
  package mutating func number() throws(WireError) -> UInt64 {
    let number = try varint()
    guard number > 0 else { throw .malformed(.number) }
    return number
  }

  /// 48 bits of milliseconds, a counter.
  package mutating func timestamp() throws(WireError) -> HybridTimestamp {
    let milliseconds = try bigEndian(width: 6)
    let counter = try varint(.timestamp, limit: UInt64(UInt16.max))
    return HybridTimestamp(
      milliseconds: milliseconds, counter: UInt16(truncatingIfNeeded: counter))
  }

  /// A version vector; throws `nonCanonical` unless its entries ascend.
  package mutating func vector() throws(WireError) -> VersionVector {
    let count = try count(.vector, limit: Limits.vectorEntries, bytesEach: 4)
    var entries: [VersionVector.Entry] = []
    entries.reserveCapacity(count)
    var division: UInt64 = 0
    for _ in 0..<count {
      division &+= try varint(.replica, limit: UInt64(NodeCode.largestDivision))
      let replica = try replica(division: division, terminal: try varint())
      entries.append(VersionVector.Entry(replica: replica, number: try number()))
    }
    guard let vector = VersionVector(ascending: entries) else { throw .nonCanonical(.vector) }
    return vector
  }

  /// Makes a replica of a division and terminal read before and of the epoch that follows.
  private mutating func replica(
    division: UInt64, terminal: UInt64
  ) throws(WireError) -> ReplicaID {
    let epoch = try varint()
    guard division <= NodeCode.largestDivision, terminal <= NodeCode.largestTerminal,
      let epoch = UInt32(exactly: epoch),
      let node = NodeCode(
        division: UInt32(truncatingIfNeeded: division),
        terminal: UInt16(truncatingIfNeeded: terminal)),
      let replica = ReplicaID(node: node, epoch: epoch)
    else { throw .malformed(.replica) }
    return replica
  }
}
