/// The steps about the seed and what came of it.
extension DrawVerifier {
  func checkSeed(_ subject: Subject) throws(DrawFault) -> DrawGap? {
    guard let reveal = subject.draw.reveal else { return .notRevealed }
    let commit = subject.draw.commit
    try requireAnchored(reveal.county, commit.valueIndex, record.countyAnchor, .county)
    guard commit.source.accepts(reveal.publicValue.bytes, reference: commit.reference) else {
      throw .publicValue
    }
    let seed = DrawSeed(
      county: reveal.county, hub: subject.draw.acknowledgement?.value, source: commit.source,
      publicValue: reveal.publicValue.bytes)
    let grade = seed.grade(isLodged: commit.lodgedWith != nil)
    guard reveal.grade == grade else { throw .grade(stated: reveal.grade, computed: grade) }
    try requireEqual(reveal.seed, seed.value(commit: commit.hash))
    return nil
  }

  func checkQuotas(_ subject: Subject) throws(DrawFault) -> DrawGap? {
    if subject.isSecret { return .notRevealed }
    let (strata, parameters) = (subject.draw.strata, subject.draw.parameters)
    if subject.isOfInspectors, strata.isEmpty, parameters.strata.isEmpty { return .notPart }
    guard strata.map(\.stratum) == parameters.strata.map(\.stratum) else {
      throw .quota(stratum: strata.first?.stratum ?? "", stated: 0, computed: 0)
    }
    guard let counts = subject.frame?.counts else { return .afterFailure }
    for stratum in strata {
      let counted = counts.first { $0.stratum == stratum.stratum }?.eligible ?? 0
      guard counted == stratum.eligible else {
        throw .countsDiffer(stratum: stratum.stratum)
      }
    }
    let eligible = strata.map { UInt64($0.eligible) }
    var quotas = eligible
    if parameters.mode == .sample {
      do throws(DrawError) {
        quotas = try ObjectDraw.quotas(parameters, eligible: eligible)
      } catch {
        throw .rule(error)
      }
    }
    for (stratum, quota) in zip(strata, quotas)
    where UInt64(stratum.count) != quota || stratum.selected.count != Int(stratum.count) {
      throw .quota(stratum: stratum.stratum, stated: stratum.count, computed: quota)
    }
    return nil
  }

  /// Order, thresholds and reserves.
  func checkRanking(_ subject: Subject) throws(DrawFault) -> DrawGap? {
    guard let redone = subject.redone else { return subject.gap }
    for (stated, computed) in zip(subject.draw.strata, redone.strata) {
      guard stated.threshold == computed.threshold, stated.certain == computed.certain else {
        throw .threshold(stratum: stated.stratum)
      }
      guard stated.reserves == computed.reserves else { throw .reserves(stratum: stated.stratum) }
    }
    return nil
  }

  func checkSelection(_ subject: Subject) throws(DrawFault) -> DrawGap? {
    guard let redone = subject.redone else { return subject.gap }
    for (stated, computed) in zip(subject.draw.strata, redone.strata) {
      for rank in 0..<max(stated.selected.count, computed.selected.count) {
        let claimed = rank < stated.selected.count ? stated.selected[rank] : nil
        let found = rank < computed.selected.count ? computed.selected[rank] : nil
        if claimed != found {
          throw .order(
            stratum: stated.stratum, rank: rank + 1, stated: claimed, computed: found)
        }
      }
    }
    return nil
  }

  func checkBatches(_ subject: Subject) throws(DrawFault) -> DrawGap? {
    if subject.isSecret, subject.draw.batches.isEmpty { return .notRevealed }
    guard subject.draw.parameters.batchCount != nil else {
      if !subject.draw.batches.isEmpty { throw .batch(1) }
      return .notPart
    }
    guard let redone = subject.redone else { return subject.gap }
    let stated = subject.draw.batches
    for index in 0..<max(stated.count, redone.batches.count)
    where index >= stated.count || index >= redone.batches.count
      || stated[index] != redone.batches[index]
    {
      throw .batch(index + 1)
    }
    return nil
  }

  func checkResult(_ subject: Subject) throws(DrawFault) -> DrawGap? {
    guard let reveal = subject.draw.reveal else { return .notRevealed }
    guard let entry = entry(of: subject.draw) else { return .afterFailure }
    try requireEqual(
      subject.draw.result,
      ObjectDraw.resultHash(
        frame: entry.frame, parameters: entry.parameters, seed: reveal.seed,
        strata: subject.draw.strata.map { ($0.stratum, $0.selected) }))
    return nil
  }

