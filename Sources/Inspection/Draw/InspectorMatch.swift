/// Matching inspectors to visits: random, balanced, qualified, without conflicts of interest.
/// Source: Protocol/10-Draw.md §10.
package struct InspectorMatch: Sendable {
  /// How a team came out.
  package enum State: UInt8, Hashable, Sendable, Codable {
    case filled = 0
    /// Fewer members than the team size: 人员不足.
    case underStaffed = 1
    /// Enough members, but a required tag is missing.
    case underQualified = 2
  }

  /// The team of one visit.
  package struct Team: Hashable, Sendable {
    package let object: String
    package let state: State
    /// Inspectors that could have been drawn, tags not considered: the recorded shortage.
    package let eligible: UInt32
    /// In the order they were chosen.
    package let members: [String]
    /// Members that the neighbour's pool added.
    package let neighbours: [String]
    /// The first with tag LEAD, else the first member.
    package let leader: String?
    /// Whether nobody of the team may lead by tag.
    package let isLeaderUntagged: Bool
  }

  /// In visit order.
  package let teams: [Team]
  /// The hash of the result over the own pool.
  package let resultHash: DrawHash

  /// Matches. `objects` are the visits of a task; the rules name tags, days and optional avoidances. A
  /// neighbour's pool is asked only for what the own pool left open. Cost: visits times inspectors.
  package init(
    objects: [String], pool: InspectorFrame, poolHash: DrawHash, rules: MatchingRules,
    avoidance: [Avoidance], seed: DrawHash, neighbours: InspectorFrame? = nil
  ) {
    let visits = Set(objects).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    var own = MatchBoard(pool: pool, rules: rules, avoidance: avoidance, seed: seed)
    let order = own.order(visits)
    for visit in order { own.fill(visit.object) }
    let drawn = order.map { visit in
      (object: visit.object, eligible: visit.eligible, team: own.team(of: visit.object))
    }
    var bytes = DrawBytes(tag: "YDR1/insres")
    bytes.hash(poolHash)
    bytes.hash(seed)
    bytes.u32(UInt32(drawn.count))
    for visit in drawn {
      bytes.text(visit.object)
      bytes.u8(own.state(of: visit.team).rawValue)
      bytes.u32(visit.eligible)
      bytes.raw(DrawItemList.codeBytes(visit.team.map { pool.rows[$0].id }))
    }
    resultHash = bytes.hash
    var board = neighbours.map {
      MatchBoard(pool: $0, rules: rules, avoidance: avoidance, seed: seed)
    }
    teams = drawn.map { visit in
      let members = visit.team.map { pool.rows[$0] }
      let isOpen = own.state(of: visit.team) != .filled
      let added = isOpen ? board?.complete(visit.object, with: members) ?? [] : []
      return Team(
        object: visit.object, eligible: visit.eligible, members: members, added: added, rules)
    }
  }
}

extension InspectorMatch.Team {
  fileprivate init(
    object: String, eligible: UInt32, members: [InspectorRow], added: [InspectorRow],
    _ rules: MatchingRules
  ) {
    let all = members + added
    let tagged = all.first { $0.tags.contains("LEAD") }
    self.object = object
    self.eligible = eligible
    state = MatchBoard.state(of: all, rules)
    self.members = members.map(\.id)
    neighbours = added.map(\.id)
    leader = (tagged ?? all.first)?.id
    isLeaderUntagged = tagged == nil
  }
}

/// The pool while teams are made: loads, and teams so far as indices of the pool's rows.
private struct MatchBoard {
  private let rows: [InspectorRow]
  private let rules: MatchingRules
  private let keyed: KeyedDigest
  /// On duty and certified through the last day: what no object changes.
  private let isReady: [Bool]
  private var loads: [UInt64]
  private var conflicts: [String: Set<String>] = [:]
  private var stations: [String: String] = [:]
  private var teams: [String: [Int]] = [:]
  private var filledOrder: [String] = []

  init(pool: InspectorFrame, rules: MatchingRules, avoidance: [Avoidance], seed: DrawHash) {
    rows = pool.rows
    self.rules = rules
    keyed = KeyedDigest(key: seed)
    loads = pool.rows.map { UInt64($0.load) }
    isReady = pool.rows.map { $0.isOnDuty && $0.certificateValidTo >= rules.lastDay }
    for entry in avoidance {
      switch entry.kind {
      case .conflict: conflicts[entry.object, default: []].insert(entry.other)
      case .lastTeam where rules.avoidsLastTeam:
        conflicts[entry.object, default: []].insert(entry.other)
      case .station where rules.limitsOwnStation: stations[entry.object] = entry.other
      default: break
      }
    }
  }

  func team(of object: String) -> [Int] { teams[object, default: []] }

  func state(of team: [Int]) -> InspectorMatch.State {
    MatchBoard.state(of: team.map { rows[$0] }, rules)
  }

  static func state(of team: [InspectorRow], _ rules: MatchingRules) -> InspectorMatch.State {
    if team.count < Int(rules.teamSize) { return .underStaffed }
    let isQualified = rules.requiredTags.allSatisfy { tag in
      team.contains { $0.tags.contains(tag) }
    }
    return isQualified ? .filled : .underQualified
  }

