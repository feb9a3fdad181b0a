import Crypto
import Inspection

/// A county with keys, committed values, a roster and a pool, all from one seed; draws from it are sound
/// unless a test spoils them.
struct DrawFixture {
  static func key(_ number: UInt8) throws -> Curve25519.Signing.PrivateKey {
    try Curve25519.Signing.PrivateKey(rawRepresentation: [UInt8](repeating: number, count: 32))
  }

  struct NoTask: Error {}

  static func requiredTask() throws -> TaskID {
    guard let task = TaskID((1...16).map { UInt8($0) }) else { throw NoTask() }
    return task
  }

  static let avoidance = [
    Avoidance(kind: .conflict, object: DrawFixture.code(3), other: "I01"),
    Avoidance(kind: .conflict, object: DrawFixture.code(4), other: "I02"),
  ]

  let county = CommittedValues(secret: [UInt8](repeating: 0xC0, count: 32), count: 8)
  let hub = CommittedValues(secret: [UInt8](repeating: 0xB0, count: 32), count: 8)
  let list: DrawItemList
  let pool: InspectorFrame
  let poolHeader: FrameHeader
  var published: [DrawRecord.PublishedFrame] = []
  var draws: [DrawRecord.Draw] = []

  init() throws {
    list = try DrawItemList(
      version: 2_026_010_101,
      items: [
        .init(
          code: "Y0101", name: "登记事项检查", itemClass: .general, capBp: 3_000,
          qualifications: ["Q01"]),
        .init(code: "Y0201", name: "食品安全检查", itemClass: .key, capBp: nil),
      ])
    pool = try InspectorFrame(
      (1...6).map { number in
        InspectorRow(
          id: "I0\(number)", station: "S\(number % 2)", isOnDuty: number != 6,
          certificateValidTo: 20_271_231, load: UInt32(number % 3),
          tags: number < 3 ? ["LEAD", "Q01"] : ["Q01"])
      })
    poolHeader = pool.header(
      unit: "530102", itemListVersion: list.version, frozenAtMilliseconds: 1_780_000_000_000,
      cut: try DrawFixture.cut())
    var frame = DrawRecord.PublishedFrame(poolHeader)
    frame.inspectors = pool.rows
    published = [frame]
  }

  static func code(_ number: Int) -> String {
    let text = String(number)
    return "91530102MA" + String(repeating: "0", count: 8 - text.count) + text
  }

  static func cut() throws -> FrameCut {
    try FrameCut([
      .init(node: "530102-1", counter: 812), .init(node: "530000-1", counter: 40),
    ])
  }

  static func rows(_ count: Int = 60) -> [FrameRow] {
    (1...count).map { number in
      FrameRow(
        key: code(number), stratum: ["A", "B", "C", "D"][number % 4],
        weight: UInt32(number % 3 + 1), status: number % 10 == 0 ? .frequency : .eligible)
    }
  }

  func parameters(
    sequence: UInt32 = 1, mode: DrawParameters.Mode = .sample, batchCount: UInt32? = nil,
    totalCap: UInt32 = 13
  ) throws -> DrawParameters {
    try DrawParameters(
      task: try Self.requiredTask(), sequence: sequence, mode: mode,
      strata: [
        .init(stratum: "A", ratioBp: 300), .init(stratum: "B", ratioBp: 1_000),
        .init(stratum: "C", ratioBp: 2_500), .init(stratum: "D", ratioBp: 5_000),
      ],
      totalCap: totalCap, filter: "industry begins 'F52' and not abnormal = 'LISTED'",
      itemListHash: list.hash, batchCount: batchCount, items: ["Y0101"],
      matching: try MatchingRules(
        firstDay: 20_260_601, lastDay: 20_260_630, requiredTags: ["LEAD"],
        avoidanceHash: Avoidance.hash(Self.avoidance)))
  }

