import Crypto
import Inspection

/// A prefecture that draws over the rosters of two counties, and one of these, which draws inspectors for its share;
/// both records are sound unless a test spoils them.
struct SpanningFixture {
  /// 530102 has 1…40 and 530103 36…60; of the five that both have, 36…38 have moved away from 530102.
  static func rosters() -> [(unit: String, rows: [FrameRow])] {
    let all = DrawFixture.rows()
    let first = all.prefix(40).enumerated().map { place, row in
      (35...37).contains(place)
        ? FrameRow(key: row.key, stratum: row.stratum, weight: row.weight, status: .moved) : row
    }
    return [("530103", Array(all.dropFirst(35))), ("530102", first)]
  }

  let list: DrawItemList
  let prefecture = CommittedValues(secret: [UInt8](repeating: 0xA0, count: 32), count: 8)
  let province = CommittedValues(secret: [UInt8](repeating: 0xB1, count: 32), count: 8)
  let county = CommittedValues(secret: [UInt8](repeating: 0xC0, count: 32), count: 8)
  let hub = CommittedValues(secret: [UInt8](repeating: 0xB0, count: 32), count: 8)
  let frame: SpanningFrame
  private let header: FrameHeader
  private let pool: InspectorFrame

  init() throws {
    let fixture = try DrawFixture()
    (list, pool) = (fixture.list, fixture.pool)
    frame = try SpanningFrame(Self.rosters())
    header = frame.frame.header(
      unit: "530100", itemListVersion: list.version, frozenAtMilliseconds: 1_780_000_000_000,
      cut: try Self.cut())
  }

  private static func cut() throws -> FrameCut {
    try FrameCut([
      .init(node: "530102/both 530102-1", counter: 812),
      .init(node: "530103/both 530103-1", counter: 77),
    ])
  }

  /// Signs a commit as two persons of keys 3 and 4.
  private func committed(_ commit: DrawCommit) throws -> DrawRecord.Commit {
    let bytes = DrawCommit.signedBytes(commit: commit.hash, source: .none, reference: "")
    return DrawRecord.Commit(
      commit, operatorSignature: try DrawFixture.sign(bytes, 3),
      supervisorSignature: try DrawFixture.sign(bytes, 4))
  }

  private func answer(
    _ commit: DrawCommit, _ value: DrawHash, by signer: UInt8
  ) throws -> DrawRecord.Acknowledgement {
    let bytes = DrawStatement.acknowledgement(
      commit: commit.hash, index: 0, value: value, atMilliseconds: 1_780_000_100_000)
    return .init(
      value: value, atMilliseconds: 1_780_000_100_000,
      signature: try DrawFixture.sign(bytes, signer))
  }

  private func anchor(
    _ values: CommittedValues, _ unit: String, _ side: AnchorSide, _ signer: UInt8
  ) throws -> DrawRecord.Anchor {
    let bytes = DrawStatement.anchor(
      unit: unit, side: side, year: 2026, count: 8, root: values.anchor)
    return .init(leaves: values.leaves, signature: try DrawFixture.sign(bytes, signer))
  }

  private func keys(
    _ list: [(DrawRecord.Role, String, UInt8)]
  ) throws -> [DrawRecord.Key] {
    try list.map { role, name, signer in
      .init(
        role: role, name: name,
        publicKey: Array(try DrawFixture.key(signer).publicKey.rawRepresentation))
    }
  }

  /// The prefecture's record: key 6 is its node, 7 the province's. `batches`: the order of all is drawn.
  func initiatorRecord(batches: UInt32? = nil, hasHub: Bool = true) throws -> DrawRecord {
    let parameters = try DrawParameters(
      task: try DrawFixture.requiredTask(), sequence: 1,
      mode: batches == nil ? .sample : .batchOrder,
      strata: ["A", "B", "C", "D"].map { StratumRule(stratum: $0, ratioBp: 1_500) },
      totalCap: 13, itemListHash: list.hash, batchCount: batches, items: ["Y0101"],
      units: frame.rosters)
    let commit = DrawCommit(
      node: "530100-1",
      entries: [
        .init(task: parameters.task, sequence: 1, frame: header.hash, parameters: parameters.hash)
      ],
      valueIndex: 0, countyAnchor: prefecture.anchor, hubAnchor: hasHub ? province.anchor : .zero)
    var draw = try DrawRecord.Draw(
      frame: frame.frame, frameHash: header.hash, parameters: parameters,
      commit: try committed(commit),
      acknowledgement: hasHub ? try answer(commit, province.value(0), by: 7) : nil,
      county: prefecture.value(0))
    draw.shares = try draw.shares(of: frame.keys, initiator: "530100").map { share in
      var share = share
      share.signature = HexBytes(try DrawFixture.sign(share.bytes, 6))
      return share
    }
    var published = DrawRecord.PublishedFrame(header)
    (published.rows, published.counts) = (frame.frame.rows, frame.frame.counts)
    published.units = frame.rosters.map {
      .init($0, keys: frame.keys[$0.unit], leftOut: frame.leftOut[$0.unit])
    }
    let above = hasHub ? [(DrawRecord.Role.hub, "530000", UInt8(7)), (.superior, "530000", 7)] : []
    return DrawRecord(
      unit: "530100", year: 2026, complete: true,
      keys: try keys(
        [(.county, "530100", 6), (.operator, "王芳", 3), (.supervisor, "李强", 4)] + above),
      countyAnchor: try anchor(prefecture, "530100", .county, 6),
      hubAnchor: hasHub ? try anchor(province, "530100", .hub, 7) : nil, items: list,
      frames: [published], draws: [draw])
  }