  /// Visits with the fewest eligible inspectors first, chance among equals.
  func order(_ objects: [String]) -> [(object: String, eligible: UInt32)] {
    let free = rows.indices.filter { isReady[$0] && hasRoom($0) }
    return objects.map { object in
      var bytes = DrawBytes(tag: "YDR1/vis")
      bytes.text(object)
      let avoided = conflicts[object] ?? []
      let eligible =
        avoided.isEmpty ? free.count : free.count { !avoided.contains(rows[$0].id) }
      return (object: object, eligible: UInt32(eligible), digest: keyed.hash(bytes.bytes))
    }.sorted { ($0.eligible, $0.digest) < ($1.eligible, $1.digest) }
      .map { (object: $0.object, eligible: $0.eligible) }
  }

  private func hasRoom(_ index: Int) -> Bool {
    let cap = rows[index].monthCap
    return cap == DrawParameters.none || loads[index] < UInt64(cap)
  }

  /// Whether one more from the object's own station would be too many.
  private func isOwnStation(_ object: String, _ row: InspectorRow) -> Bool {
    !row.station.isEmpty && stations[object] == row.station
  }

  /// Who may go to an object beside a team: all but the load, looked up once for all inspectors.
  private struct Fit {
    let avoided: Set<String>
    let members: [String]
    /// The object's own station when one more from there would be too many.
    let station: String?
  }

  private func fit(_ object: String, beside team: [InspectorRow]) -> Fit {
    let isTaken = team.contains { isOwnStation(object, $0) }
    return Fit(
      avoided: conflicts[object] ?? [], members: team.map(\.id),
      station: isTaken ? stations[object] : nil)
  }

  private func fits(_ fit: Fit, _ index: Int) -> Bool {
    guard isReady[index] else { return false }
    if fit.avoided.isEmpty, fit.members.isEmpty, fit.station == nil { return true }
    let row = rows[index]
    return !fit.avoided.contains(row.id) && !fit.members.contains(row.id)
      && (fit.station == nil || row.station != fit.station)
  }

  /// From the candidates with the smallest load the one with the smallest digest.
  private func best(_ object: String, of candidates: [Int]) -> Int? {
    guard let least = candidates.map({ loads[$0] }).min() else { return nil }
    var prefix = DrawBytes(tag: "YDR1/ins")
    prefix.text(object)
    return candidates.filter { loads[$0] == least }.map { index in
      var bytes = prefix
      bytes.text(rows[index].id)
      return (digest: keyed.hash(bytes.bytes), index: index)
    }.min { ($0.digest, $0.index) < ($1.digest, $1.index) }?.index
  }

  private func candidates(_ object: String, beside team: [InspectorRow], tag: String?) -> [Int] {
    let fit = fit(object, beside: team)
    return rows.indices.filter { index in
      hasRoom(index) && fits(fit, index)
        && (tag.map { rows[index].tags.contains($0) } ?? true)
    }
  }

  /// The tags that a team lacks, then its places up to the team size.
  private func openSlots(_ team: [InspectorRow]) -> [String?] {
    let tags = rules.requiredTags.filter { tag in !team.contains { $0.tags.contains(tag) } }
    let places = max(0, Int(rules.teamSize) - team.count)
    return tags.map { $0 } + [String?](repeating: nil, count: places)
  }

  private mutating func choose(_ object: String, beside team: inout [InspectorRow]) -> [Int] {
    var chosen: [Int] = []
    func take(_ tag: String?) -> Bool {
      guard let index = best(object, of: candidates(object, beside: team, tag: tag)) else {
        return false
      }
      chosen.append(index)
      team.append(rows[index])
      loads[index] += 1
      return true
    }
    for tag in rules.requiredTags where !team.contains(where: { $0.tags.contains(tag) }) {
      _ = take(tag)  // A tag that nobody has stays open and is recorded.
    }
    while team.count < Int(rules.teamSize), take(nil) {}
    return chosen
  }

  /// Makes the team of one visit.
  mutating func fill(_ object: String) {
    var team: [InspectorRow] = []
    teams[object] = choose(object, beside: &team)
    let open = openSlots(team)
    if open.count == 1 { swap(into: object, team, tag: open[0]) }
    if state(of: self.team(of: object)) == .filled { filledOrder.append(object) }
  }

  /// Neighbours for what is open in a team of others.
  mutating func complete(_ object: String, with team: [InspectorRow]) -> [InspectorRow] {
    var all = team
    return choose(object, beside: &all).map { rows[$0] }
  }

  /// Step 16: moves one member of a filled visit here, when only the month cap kept that one out and a
  /// substitute keeps the other team whole.
  private mutating func swap(into object: String, _ team: [InspectorRow], tag: String?) {
    let fit = fit(object, beside: team)
    for other in filledOrder {
      let members = self.team(of: other)
      for (place, member) in members.enumerated() {
        guard fits(fit, member), !hasRoom(member),
          tag.map({ rows[member].tags.contains($0) }) ?? true
        else { continue }
        var rest = members
        rest.remove(at: place)
        let restRows = rest.map { rows[$0] }
        let lost = rules.requiredTags.filter { tag in
          !restRows.contains { $0.tags.contains(tag) }
        }
        let substitutes = candidates(other, beside: restRows, tag: nil).filter { index in
          index != member && lost.allSatisfy { rows[index].tags.contains($0) }
        }
        guard let substitute = best(other, of: substitutes) else { continue }
        teams[other]?[place] = substitute
        loads[substitute] += 1
        teams[object]?.append(member)
        return
      }
    }
  }
}
