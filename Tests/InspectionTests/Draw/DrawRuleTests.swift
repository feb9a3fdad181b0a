import Inspection
import TestSupport
import Testing

/// The rules of YDR-1 on generated cases.
@Suite struct DrawRuleTests {
  private func hash(_ random: inout SeededGenerator) -> DrawHash {
    DrawHash(random.bytes(32)) ?? .zero
  }

  @Test func `every leaf of every small tree has a path, and no other`() {
    var random = SeededGenerator(seed: 41)
    for count in 1...40 {
      let leaves = (0..<count).map { _ in hash(&random) }
      let tree = MerkleTree(leaves: leaves)
      #expect(tree.root == recursiveRoot(leaves[...]))
      for index in leaves.indices {
        let path = tree.path(to: index)
        func root(_ leaf: DrawHash, _ index: Int, _ path: [DrawHash]) -> DrawHash? {
          MerkleTree.root(leaf: leaf, index: UInt64(index), count: UInt64(count), path: path)
        }
        #expect(root(leaves[index], index, path) == tree.root)
        #expect(root(.zero, index, path) != tree.root)
        #expect(root(leaves[index], index, path + [.zero]) == nil)
        #expect(root(leaves[index], count, path) == nil)
        if count > 1 { #expect(root(leaves[index], (index + 1) % count, path) != tree.root) }
      }
    }
  }

  /// RFC 6962 §2.1 as it is written.
  private func recursiveRoot(_ leaves: ArraySlice<DrawHash>) -> DrawHash {
    if leaves.count == 1 { return leaves[leaves.startIndex] }
    var half = 1
    while half * 2 < leaves.count { half *= 2 }
    return MerkleTree(leaves: [
      recursiveRoot(leaves.prefix(half)), recursiveRoot(leaves.dropFirst(half)),
    ]).root
  }

  private func cases(_ random: inout SeededGenerator) -> ([FrameRow], [StratumRule]) {
    let names = ["A", "B", "C2", "D", "N"]
    let isWeighted = random.chance(50)
    let rows = (0..<random.below(120)).map { number in
      FrameRow(
        key: "K\(number)", stratum: random.pick(names),
        weight: isWeighted ? UInt32(random.below(40) + 1) : 1,
        status: random.chance(80) ? .eligible : random.pick(FrameStatus.allCases))
    }
    let rules = names.map { name in
      let min = UInt32(random.below(4))
      return StratumRule(
        stratum: name, ratioBp: UInt32(random.below(10_001)), min: min,
        max: random.chance(70) ? DrawParameters.none : min + UInt32(random.below(10)))
    }
    return (rows, rules)
  }

  @Test(arguments: 0..<150)
  func `a draw takes its quota, only eligible rows, and does not see their order`(seed: Int) throws
  {
    var random = SeededGenerator(seed: UInt64(seed))
    let (rows, rules) = cases(&random)
    let parameters = try DrawParameters(
      task: try DrawFixture.requiredTask(), sequence: 1, mode: .sample, strata: rules)
    let value = hash(&random)
    let frame = try Frame(rows)
    let drawn = try ObjectDraw(frame: frame, parameters: parameters, seed: value)
    let shuffled = try Frame(rows.shuffled(using: &random))
    #expect(shuffled.tree.root == frame.tree.root)
    let again = try ObjectDraw(frame: shuffled, parameters: parameters, seed: value)
    #expect(again.strata == drawn.strata)
    for (rule, result) in zip(parameters.strata, drawn.strata) {
      let eligible = rows.filter { $0.stratum == rule.stratum && $0.status == .eligible }
      #expect(UInt64(result.selected.count) == rule.quota(eligible: UInt64(eligible.count)))
      #expect(Set(result.selected).isSubset(of: Set(eligible.map(\.key))))
      #expect(Set(result.selected).count == result.selected.count)
      #expect(Set(result.reserves).isDisjoint(with: result.selected))
      let left = eligible.count - result.selected.count
      #expect(result.reserves.count == min(5, left))
      expectCertainRows(eligible, result)
    }
  }

  /// Take-all as the page says it, round by round over all rows.
  private func expectCertainRows(_ rows: [FrameRow], _ result: ObjectDraw.StratumResult) {
    var (left, rest) = (UInt64(result.selected.count), rows)
    var certain: Set<String> = []
    while left > 0 {
      let sum = rest.reduce(UInt64(0)) { $0 + UInt64($1.weight) }
      let taken = rest.filter { left * UInt64($0.weight) >= sum }
      if taken.isEmpty { break }
      certain.formUnion(taken.map(\.key))
      left -= UInt64(taken.count)
      rest.removeAll { certain.contains($0.key) }
    }
    #expect(Set(result.selected.prefix(result.certain)) == certain)
    #expect((result.threshold == nil) == (left == 0))
  }

  @Test(arguments: 0..<100)
  func `a total cap is kept, lowest risk first, floors standing`(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed))
    let (_, rules) = cases(&random)
    let eligible = rules.map { _ in UInt64(random.below(60)) }
    let task = try DrawFixture.requiredTask()
    let cap = UInt32(random.below(80))
    let free = try DrawParameters(task: task, sequence: 1, mode: .sample, strata: rules)
    let capped = try DrawParameters(
      task: task, sequence: 1, mode: .sample, strata: rules, totalCap: cap)
    let before = try ObjectDraw.quotas(free, eligible: eligible)
    let floors = zip(rules, zip(before, eligible)).map { min($1.0, UInt64($0.min), $1.1) }
    let after: [UInt64]
    do throws(DrawError) {
      after = try ObjectDraw.quotas(capped, eligible: eligible)
    } catch {
      #expect(error == .capConflict(cap: cap, floors: floors.reduce(0, +)))
      #expect(floors.reduce(0, +) > UInt64(cap))
      return
    }
    #expect(after.reduce(0, +) == min(before.reduce(0, +), UInt64(cap)))
    // In the order A, N, B, C2, D: a later stratum is touched only when the earlier are at their floor.
    let order = [0, 4, 1, 2, 3]
    for (place, index) in order.enumerated() where after[index] < before[index] {
      for earlier in order.prefix(place) { #expect(after[earlier] == floors[earlier]) }
    }
  }

