/// What a frame was made of: how far the node had heard of every other when it froze the roster.
///
/// Nodes and counters are values of the engine that nothing here interprets.
package struct FrameCut: Hashable, Sendable {
  /// How many changes of one node are in the frame.
  package struct Entry: Hashable, Sendable, Codable {
    package let node: String
    package let counter: UInt64

    package init(node: String, counter: UInt64) {
      self.node = node
      self.counter = counter
    }
  }

  /// Ascending by the bytes of the node.
  package let entries: [Entry]

  /// Throws `DrawError` for a node that stands twice or has no name.
  package init(_ entries: [Entry]) throws(DrawError) {
    let sorted = entries.sorted { $0.node.utf8.lexicographicallyPrecedes($1.node.utf8) }
    for (index, entry) in sorted.enumerated() {
      try DrawText.check(entry.node)
      if index > 0, sorted[index - 1].node == entry.node {
        throw .duplicateNode(entry.node)
      }
    }
    self.entries = sorted
  }

  /// Throws `DrawError.belowBarrier` when a change that the province asks for is not in the cut (§4.6).
  package func requireCovering(_ barrier: FrameCut) throws(DrawError) {
    for needed in barrier.entries {
      let has = entries.first { $0.node == needed.node }?.counter ?? 0
      if has < needed.counter {
        throw .belowBarrier(node: needed.node, has: has, needs: needed.counter)
      }
    }
  }

  func write(to bytes: inout DrawBytes) {
    bytes.u16(UInt16(clamping: entries.count))
    for entry in entries {
      bytes.text(entry.node)
      bytes.u64(entry.counter)
    }
  }
}

/// Texts that stand in canonical bytes.
enum DrawText {
  static func check(_ text: String) throws(DrawError) {
    guard !text.isEmpty, DrawBytes.normal(text).count <= DrawLimits.textBytes else {
      throw .textLength(text)
    }
  }
}

/// What a frame says of itself; its hash is what a commit binds. Source: Protocol/10-Draw.md §3.
package struct FrameHeader: Hashable, Sendable {
  /// What is drawn from a frame.
  package enum Kind: String, Hashable, Sendable, Codable {
    case objects = "OBJ"
    case inspectors = "INS"
    /// Units, of which one checks another.
    case units = "UNIT"
    /// Results that were published, to be checked again.
    case results = "RES"
  }

  package let unit: String
  package let kind: Kind
  /// yyyymmddnn of the item list in force.
  package let itemListVersion: UInt64
  /// Milliseconds since 1970.
  package let frozenAtMilliseconds: UInt64
  package let cut: FrameCut
  package let rowCount: UInt64
  package let root: DrawHash

  package init(
    unit: String, kind: Kind, itemListVersion: UInt64, frozenAtMilliseconds: UInt64, cut: FrameCut,
    rowCount: UInt64, root: DrawHash
  ) {
    self.unit = unit
    self.kind = kind
    self.itemListVersion = itemListVersion
    self.frozenAtMilliseconds = frozenAtMilliseconds
    self.cut = cut
    self.rowCount = rowCount
    self.root = root
  }

  /// The canonical bytes.
  package var bytes: [UInt8] {
    var bytes = DrawBytes(tag: "YDR1/frame")
    bytes.text(unit)
    bytes.text(kind.rawValue)
    bytes.u64(itemListVersion)
    bytes.u64(frozenAtMilliseconds)
    cut.write(to: &bytes)
    bytes.u64(rowCount)
    bytes.hash(root)
    return bytes.bytes
  }

  /// What a commit names: the hash of the canonical bytes.
  package var hash: DrawHash { DrawDigest.hash(bytes) }
}

/// How many rows of a stratum a frame has, and how many of them may be drawn.
package struct StratumCount: Hashable, Sendable, Codable {
  package let stratum: String
  package let rows: UInt32
  package let eligible: UInt32

  package init(stratum: String, rows: UInt32, eligible: UInt32) {
    self.stratum = stratum
    self.rows = rows
    self.eligible = eligible
  }

  /// Counts by stratum, ascending by its bytes.
  package static func counts(of rows: [FrameRow]) -> [StratumCount] {
    var counts: [String: (rows: UInt32, eligible: UInt32)] = [:]
    for row in rows {
      counts[row.stratum, default: (0, 0)].rows += 1
      if row.status == .eligible { counts[row.stratum, default: (0, 0)].eligible += 1 }
    }
    return counts.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map {
      StratumCount(stratum: $0.key, rows: $0.value.rows, eligible: $0.value.eligible)
    }
  }
}

/// The rows that a draw is made from, in canonical order, with their Merkle tree.
package struct Frame: Sendable {
  /// Ascending strictly by the bytes of the key.
  package let rows: [FrameRow]
  package let tree: MerkleTree

  /// Takes rows in any order. Throws `DrawError` for equal keys, weights or texts out of range. Cost:
  /// a sort and two hashes per row.
  package init(_ rows: [FrameRow]) throws(DrawError) {
    guard rows.count <= DrawLimits.rowsPerFrame else { throw .rows(rows.count) }
    let sorted = Frame.sorted(rows)
    var (bytes, leaves) = (DrawBytes(), [DrawHash]())
    leaves.reserveCapacity(sorted.count)
    for (index, row) in sorted.enumerated() {
      try DrawText.check(row.key)
      try DrawText.check(row.stratum)
      guard (1...DrawLimits.weight).contains(row.weight) else {
        throw .weight(key: row.key, row.weight)
      }
      if index > 0, sorted[index - 1].key == row.key { throw .duplicateKey(row.key) }
      bytes.removeAll()
      bytes.u8(0)
      row.write(to: &bytes)
      leaves.append(bytes.hash)
    }
    self.rows = sorted
    tree = MerkleTree(leaves: leaves)
  }

  private static func sorted(_ rows: [FrameRow]) -> [FrameRow] {
    let isSorted = zip(rows, rows.dropFirst()).allSatisfy {
      $0.key.utf8.lexicographicallyPrecedes($1.key.utf8)
    }
    if isSorted { return rows }
    return rows.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
  }

  /// Counts by stratum, ascending by its bytes.
  package var counts: [StratumCount] { StratumCount.counts(of: rows) }

  /// The keys of the rows that may be drawn.
  package var eligibleKeys: Set<String> { Set(rows.filter { $0.status == .eligible }.map(\.key)) }

  /// The place of a key; nil when it is not in the frame. Cost: logarithmic.
  package func index(of key: String) -> Int? {
    var (low, high) = (0, rows.count)
    while low < high {
      let middle = (low + high) / 2
      if rows[middle].key.utf8.lexicographicallyPrecedes(key.utf8) {
        low = middle + 1
      } else {
        high = middle
      }
    }
    return low < rows.count && rows[low].key == key ? low : nil
  }

  /// The header that binds these rows to a cut.
  package func header(
    unit: String, kind: FrameHeader.Kind = .objects, itemListVersion: UInt64,
    frozenAtMilliseconds: UInt64, cut: FrameCut
  ) -> FrameHeader {
    FrameHeader(
      unit: unit, kind: kind, itemListVersion: itemListVersion,
      frozenAtMilliseconds: frozenAtMilliseconds, cut: cut, rowCount: UInt64(rows.count),
      root: tree.root)
  }
}
