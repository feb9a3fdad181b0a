/// Drawing objects from a frame: YDR-1, integers only. Source: Protocol/10-Draw.md §9.
package struct ObjectDraw: Sendable {
  /// Where the last drawn row of a stratum stands: rows with a smaller `u/weight` were drawn.
  package struct Threshold: Hashable, Sendable {
    /// The first eight bytes of the row's digest.
    package let u: UInt64
    package let weight: UInt32

    package init(u: UInt64, weight: UInt32) {
      self.u = u
      self.weight = weight
    }
  }

  /// What was drawn from one stratum.
  package struct StratumResult: Hashable, Sendable {
    package let stratum: String
    /// Rows that could be drawn, N.
    package let eligible: UInt32
    /// Keys in rank order, those that were certain first; their number is n.
    package let selected: [String]
    /// How many of `selected` were certain by their weight.
    package let certain: Int
    /// Absent when nothing was left to chance.
    package let threshold: Threshold?
    /// The next in rank, at most five, for substitutes.
    package let reserves: [String]

    package init(
      stratum: String, eligible: UInt32, selected: [String], certain: Int, threshold: Threshold?,
      reserves: [String]
    ) {
      self.stratum = stratum
      self.eligible = eligible
      self.selected = selected
      self.certain = certain
      self.threshold = threshold
      self.reserves = reserves
    }
  }

  /// In the order of the parameters, strata without rows included.
  package let strata: [StratumResult]
  /// Keys per batch, in rank order; empty unless batches are drawn.
  package let batches: [[String]]

  /// Draws. Throws `DrawError` for an eligible row of a stratum that the parameters lack and for caps that
  /// cannot be kept. Cost: one HMAC per eligible row and a sort.
  package init(frame: Frame, parameters: DrawParameters, seed: DrawHash) throws(DrawError) {
    var places: [String: Int] = [:]
    for (place, rule) in parameters.strata.enumerated() { places[rule.stratum] = place }
    var members = [[Int]](repeating: [], count: parameters.strata.count)
    for (index, row) in frame.rows.enumerated() where row.status == .eligible {
      guard let place = places[row.stratum] else {
        throw .unknownStratum(key: row.key, stratum: row.stratum)
      }
      members[place].append(index)
    }
    let counts = members.map { UInt64($0.count) }
    let quotas =
      parameters.mode == .sample ? try ObjectDraw.quotas(parameters, eligible: counts) : counts
    let batched = ObjectDraw.batchRanking(frame, parameters, seed)
    let ranks: [Int: Int] =
      switch parameters.mode {
      case .batchOrder: batched.ranks
      case .pairs:
        ObjectDraw.ranking(frame, parameters, seed, tag: DrawBytes(tag: "YDR1/pair")).ranks
      case .sample, .sieve: [:]
      }
    if parameters.mode == .pairs, let alone = members.firstIndex(where: { $0.count == 1 }) {
      throw .pairOfOne(stratum: parameters.strata[alone].stratum)
    }
    let digests = ObjectDigest(seed: seed, parameters: parameters)
    strata = parameters.strata.indices.map { place in
      let rule = parameters.strata[place]
      if parameters.mode == .batchOrder || parameters.mode == .pairs {
        let keys = members[place].sorted { ranks[$0, default: 0] < ranks[$1, default: 0] }
        return StratumResult(
          stratum: rule.stratum, eligible: UInt32(keys.count),
          selected: keys.map { frame.rows[$0].key },
          certain: keys.count, threshold: nil, reserves: [])
      }
      return ObjectDraw.sample(
        members[place].map { digests.ranked(frame.rows[$0], index: $0) }, quota: quotas[place],
        stratum: rule.stratum, frame)
    }
    batches = batched.batches
  }

  /// Rows per stratum, reduced to the total cap in the order A, N, B, C, D. Throws `DrawError.capConflict`
  /// when the floors do not fit.
  package static func quotas(_ parameters: DrawParameters, eligible: [UInt64]) throws(DrawError)
    -> [UInt64]
  {
    var quotas = zip(parameters.strata, eligible).map { $0.quota(eligible: $1) }
    let cap = UInt64(parameters.totalCap)
    var total = quotas.reduce(0, +)
    guard parameters.totalCap != DrawParameters.none, total > cap else { return quotas }
    let floors = parameters.strata.indices.map {
      min(quotas[$0], UInt64(parameters.strata[$0].min), eligible[$0])
    }
    let order = parameters.strata.indices.sorted {
      let (left, right) = (parameters.strata[$0].stratum, parameters.strata[$1].stratum)
      let (first, second) = (letterRank(left), letterRank(right))
      return first == second ? $0 < $1 : first < second
    }
    for place in order where total > cap {
      let reduction = min(total - cap, quotas[place] - floors[place])
      quotas[place] -= reduction
      total -= reduction
    }
    guard total <= cap else {
      throw .capConflict(cap: parameters.totalCap, floors: floors.reduce(0, +))
    }
    return quotas
  }

  /// Refuses parameters by which nothing could be drawn from a frame with these rows, before anybody is bound by them.
  /// Throws `DrawError.capConflict`.
  package static func checkQuotas(
    _ parameters: DrawParameters, counts: [StratumCount]
  ) throws(DrawError) {
    _ = try quotas(
      parameters,
      eligible: parameters.strata.map { rule in
        UInt64(counts.first { $0.stratum == rule.stratum }?.eligible ?? 0)
      })
  }

  /// The lowest risk is reduced first; what is no credit class comes last.
  private static func letterRank(_ stratum: String) -> Int {
    switch stratum.utf8.first {
    case 0x41: 0
    case 0x4E: 1
    case 0x42: 2
    case 0x43: 3
    case 0x44: 4
    default: 5
    }
  }

  private static func sample(
    _ rows: [RankedRow], quota: UInt64, stratum: String, _ frame: Frame
  ) -> StratumResult {
    let ranked = rows.sorted(by: RankedRow.precedes)
    let certain = certainRows(ranked, quota: quota)
    let isCertain = Set(certain)
    let others = ranked.filter { !isCertain.contains($0.index) }
    let sampled = others.prefix(Int(quota) - certain.count)
    let first = ranked.filter { isCertain.contains($0.index) }
    let last = sampled.last
    return StratumResult(
      stratum: stratum, eligible: UInt32(rows.count),
      selected: (first + sampled).map { frame.rows[$0.index].key }, certain: certain.count,
      threshold: last.map { Threshold(u: $0.digest.leading, weight: $0.weight) },
      reserves: others.dropFirst(sampled.count).prefix(DrawLimits.reserves).map {
        frame.rows[$0.index].key
      })
  }

  /// Take-all (step 11): rows whose weight alone makes them certain, over as many rounds as it takes. With
  /// weights descending, each round takes a prefix of what is left.
  private static func certainRows(_ rows: [RankedRow], quota: UInt64) -> [Int] {
    let heavy = rows.sorted { $0.weight > $1.weight }
    var (taken, rest) = (0, heavy.reduce(0) { $0 + UInt64($1.weight) })
    var left = quota
    while left > 0, taken < heavy.count {
      let (roundLeft, roundRest, start) = (left, rest, taken)
      while taken < heavy.count, left > 0, roundLeft * UInt64(heavy[taken].weight) >= roundRest {
        left -= 1
        rest -= UInt64(heavy[taken].weight)
        taken += 1
      }
      if taken == start { break }
    }
    return heavy.prefix(taken).map(\.index)
  }

  private static func batchRanking(_ frame: Frame, _ parameters: DrawParameters, _ seed: DrawHash)
    -> (ranks: [Int: Int], batches: [[String]])
  {
    guard let count = parameters.batchCount else { return ([:], []) }
    let (ranks, order) = ranking(frame, parameters, seed, tag: DrawBytes(tag: "YDR1/bat"))
    var batches = [[String]](repeating: [], count: Int(count))
    for (rank, index) in order.enumerated() {
      batches[rank * Int(count) / order.count].append(frame.rows[index].key)
    }
    return (ranks, batches)
  }

  /// All eligible rows by a digest of task and key: the rank of each, and their order.
  private static func ranking(
    _ frame: Frame, _ parameters: DrawParameters, _ seed: DrawHash, tag: DrawBytes
  ) -> (ranks: [Int: Int], order: [Int]) {
    let keyed = KeyedDigest(key: seed)
    let ranked = frame.rows.indices.filter { frame.rows[$0].status == .eligible }.map { index in
      var bytes = tag
      bytes.task(parameters.task)
      bytes.text(frame.rows[index].key)
      return (index: index, digest: keyed.hash(bytes.bytes))
    }.sorted { ($0.digest, $0.index) < ($1.digest, $1.index) }
    var ranks: [Int: Int] = [:]
    for (rank, row) in ranked.enumerated() { ranks[row.index] = rank }
    return (ranks, ranked.map(\.index))
  }

  /// The hash of the result (step 14).
  package static func resultHash(
    frame: DrawHash, parameters: DrawHash, seed: DrawHash,
    strata: [(stratum: String, keys: [String])]
  ) -> DrawHash {
    var bytes = DrawBytes(tag: "YDR1/result")
    bytes.hash(frame)
    bytes.hash(parameters)
    bytes.hash(seed)
    for (stratum, keys) in strata {
      bytes.text(stratum)
      bytes.u32(UInt32(keys.count))
      for key in keys { bytes.text(key) }
    }
    return bytes.hash
  }
}

