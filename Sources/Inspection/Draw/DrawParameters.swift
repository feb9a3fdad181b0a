/// How a stratum is drawn. Source: Protocol/10-Draw.md §4.
package struct StratumRule: Hashable, Sendable, Codable {
  package let stratum: String
  /// Basis points, 0…10,000.
  package let ratioBp: UInt32
  package let min: UInt32
  /// `DrawParameters.none` for no maximum.
  package let max: UInt32

  package init(
    stratum: String, ratioBp: UInt32, min: UInt32 = 1, max: UInt32 = DrawParameters.none
  ) {
    self.stratum = stratum
    self.ratioBp = ratioBp
    self.min = min
    self.max = max
  }

  enum CodingKeys: String, CodingKey {
    case stratum
    case ratioBp = "ratio_bp"
    case min, max
  }

  /// Rows to draw of `eligible` ones: the ratio rounded up, at least the minimum, at most the maximum.
  package func quota(eligible: UInt64) -> UInt64 {
    let ratio = (eligible * UInt64(ratioBp) + 9_999) / 10_000
    return Swift.min(eligible, UInt64(max), Swift.max(UInt64(min), ratio))
  }
}

/// What a draw was asked to do, fixed before its seed exists. Source: Protocol/10-Draw.md §4.
package struct DrawParameters: Hashable, Sendable {
  /// How objects are taken.
  package enum Mode: UInt8, Hashable, Sendable, Codable {
    case sample = 1
    case batchOrder = 3
    case sieve = 4
    /// Each unit checks the next of the drawn order, the last the first.
    case pairs = 5

    /// Whether it draws from rows of a kind.
    func draws(_ kind: FrameHeader.Kind) -> Bool {
      switch kind {
      case .objects: self != .pairs
      case .inspectors, .results: self == .sample
      case .units: self == .pairs
      }
    }
  }

  /// How plans and people name the draw (抽查方式).
  package enum Kind: String, Hashable, Sendable {
    case undirected = "UNDIRECTED"
    case directed = "DIRECTED"
    case sieve = "SIEVE"
    case batch = "BATCH"
    case pairs = "PAIRS"
  }

  /// Stands for no maximum and no total cap.
  package static let none: UInt32 = 0xFFFF_FFFF

  package let task: TaskID
  /// 1, 2, … per task.
  package let sequence: UInt32
  package let mode: Mode
  /// Ascending strictly by the bytes of the stratum.
  package let strata: [StratumRule]
  package let totalCap: UInt32
  /// Whether the tasks of a session share their random numbers (§4.7).
  package let isCoordinated: Bool
  /// Field 1: canonical text of the filter.
  package let filter: String?
  /// Field 2.
  package let itemListHash: DrawHash?
  /// Field 3.
  package let batchCount: UInt32?
  /// Field 4: the regional requirement of the province that the numbers come from.
  package let requirement: String?
  /// Field 5: codes of the items that the task checks, ascending.
  package let items: [String]?
  /// Field 6.
  package let matching: MatchingRules?
  /// Field 7: the units whose rosters the frame has, ascending by bytes; nil for a frame of the own roster.
  package let units: [UnitRoster]?
  /// Field 8: the days, yyyymmdd, on which the results that are drawn from were published.
  package let days: ClosedRange<UInt32>?

  /// Throws `DrawError` for strata out of order, ranges, batches, and a unit that stands twice.
  package init(
    task: TaskID, sequence: UInt32, mode: Mode, strata: [StratumRule],
    totalCap: UInt32 = DrawParameters.none, isCoordinated: Bool = false, filter: String? = nil,
    itemListHash: DrawHash? = nil, batchCount: UInt32? = nil, requirement: String? = nil,
    items: [String]? = nil, matching: MatchingRules? = nil, units: [UnitRoster]? = nil,
    days: ClosedRange<UInt32>? = nil
  ) throws(DrawError) {
    let sorted = strata.sorted { $0.stratum.utf8.lexicographicallyPrecedes($1.stratum.utf8) }
    guard sorted.count <= DrawLimits.strata else { throw .rows(sorted.count) }
    for (index, rule) in sorted.enumerated() {
      try DrawText.check(rule.stratum)
      guard rule.ratioBp <= 10_000, rule.min <= rule.max else { throw .stratumRange(rule.stratum) }
      if index > 0, sorted[index - 1].stratum == rule.stratum {
        throw .duplicateStratum(rule.stratum)
      }
    }
    if let batchCount {
      guard (1...0xFFFF).contains(batchCount), mode == .batchOrder || mode == .sieve else {
        throw .batches(batchCount)
      }
    } else if mode == .batchOrder {
      throw .batches(0)
    }
    var canonical: String?
    if let filter {
      do throws(FilterError) {
        canonical = try FilterExpression(parsing: filter).canonical
      } catch {
        throw .filter(error)
      }
    }
    for text in (items ?? []) + (requirement.map { [$0] } ?? []) { try DrawText.check(text) }
    self.task = task
    self.sequence = sequence
    self.mode = mode
    self.strata = sorted
    self.totalCap = totalCap
    self.isCoordinated = isCoordinated
    self.filter = canonical
    self.itemListHash = itemListHash
    self.batchCount = batchCount
    self.requirement = requirement
    self.items = items?.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    self.matching = matching
    self.days = days
    self.units = try DrawParameters.sorted(units)
  }

  private static func sorted(_ units: [UnitRoster]?) throws(DrawError) -> [UnitRoster]? {
    guard let units else { return nil }
    let sorted = units.sorted { $0.unit.utf8.lexicographicallyPrecedes($1.unit.utf8) }
    guard (1...DrawLimits.units).contains(sorted.count) else { throw .rows(sorted.count) }
    for (index, roster) in sorted.enumerated() {
      try DrawText.check(roster.unit)
      if index > 0, sorted[index - 1].unit == roster.unit { throw .duplicateUnit(roster.unit) }
    }
    return sorted
  }

  package var kind: Kind {
    switch mode {
    case .sample: filter == nil ? .undirected : .directed
    case .batchOrder: .batch
    case .sieve: .sieve
    case .pairs: .pairs
    }
  }

  /// The canonical bytes.
  package var bytes: [UInt8] {
    var bytes = DrawBytes(tag: "YDR1/param")
    bytes.task(task)
    bytes.u32(sequence)
    bytes.u8(mode.rawValue)
    bytes.u16(UInt16(strata.count))
    for rule in strata {
      bytes.text(rule.stratum)
      bytes.u32(rule.ratioBp)
      bytes.u32(rule.min)
      bytes.u32(rule.max)
    }
    bytes.u32(totalCap)
    bytes.u8(isCoordinated ? 1 : 0)
    func field(_ tag: UInt8, _ value: [UInt8]?) {
      guard let value else { return }
      bytes.u8(tag)
      bytes.prefixed(value)
    }
    field(1, filter.map(DrawBytes.normal))
    field(2, itemListHash?.bytes)
    field(
      3,
      batchCount.map {
        var count = DrawBytes()
        count.u32($0)
        return count.bytes
      })
    field(4, requirement.map(DrawBytes.normal))
    field(5, items.map(DrawItemList.codeBytes))
    field(6, matching?.bytes)
    field(7, units.map(UnitRoster.bytes))
    field(
      8,
      days.map {
        var days = DrawBytes()
        days.u32($0.lowerBound)
        days.u32($0.upperBound)
        return days.bytes
      })
    return bytes.bytes
  }

  /// What a commit names: the hash of the canonical bytes.
  package var hash: DrawHash { DrawDigest.hash(bytes) }

  /// Rules per stratum for a frame, with a minimum of 1 for every stratum that has eligible rows: deterrence
  /// for the lowest risk, and the sample that shows whether the classes are right (§4.7).
  package static func withFloors(_ rules: [StratumRule], in counts: [StratumCount]) -> [StratumRule]
  {
    rules.map { rule in
      let isEmpty = !counts.contains { $0.stratum == rule.stratum && $0.eligible > 0 }
      return StratumRule(
        stratum: rule.stratum, ratioBp: rule.ratioBp,
        min: isEmpty ? rule.min : Swift.max(1, rule.min),
        max: rule.max)
    }
  }
}
