import Inspection

extension DrawFixture {
  static let lottery = "双色球2026045:01,07,12,20,28,33+16"

  /// Freezes and commits two tasks together, coordinated, with a pool too small for them, a neighbour's
  /// pool, both optional avoidances and a lottery; with or without an answer of the hub.
  mutating func drawSession(hubAnswers: Bool) throws {
    let avoidance = try Self.sessionAvoidance()
    let (small, others) = try Self.sessionPools()
    func header(_ pool: InspectorFrame, _ unit: String) throws -> FrameHeader {
      pool.header(
        unit: unit, itemListVersion: list.version, frozenAtMilliseconds: 1_780_000_000_500,
        cut: try Self.cut())
    }
    let (own, neighbour) = (try header(small, "530102"), try header(others, "530103"))
    let frame = try Frame(Self.rows())
    let objects = frame.header(
      unit: "530102", itemListVersion: list.version, frozenAtMilliseconds: 1_780_000_000_400,
      cut: try Self.cut())
    for (header, rows) in [(own, small.rows), (neighbour, others.rows)] {
      var pool = DrawRecord.PublishedFrame(header)
      pool.inspectors = rows
      published.append(pool)
    }
    var publishedFrame = DrawRecord.PublishedFrame(objects)
    (publishedFrame.rows, publishedFrame.counts) = (frame.rows, frame.counts)
    published.append(publishedFrame)
    let rules = try MatchingRules(
      firstDay: 20_260_601, lastDay: 20_260_630, avoidsLastTeam: true, limitsOwnStation: true,
      requiredTags: ["Q01", "LEAD"], avoidanceHash: Avoidance.hash(avoidance),
      neighbourFrame: neighbour.hash)
    let tasks = try [UInt8(7), 9].map { number in
      let task = TaskID([UInt8](repeating: number, count: 16))
      return try DrawParameters(
        task: try task ?? Self.requiredTask(), sequence: 1, mode: .sample,
        strata: ["A", "B", "C", "D"].map { StratumRule(stratum: $0, ratioBp: 900) },
        isCoordinated: true, itemListHash: list.hash, requirement: "云市监2026-3号",
        items: ["Y0201"], matching: rules)
    }
    let commit = DrawCommit(
      node: "530102-1",
      entries: tasks.map {
        .init(
          task: $0.task, sequence: 1, frame: objects.hash, inspectorFrame: own.hash,
          parameters: $0.hash)
      },
      valueIndex: 0, countyAnchor: county.anchor, hubAnchor: hub.anchor)
    let signed = DrawCommit.signedBytes(
      commit: commit.hash, source: .lottery, reference: "2026045")
    let statement = DrawStatement.acknowledgement(
      commit: commit.hash, index: 0, value: hub.value(0), atMilliseconds: 1_780_000_100_000)
    let answer = DrawRecord.Acknowledgement(
      value: hub.value(0), atMilliseconds: 1_780_000_100_000,
      signature: try Self.sign(statement, 2))
    for task in tasks {
      draws.append(
        try DrawRecord.Draw(
          frame: frame, frameHash: objects.hash, parameters: task,
          commit: DrawRecord.Commit(
            commit, source: .lottery, reference: "2026045",
            operatorSignature: try Self.sign(signed, 3),
            supervisorSignature: try Self.sign(signed, 4),
            lodgedWith: hubAnswers ? nil : "notary, SMS of 2026-04-20"),
          acknowledgement: hubAnswers ? answer : nil, county: county.value(0),
          publicValue: Array(Self.lottery.utf8), inspectors: (small, own.hash, avoidance),
          neighbours: others))
    }
  }

  /// The own pool, too small, and the neighbour's.
  private static func sessionPools() throws -> (own: InspectorFrame, neighbour: InspectorFrame) {
    let own = try InspectorFrame(
      (1...3).map { number in
        InspectorRow(
          id: "P0\(number)", station: "S\(number)", certificateValidTo: 20_261_231,
          monthCap: number == 1 ? 3 : 6, load: UInt32(number - 1),
          tags: number == 2 ? ["Q01"] : ["LEAD"])
      })
    let neighbour = try InspectorFrame(
      (1...4).map { number in
        InspectorRow(
          id: "V0\(number)", station: "", certificateValidTo: 20_261_231, monthCap: 4,
          tags: ["LEAD", "Q01"])
      })
    return (own, neighbour)
  }

  private static func sessionAvoidance() throws -> [Avoidance] {
    (1...60).map { number in
      Avoidance(kind: .station, object: code(number), other: "S\(number % 4)")
    }
      + (1...20).map { number in
        Avoidance(kind: .lastTeam, object: code(number * 3), other: "P0\(number % 3 + 1)")
      }
  }
}