  /// Freezes rows, commits, has the hub acknowledge, draws and publishes.
  mutating func draw(
    _ rows: [FrameRow] = DrawFixture.rows(), _ parameters: DrawParameters? = nil,
    index: UInt32 = 0, previous: DrawHash? = nil, removed: [DrawRecord.Removal] = []
  ) throws {
    let parameters = try parameters ?? self.parameters()
    let frame = try Frame(rows)
    let header = frame.header(
      unit: "530102", itemListVersion: list.version,
      frozenAtMilliseconds: 1_780_000_000_000 + UInt64(index), cut: try Self.cut())
    var publishedFrame = DrawRecord.PublishedFrame(header)
    publishedFrame.rows = frame.rows
    publishedFrame.counts = frame.counts
    publishedFrame.previous = previous
    publishedFrame.removed = removed
    publishedFrame.witness = try witness(header.hash, frame.tree.root, header.rowCount)
    published.append(publishedFrame)
    let commit = DrawCommit(
      node: "530102-1",
      entries: [
        .init(
          task: parameters.task, sequence: parameters.sequence, frame: header.hash,
          inspectorFrame: poolHeader.hash, parameters: parameters.hash)
      ],
      valueIndex: index, countyAnchor: county.anchor, hubAnchor: hub.anchor)
    let signed = DrawCommit.signedBytes(commit: commit.hash, source: .none, reference: "")
    let statement = DrawStatement.acknowledgement(
      commit: commit.hash, index: index, value: hub.value(index), atMilliseconds: 1_780_000_100_000)
    draws.append(
      try DrawRecord.Draw(
        frame: frame, frameHash: header.hash, parameters: parameters,
        commit: DrawRecord.Commit(
          commit, operatorSignature: try Self.sign(signed, 3),
          supervisorSignature: try Self.sign(signed, 4)),
        acknowledgement: .init(
          value: hub.value(index), atMilliseconds: 1_780_000_100_000,
          signature: try Self.sign(statement, 2)),
        county: county.value(index), inspectors: (pool, poolHeader.hash, Self.avoidance)))
  }

  func witness(_ frame: DrawHash, _ root: DrawHash, _ count: UInt64) throws -> DrawRecord.Witness {
    .init(
      rowCount: count, root: root,
      signature: try Self.sign(DrawStatement.witness(frame: frame, rowCount: count, root: root), 2))
  }

  mutating func void(_ place: Int, by signer: UInt8 = 5) throws {
    let draw = draws[place]
    let bytes = DrawStatement.void(
      commit: draw.commit.hash, task: draw.parameters.task, sequence: draw.parameters.sequence,
      reason: "frame disputed", atMilliseconds: 1_780_000_200_000)
    draws[place].void = .init(
      reason: "frame disputed", atMilliseconds: 1_780_000_200_000,
      signature: try Self.sign(bytes, signer))
  }

  static func sign(_ bytes: [UInt8], _ signer: UInt8) throws -> [UInt8] {
    Array(try key(signer).signature(for: bytes))
  }

  /// The record of all draws so far.
  func record() throws -> DrawRecord {
    func anchor(_ values: CommittedValues, _ side: AnchorSide, _ signer: UInt8) throws
      -> DrawRecord.Anchor
    {
      let bytes = DrawStatement.anchor(
        unit: "530102", side: side, year: 2026, count: 8, root: values.anchor)
      return .init(leaves: values.leaves, signature: try Self.sign(bytes, signer))
    }
    let roles: [DrawRecord.Role] = [.county, .hub, .operator, .supervisor, .superior]
    return DrawRecord(
      unit: "530102", year: 2026, complete: true,
      keys: try roles.enumerated().map { number, role in
        .init(
          role: role, name: role.rawValue,
          publicKey: Array(try Self.key(UInt8(number + 1)).publicKey.rawRepresentation))
      },
      countyAnchor: try anchor(county, .county, 1), hubAnchor: try anchor(hub, .hub, 2),
      items: list, frames: published, draws: draws)
  }
}