/// A row with its digest.
struct RankedRow: Sendable {
  let index: Int
  let weight: UInt32
  let digest: DrawHash

  /// Step 12: by `u/weight` in 128-bit products, then by digest; rows stand in the order of their keys.
  static func precedes(_ left: RankedRow, _ right: RankedRow) -> Bool {
    switch order(left.digest.leading, left.weight, right.digest.leading, right.weight) {
    case ..<0: true
    case 1...: false
    default: (left.digest, left.index) < (right.digest, right.index)
    }
  }

  /// −1, 0 or 1 as `u/weight` of the left is below, at or above that of the right.
  static func order(_ left: UInt64, _ leftWeight: UInt32, _ right: UInt64, _ rightWeight: UInt32)
    -> Int
  {
    let first = left.multipliedFullWidth(by: UInt64(rightWeight))
    let second = right.multipliedFullWidth(by: UInt64(leftWeight))
    if (first.high, first.low) < (second.high, second.low) { return -1 }
    return (first.high, first.low) == (second.high, second.low) ? 0 : 1
  }
}

/// The digest of an object in a draw (step 8).
package struct ObjectDigest: Sendable {
  private let keyed: KeyedDigest
  private let prefix: DrawBytes

  package init(seed: DrawHash, parameters: DrawParameters) {
    keyed = KeyedDigest(key: seed)
    var prefix = DrawBytes(tag: "YDR1/obj")
    prefix.task(parameters.isCoordinated ? .shared : parameters.task)
    self.prefix = prefix
  }

  /// The digest of a key.
  package func digest(of key: String) -> DrawHash {
    var bytes = prefix
    bytes.text(key)
    return keyed.hash(bytes.bytes)
  }

  func ranked(_ row: FrameRow, index: Int) -> RankedRow {
    RankedRow(index: index, weight: row.weight, digest: digest(of: row.key))
  }
}
