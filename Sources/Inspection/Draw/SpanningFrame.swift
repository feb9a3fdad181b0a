/// What one of several units has in a frame. Source: Protocol/10-Draw.md §4 (field 7).
package struct UnitRoster: Hashable, Sendable, Codable {
  package let unit: String
  /// Rows of the frame that are of this unit's roster.
  package let rowCount: UInt32
  /// Of the tree over these rows alone.
  package let root: DrawHash

  package init(unit: String, rowCount: UInt32, root: DrawHash) {
    (self.unit, self.rowCount, self.root) = (unit, rowCount, root)
  }

  enum CodingKeys: String, CodingKey {
    case unit, root
    case rowCount = "row_count"
  }

  /// `U16(n) ‖ n × (S(unit) ‖ U32(rows) ‖ root)`.
  static func bytes(_ rosters: [UnitRoster]) -> [UInt8] {
    var bytes = DrawBytes()
    bytes.u16(UInt16(clamping: rosters.count))
    for roster in rosters {
      bytes.text(roster.unit)
      bytes.u32(roster.rowCount)
      bytes.hash(roster.root)
    }
    return bytes.bytes
  }
}

/// One frame over the rosters of several units, for a draw whose visits these units make.
///
/// A key that several rosters have is in it once: as the unit has it where its status is the lowest, of equal ones
/// the first. Source: Protocol/10-Draw.md §3.
package struct SpanningFrame: Sendable {
  package let frame: Frame
  /// Ascending by the bytes of the unit.
  package let rosters: [UnitRoster]
  /// The keys of each unit's rows, ascending by bytes.
  package let keys: [String: [String]]
  /// Keys that a unit's roster has and another unit's row stands for, ascending by bytes.
  package let leftOut: [String: [String]]

  /// Takes the rosters of units in any order. Throws `DrawError` as `Frame` does, and for a unit that stands twice.
  package init(_ parts: [(unit: String, rows: [FrameRow])]) throws(DrawError) {
    let sorted = parts.sorted { $0.unit.utf8.lexicographicallyPrecedes($1.unit.utf8) }
    var places: [String: (part: Int, row: FrameRow)] = [:]
    var leftOut: [String: [String]] = [:]
    for (part, roster) in sorted.enumerated() {
      if part > 0, sorted[part - 1].unit == roster.unit { throw .duplicateUnit(roster.unit) }
      for row in roster.rows {
        guard let held = places[row.key] else {
          places[row.key] = (part, row)
          continue
        }
        guard held.part != part else { throw .duplicateKey(row.key) }
        let isBetter = row.status.rawValue < held.row.status.rawValue
        let loser = isBetter ? held.part : part
        leftOut[sorted[loser].unit, default: []].append(row.key)
        if isBetter { places[row.key] = (part, row) }
      }
    }
    var byPart = [[FrameRow]](repeating: [], count: sorted.count)
    for (part, row) in places.values { byPart[part].append(row) }
    frame = try Frame(byPart.flatMap { $0 })
    var (rosters, keys) = ([UnitRoster](), [String: [String]]())
    for (part, roster) in sorted.enumerated() {
      try DrawText.check(roster.unit)
      let own = try Frame(byPart[part])
      rosters.append(
        UnitRoster(
          unit: roster.unit, rowCount: UInt32(clamping: own.rows.count), root: own.tree.root))
      keys[roster.unit] = own.rows.map(\.key)
    }
    (self.rosters, self.keys) = (rosters, keys)
    self.leftOut = leftOut.mapValues { keys in
      keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
  }
}

/// The objects that a draw over several units hands to one of them, which visits them. Source: Protocol/10-Draw.md §9.
package struct ObjectShare: Hashable, Sendable, Codable {
  /// The unit that drew.
  package var initiator: String
  package var commit: DrawHash
  package var task: TaskID
  package var sequence: UInt32
  package var result: DrawHash
  /// The unit that visits.
  package var unit: String
  /// In the order of the draw.
  package var objects: [String]
  /// Of the initiator, over `bytes`.
  package var signature: HexBytes

  package init(
    initiator: String, commit: DrawHash, task: TaskID, sequence: UInt32, result: DrawHash,
    unit: String, objects: [String], signature: [UInt8] = []
  ) {
    (self.initiator, self.commit, self.task) = (initiator, commit, task)
    (self.sequence, self.result, self.unit) = (sequence, result, unit)
    (self.objects, self.signature) = (objects, HexBytes(signature))
  }

  /// The canonical bytes, which the initiator signs.
  package var bytes: [UInt8] {
    var bytes = DrawBytes(tag: "YDR1/share")
    bytes.text(initiator)
    bytes.hash(commit)
    bytes.task(task)
    bytes.u32(sequence)
    bytes.hash(result)
    bytes.text(unit)
    bytes.u32(UInt32(clamping: objects.count))
    for object in objects { bytes.text(object) }
    return bytes.bytes
  }

  /// What the parameters of the inspectors' draw bind (field 6).
  package var hash: DrawHash { DrawDigest.hash(bytes) }
}

extension DrawRecord.Draw {
  /// The drawn objects in the order in which they are visited: batch by batch, else stratum by stratum.
  package var objects: [String] {
    batches.isEmpty ? strata.flatMap(\.selected) : batches.flatMap { $0 }
  }

  /// Who checks whom, where pairs were drawn: each unit of a stratum the next, the last the first.
  package var pairs: [(checker: String, checked: String)] {
    guard parameters.mode == .pairs else { return [] }
    return strata.flatMap { stratum in
      zip(stratum.selected, stratum.selected.dropFirst() + stratum.selected.prefix(1)).map {
        (checker: $0, checked: $1)
      }
    }
  }

  /// What each unit of a spanning frame gets, without signatures; units that get nothing are left out.
  /// `keys`: of each unit's rows.
  package func shares(of keys: [String: [String]], initiator: String) -> [ObjectShare] {
    let units = keys.mapValues(Set.init)
    return keys.keys.sorted().compactMap { unit in
      let drawn = objects.filter { units[unit]?.contains($0) ?? false }
      guard !drawn.isEmpty else { return nil }
      return ObjectShare(
        initiator: initiator, commit: commit.hash, task: parameters.task,
        sequence: parameters.sequence, result: result, unit: unit, objects: drawn)
    }
  }
}