  /// What the units got is what was drawn of their rows; what was visited here is what the initiator handed over.
  func checkShares(_ subject: Subject) throws(DrawFault) -> DrawGap? {
    let (draw, bound) = (subject.draw, subject.draw.parameters.matching?.objectResult)
    if draw.share != nil || bound != nil || subject.isOfInspectors { return try checkShare(draw) }
    guard draw.parameters.units != nil else {
      if let share = draw.shares?.first { throw .share(unit: share.unit) }
      return .notPart
    }
    guard draw.reveal != nil else { return .notRevealed }
    if draw.void != nil, draw.shares == nil { return .notPart }
    let shares = draw.shares ?? []
    let units = subject.frame?.units ?? []
    var keys: [String: [String]] = [:]
    for unit in units {
      keys[unit.unit] = unit.keys ?? shares.first { $0.unit == unit.unit }?.objects ?? []
    }
    var owed = draw.shares(of: keys, initiator: record.unit)
    for index in owed.indices {
      let stated = shares.first { $0.unit == owed[index].unit }
      owed[index].signature = stated?.signature ?? owed[index].signature
      guard stated == owed[index] else { throw .share(unit: owed[index].unit) }
      try requireSignature(owed[index].signature, owed[index].bytes, by: .county)
    }
    guard shares.count == owed.count, owed.flatMap(\.objects).count == draw.objects.count else {
      throw .share(unit: record.unit)
    }
    return units.contains { $0.keys == nil } ? .rowsNotPublished : nil
  }

  private func checkShare(_ draw: DrawRecord.Draw) throws(DrawFault) -> DrawGap? {
    guard let share = draw.share, share.unit == record.unit, share.task == draw.parameters.task,
      draw.parameters.matching?.objectResult == share.hash,
      Set(share.objects).count == share.objects.count
    else { throw .share(unit: record.unit) }
    try requireSignature(share.signature, share.bytes, by: .initiator, named: share.initiator)
    return nil
  }

  func checkMatching(_ subject: Subject) throws(DrawFault) -> DrawGap? {
    guard let matching = subject.draw.matching else {
      // Whoever committed a pool shows whom it gave, once the values are revealed.
      guard entry(of: subject.draw)?.inspectorFrame != nil || subject.isOfInspectors else {
        return .notPart
      }
      guard subject.draw.reveal != nil else { return .notRevealed }
      throw .format("the committed pool has no matching")
    }
    guard let rules = subject.draw.parameters.matching, let entry = entry(of: subject.draw) else {
      throw .notCommitted(matching.frame)
    }
    let pool = subject.isOfInspectors ? entry.frame : entry.inspectorFrame
    guard pool == matching.frame else { throw .notCommitted(matching.frame) }
    try requireEqual(rules.avoidanceHash, Avoidance.hash(matching.avoidance))
    guard let reveal = subject.draw.reveal else { return .notRevealed }
    guard let pool = try inspectors(matching.frame) else { return .rowsNotPublished }
    var neighbours: InspectorFrame?
    if let hash = rules.neighbourFrame {
      guard let found = try inspectors(hash) else { return .rowsNotPublished }
      neighbours = found
    }
    let match = InspectorMatch(
      objects: subject.draw.share?.objects ?? subject.draw.strata.flatMap(\.selected), pool: pool,
      poolHash: matching.frame,
      rules: rules, avoidance: matching.avoidance, seed: reveal.seed, neighbours: neighbours)
    let again = DrawRecord.Matching(
      frame: matching.frame, avoidance: matching.avoidance, match: match)
    let pools = Set((pool.rows + (neighbours?.rows ?? [])).map(\.id))
    for index in 0..<max(matching.teams.count, again.teams.count) {
      guard index < matching.teams.count, index < again.teams.count else {
        throw .team(object: matching.teams.last?.object ?? "")
      }
      try check(matching.teams[index], against: again.teams[index], pools: pools, rules: rules)
    }
    try requireEqual(matching.result, match.resultHash)
    return nil
  }

  private func check(
    _ team: DrawRecord.Matching.Team, against drawn: DrawRecord.Matching.Team, pools: Set<String>,
    rules: MatchingRules
  ) throws(DrawFault) {
    var plain = team
    (plain.appointed, plain.reason, plain.approver, plain.experts) = ([], nil, nil, [])
    guard plain == drawn else { throw .team(object: team.object) }
    if let expert = team.experts.first(where: { pools.contains($0) }) { throw .expert(expert) }
    guard !team.appointed.isEmpty else { return }
    // Direct appointment only for what chance left open, and with its reason.
    let isReasoned = team.reason?.isEmpty == false && team.approver?.isEmpty == false
    let chosen = Set(team.members + team.neighbours)
    guard drawn.state != .filled, isReasoned, chosen.isDisjoint(with: team.appointed) else {
      throw .appointment(object: team.object)
    }
  }

  func inspectors(_ hash: DrawHash) throws(DrawFault) -> InspectorFrame? {
    guard let published = publishedFrame(hash) else { throw .notCommitted(hash) }
    try requireEqual(published.hash, published.header.hash)
    guard let rows = published.inspectors else { return nil }
    let frame: InspectorFrame
    do throws(DrawError) {
      frame = try InspectorFrame(rows)
    } catch {
      throw .rows(error)
    }
    guard frame.tree.root == published.header.root else {
      throw .rootDiffers(stated: published.header.root, computed: frame.tree.root)
    }
    guard published.header.rowCount == UInt64(rows.count), published.header.kind == .inspectors
    else { throw .rowCount(stated: published.header.rowCount, found: UInt64(rows.count)) }
    return frame
  }
}