  /// The record of 530102, which drew inspectors for its share.
  func implementerRecord() throws -> DrawRecord {
    let share = try initiatorRecord().draws[0].shares?.first { $0.unit == "530102" }
    guard let share else { throw DrawFixture.NoTask() }
    let poolHeader = pool.header(
      unit: "530102", itemListVersion: list.version, frozenAtMilliseconds: 1_780_000_200_000,
      cut: try Self.cut())
    let parameters = try DrawParameters(
      task: share.task, sequence: 1, mode: .sample, strata: [], itemListHash: list.hash,
      matching: try MatchingRules(
        firstDay: 20_260_601, lastDay: 20_260_630, requiredTags: ["LEAD"],
        avoidanceHash: Avoidance.hash(DrawFixture.avoidance), objectResult: share.hash))
    let commit = DrawCommit(
      node: "530102-1",
      entries: [
        .init(
          task: parameters.task, sequence: 1, frame: poolHeader.hash, parameters: parameters.hash)
      ], valueIndex: 0, countyAnchor: county.anchor, hubAnchor: hub.anchor)
    let draw = DrawRecord.Draw(
      share: share, parameters: parameters, commit: try committed(commit),
      acknowledgement: try answer(commit, hub.value(0), by: 6), county: county.value(0),
      inspectors: (pool, poolHeader.hash, DrawFixture.avoidance))
    var published = DrawRecord.PublishedFrame(poolHeader)
    published.inspectors = pool.rows
    let statement = DrawStatement.witness(
      frame: poolHeader.hash, rowCount: poolHeader.rowCount, root: poolHeader.root)
    published.witness = .init(
      rowCount: poolHeader.rowCount, root: poolHeader.root,
      signature: try DrawFixture.sign(statement, 6))
    return DrawRecord(
      unit: "530102", year: 2026, complete: true,
      keys: try keys([
        (.county, "530102", 1), (.operator, "王芳", 3), (.supervisor, "李强", 4),
        (.hub, "530100", 6), (.superior, "530100", 6), (.initiator, "530100", 6),
      ]),
      countyAnchor: try anchor(county, "530102", .county, 1),
      hubAnchor: try anchor(hub, "530102", .hub, 6), items: list, frames: [published],
      draws: [draw])
  }
}

extension SpanningFixture {
  /// The province's record of a check: who checks whom, or which results are checked again. Without a tier above, the
  /// lottery that was lodged makes it grade 1+.
  /// `mode`: another than that of the kind, which is a fault.
  func checkRecord(
    of kind: FrameHeader.Kind, rows: [FrameRow], mode: DrawParameters.Mode? = nil
  ) throws -> DrawRecord {
    let frame = try Frame(rows)
    let header = frame.header(
      unit: "530000", kind: kind, itemListVersion: list.version,
      frozenAtMilliseconds: 1_780_000_000_000, cut: try Self.cut())
    let isOfUnits = kind == .units
    guard let task = TaskID([UInt8](repeating: isOfUnits ? 5 : 6, count: 16)) else {
      throw DrawFixture.NoTask()
    }
    let parameters = try DrawParameters(
      task: task, sequence: 1, mode: mode ?? (isOfUnits ? .pairs : .sample),
      strata: frame.counts.map {
        StratumRule(stratum: $0.stratum, ratioBp: isOfUnits ? 10_000 : 2_000)
      }, itemListHash: list.hash, days: isOfUnits ? nil : 20_260_101...20_260_630)
    let commit = DrawCommit(
      node: "530000-1",
      entries: [
        .init(task: task, sequence: 1, frame: header.hash, parameters: parameters.hash)
      ], valueIndex: 0, countyAnchor: province.anchor, hubAnchor: .zero)
    let signed = DrawCommit.signedBytes(
      commit: commit.hash, source: .lottery, reference: "2026045")
    let draw = try DrawRecord.Draw(
      frame: frame, frameHash: header.hash, parameters: parameters,
      commit: DrawRecord.Commit(
        commit, source: .lottery, reference: "2026045",
        operatorSignature: try DrawFixture.sign(signed, 3),
        supervisorSignature: try DrawFixture.sign(signed, 4), lodgedWith: "notary"),
      acknowledgement: nil, county: province.value(0),
      publicValue: Array(DrawFixture.lottery.utf8))
    var published = DrawRecord.PublishedFrame(header)
    (published.rows, published.counts) = (frame.rows, frame.counts)
    return DrawRecord(
      unit: "530000", year: 2026, complete: true,
      keys: try keys([(.county, "530000", 7), (.operator, "王芳", 3), (.supervisor, "李强", 4)]),
      countyAnchor: try anchor(province, "530000", .county, 7), hubAnchor: nil, items: list,
      frames: [published], draws: [draw])
  }

  /// Units of two prefectures.
  static func unitRows(isWithin: Bool) -> [FrameRow] {
    ["530102", "530103", "530111", "530112", "533301", "533323", "533324"].map {
      FrameRow(key: $0, stratum: isWithin ? String($0.prefix(4)) + "00" : "ALL")
    }
  }

  /// Thirty published results of two counties.
  static func resultRows() -> [FrameRow] {
    (1...30).map { number in
      FrameRow(
        key: "\(String(repeating: "0", count: 30))\(10 + number)/Y0101/市场监管",
        stratum: number <= 22 ? "530102" : "533324")
    }
  }
}