  @Test(arguments: 0..<80)
  func `teams are able, qualified and balanced, whatever the pool`(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed))
    let objects = (0..<random.below(25) + 1).map { "O\($0)" }
    let pool = try InspectorFrame(
      (0..<random.below(14) + 1).map { number in
        InspectorRow(
          id: "I\(number)", station: "S\(random.below(3))", isOnDuty: random.chance(85),
          certificateValidTo: random.chance(85) ? 20_261_231 : 20_260_615,
          monthCap: random.chance(60) ? DrawParameters.none : UInt32(random.below(6)),
          load: UInt32(random.below(4)), tags: ["LEAD", "Q03"].filter { _ in random.chance(50) })
      })
    let avoidance = (0..<random.below(20)).map { _ in
      Avoidance(
        kind: random.pick([.conflict, .lastTeam]), object: random.pick(objects),
        other: random.pick(pool.rows).id)
    }
    let rules = try MatchingRules(
      teamSize: random.below(2) + 2, firstDay: 20_260_601, lastDay: 20_260_630,
      avoidsLastTeam: random.chance(50), requiredTags: random.chance(50) ? ["Q03"] : [],
      avoidanceHash: Avoidance.hash(avoidance))
    let value = hash(&random)
    func match(_ objects: [String], _ avoidance: [Avoidance]) -> InspectorMatch {
      InspectorMatch(
        objects: objects, pool: pool, poolHash: .zero, rules: rules, avoidance: avoidance,
        seed: value)
    }
    let result = match(objects, avoidance)
    #expect(
      match(objects.shuffled(using: &random), avoidance.shuffled(using: &random)).resultHash
        == result.resultHash)
    #expect(result.teams.count == objects.count)
    var loads: [String: UInt32] = [:]
    for team in result.teams {
      #expect(Set(team.members).count == team.members.count)
      for id in team.members {
        let row = try #require(pool.rows.first { $0.id == id })
        #expect(row.isOnDuty && row.certificateValidTo >= rules.lastDay)
        let isAvoided = avoidance.contains {
          $0.object == team.object && $0.other == id
            && ($0.kind == .conflict || rules.avoidsLastTeam)
        }
        #expect(!isAvoided)
        loads[id, default: 0] += 1
        #expect(
          row.monthCap == DrawParameters.none || row.load + loads[id, default: 0] <= row.monthCap)
      }
      let hasTag = pool.rows.contains { team.members.contains($0.id) && $0.tags.contains("Q03") }
      let isWhole =
        team.members.count >= Int(rules.teamSize)
        && (rules.requiredTags.isEmpty || hasTag)
      #expect((team.state == .filled) == isWhole)
    }
  }

  @Test func `an open team takes neighbours, and the shortage is recorded`() throws {
    let own = try InspectorFrame([
      InspectorRow(id: "I1", station: "", certificateValidTo: 20_261_231)
    ])
    let neighbours = try InspectorFrame(
      (1...3).map { InspectorRow(id: "N\($0)", station: "", certificateValidTo: 20_261_231) })
    let rules = try MatchingRules(
      firstDay: 20_260_601, lastDay: 20_260_630, avoidanceHash: Avoidance.hash([]))
    let match = InspectorMatch(
      objects: ["O1", "O2"], pool: own, poolHash: .zero, rules: rules, avoidance: [],
      seed: .zero, neighbours: neighbours)
    for team in match.teams {
      #expect(team.state == .filled)
      #expect(team.members == ["I1"] && team.neighbours.count == 1 && team.eligible == 1)
      #expect(team.leader == "I1" && team.isLeaderUntagged)
    }
    #expect(Set(match.teams.flatMap(\.neighbours)).count == 2)
    #expect(throws: DrawError.teamSize(1)) {
      try MatchingRules(
        teamSize: 1, firstDay: 20_260_601, lastDay: 20_260_630, avoidanceHash: .zero)
    }
  }

  @Test func `one who is kept out by the cap alone is swapped in`() throws {
    // I1 (LEAD) has room for one visit; both visits need LEAD, I2 (LEAD) may not visit the second.
    let row = { (id: String, cap: UInt32, tags: [String]) in
      InspectorRow(
        id: id, station: "", certificateValidTo: 20_261_231, monthCap: cap, tags: tags)
    }
    let pool = try InspectorFrame([
      row("I1", 1, ["LEAD"]), row("I2", DrawParameters.none, ["LEAD"]),
      row("I3", DrawParameters.none, []),
    ])
    for number in 0..<64 {
      let avoidance = [Avoidance(kind: .conflict, object: "O2", other: "I2")]
      let rules = try MatchingRules(
        firstDay: 20_260_601, lastDay: 20_260_630, requiredTags: ["LEAD"],
        avoidanceHash: Avoidance.hash(avoidance))
      let seed = try #require(DrawHash([UInt8](repeating: UInt8(number), count: 32)))
      let match = InspectorMatch(
        objects: ["O1", "O2"], pool: pool, poolHash: .zero, rules: rules, avoidance: avoidance,
        seed: seed)
      #expect(match.teams.allSatisfy { $0.state == .filled }, "seed \(number)")
    }
  }

  @Test func `a filter has one canonical text and says where it breaks`() throws {
    let text = "industry  begins 'F52' and (size in ('SMALL','MICRO','SMALL') or not tag='X')"
    let filter = try FilterExpression(parsing: text)
    #expect(
      filter.canonical
        == "industry begins 'F52' and (size in ('MICRO', 'SMALL') or not tag = 'X')")
    #expect(try FilterExpression(parsing: filter.canonical) == filter)
    #expect(filter.matches { $0 == .industry ? ["F5211"] : $0 == .tag ? ["Y"] : [] })
    #expect(!filter.matches { $0 == .industry ? ["F5211"] : $0 == .tag ? ["X"] : [] })
    #expect(throws: FilterError.unknownField("uscc", position: 1)) {
      try FilterExpression(parsing: "uscc = '91530102MA00000007'")
    }
    #expect(throws: FilterError.relation(.size, "<", position: 6)) {
      try FilterExpression(parsing: "size < 'X'")
    }
    #expect(throws: FilterError.date("2026-13-01", position: 11)) {
      try FilterExpression(parsing: "checked < '2026-13-01'")
    }
    let deep = String(repeating: "(", count: 40) + "size = 'X'" + String(repeating: ")", count: 40)
    #expect(throws: FilterError.depth(position: 33)) { try FilterExpression(parsing: deep) }
    #expect(throws: FilterError.end) { try FilterExpression(parsing: "size =") }
  }

  @Test func `generated texts never trap the filter, and what parses is stable`() {
    var random = SeededGenerator(seed: 7)
    let words = [
      "size", "tag", "checked", "and", "or", "not", "(", ")", ",", "=", "in", "begins", "absent",
      "'A'", "'2026-01-01'", "<", "'", "é",
    ]
    for _ in 0..<5_000 {
      let text = (0..<random.below(9)).map { _ in random.pick(words) }.joined(separator: " ")
      guard let filter = try? FilterExpression(parsing: text) else { continue }
      #expect((try? FilterExpression(parsing: filter.canonical)) == filter, "\(text)")
    }
  }

  @Test func `marks, frequency and filter set the status, and nobody is left out`() throws {
    let filter = try FilterExpression(parsing: "credit = 'B'")
    let rule = FrameRule(filter: filter, visitsPerYear: 2, coverageYear: 2026)
    func status(_ marks: Set<FrameStatus>, _ visits: UInt32, _ credit: String) -> FrameStatus {
      rule.row(
        of: RosterObject(
          key: "K", creditClass: credit, exclusions: marks, visitsThisYear: visits,
          fields: [.credit: [credit]])
      ).status
    }
    #expect(status([.openCase, .moved], 9, "A") == .moved)
    #expect(status([], 2, "A") == .frequency)
    #expect(status([], 1, "A") == .outsideFilter)
    #expect(status([], 1, "B") == .eligible)
    let seen = [nil, 2025, 2023, 2019, 2026].map { year in
      rule.row(of: RosterObject(key: "K", creditClass: "B", lastCheckedYear: year)).weight
    }
    #expect(seen == [5, 1, 3, 5, 1])
  }

  @Test func `a draw without the barrier is refused and names the node`() throws {
    let cut = try DrawFixture.cut()
    try cut.requireCovering(try FrameCut([.init(node: "530000-1", counter: 40)]))
    #expect(throws: DrawError.belowBarrier(node: "530000-1", has: 40, needs: 41)) {
      try cut.requireCovering(try FrameCut([.init(node: "530000-1", counter: 41)]))
    }
  }

  @Test func `regional counts have the total as their sum`() {
    var random = SeededGenerator(seed: 3)
    for _ in 0..<500 {
      let regions = (0..<random.below(16) + 1).map { _ in
        (weight: UInt16(random.below(500)), rows: UInt32(random.below(320_000)))
      }
      let total = UInt32(random.below(100_000))
      let counts = FrameRule.regionalCounts(total: total, regions: regions)
      let hasAny = regions.contains { $0.weight > 0 && $0.rows > 0 }
      #expect(counts.reduce(0, +) == (hasAny ? total : 0))
    }
    #expect(
      FrameRule.regionalCounts(total: 10, regions: [(1, 10), (1, 10), (1, 10)]) == [4, 3, 3])
  }

  @Test func `a lottery value has one form and belongs to its issue`() {
    let good = "双色球2026045:01,07,12,20,28,33+16"
    #expect(PublicSource.lottery.accepts(Array(good.utf8), reference: "2026045"))
    for bad in [
      "双色球2026044:01,07,12,20,28,33+16", "双色球2026045:07,01,12,20,28,33+16",
      "双色球2026045:01,07,12,20,28,34+16", "双色球2026045:01,07,12,20,28,33+17", "",
    ] {
      #expect(!PublicSource.lottery.accepts(Array(bad.utf8), reference: "2026045"), "\(bad)")
    }
  }
}
