/// The steps about what was fixed before the seed.
extension DrawVerifier {
  func checkItems(_ subject: Subject) throws(DrawFault) -> DrawGap? {
    let list: DrawItemList
    do throws(DrawError) {
      list = try DrawItemList(version: record.itemListVersion, items: record.items)
    } catch {
      throw .rows(error)
    }
    guard let stated = subject.draw.parameters.itemListHash else { return .notPart }
    try requireEqual(stated, list.hash)
    if let header = subject.frame?.header, header.itemListVersion != list.version {
      throw .format("item list \(header.itemListVersion)")
    }
    for code in subject.draw.parameters.items ?? []
    where !list.items.contains(where: { $0.code == code }) {
      throw .unknownItem(code)
    }
    return nil
  }

  func checkFrame(_ subject: Subject) throws(DrawFault) -> DrawGap? {
    guard let entry = entry(of: subject.draw) else {
      throw .notCommitted(subject.draw.parameters.hash)
    }
    guard let frame = subject.frame else { throw .notCommitted(entry.frame) }
    try requireEqual(frame.hash, frame.header.hash)
    guard frame.header.unit == record.unit else { throw .format("unit \(frame.header.unit)") }
    guard subject.draw.parameters.mode.draws(frame.header.kind) else {
      throw .format(
        "mode \(subject.draw.parameters.mode.rawValue) of \(frame.header.kind.rawValue)")
    }
    if subject.isOfInspectors {
      return try inspectors(entry.frame) == nil ? .rowsNotPublished : nil
    }
    try checkUnits(subject)
    guard let rows = frame.rows else { return .rowsNotPublished }
    let rebuilt: Frame
    do throws(DrawError) {
      rebuilt = try Frame(rows)
    } catch {
      throw .rows(error)
    }
    guard frame.header.rowCount == UInt64(rows.count) else {
      throw .rowCount(stated: frame.header.rowCount, found: UInt64(rows.count))
    }
    guard rebuilt.tree.root == frame.header.root else {
      throw .rootDiffers(stated: frame.header.root, computed: rebuilt.tree.root)
    }
    try checkUnitRows(frame, rebuilt)
    return nil
  }

  /// A frame over several units is of those that the parameters name, and of nobody else.
  private func checkUnits(_ subject: Subject) throws(DrawFault) {
    let committed = subject.draw.parameters.units
    guard let frame = subject.frame, committed == frame.units?.map(\.roster) else {
      throw .unitRows(unit: committed?.first?.unit ?? record.unit)
    }
    guard let committed else { return }
    let total = committed.reduce(UInt64(0)) { $0 + UInt64($1.rowCount) }
    guard total == frame.header.rowCount else {
      throw .rowCount(stated: frame.header.rowCount, found: total)
    }
  }

  /// Each row is one unit's; what a unit's roster has besides stands with another.
  private func checkUnitRows(
    _ frame: DrawRecord.PublishedFrame, _ rows: Frame
  ) throws(DrawFault) {
    var owners: [String: String] = [:]
    for unit in frame.units ?? [] {
      guard let keys = unit.keys, keys.count == Int(unit.rowCount) else {
        throw .unitRows(unit: unit.unit)
      }
      for key in keys where owners.updateValue(unit.unit, forKey: key) != nil {
        throw .unitRows(unit: unit.unit)
      }
      var own: [FrameRow] = []
      for key in keys {
        guard let place = rows.index(of: key) else { throw .unitRows(unit: unit.unit) }
        own.append(rows.rows[place])
      }
      // Rows of a frame, each once: what this throws for is none.
      guard let made = try? Frame(own), made.tree.root == unit.root else {
        throw .unitRows(unit: unit.unit)
      }
    }
    for unit in frame.units ?? [] {
      for key in unit.leftOut ?? [] where owners[key] == nil || owners[key] == unit.unit {
        throw .removedUnexplained(key: key)
      }
    }
  }

  func checkCounts(_ subject: Subject) throws(DrawFault) -> DrawGap? {
    if subject.isOfInspectors { return .notPart }
    guard let stated = subject.frame?.counts else { throw .format("the frame has no counts") }
    let total = stated.reduce(UInt64(0)) { $0 + UInt64($1.rows) }
    if let count = subject.frame?.header.rowCount, count != total {
      throw .rowCount(stated: count, found: total)
    }
    guard let rows = subject.frame?.rows else { return .rowsNotPublished }
    let counts = StratumCount.counts(of: rows)
    for index in 0..<max(counts.count, stated.count) {
      let found = index < counts.count ? counts[index] : nil
      let claimed = index < stated.count ? stated[index] : nil
      if found != claimed {
        throw .countsDiffer(stratum: claimed?.stratum ?? found?.stratum ?? "")
      }
    }
    return nil
  }

  /// Nobody left the roster unseen since the frame before; the hub's replica gives the same frame.
  func checkRoster(_ subject: Subject) throws(DrawFault) -> DrawGap? {
    guard let frame = subject.frame else { return .afterFailure }
    if let witness = frame.witness {
      let statement = DrawStatement.witness(
        frame: frame.hash, rowCount: witness.rowCount, root: witness.root)
      try requireSignature(witness.signature, statement, by: .hub)
      guard witness.root == frame.header.root, witness.rowCount == frame.header.rowCount else {
        throw .witnessDiffers(witness.root)
      }
    }
    guard let previous = frame.previous else { return frame.witness == nil ? .noWitness : nil }
    guard let before = publishedFrame(previous)?.rows else {
      return frame.witness == nil ? .previousFrameMissing : nil
    }
    guard let rows = frame.rows else { return .rowsNotPublished }
    let (keys, keysBefore) = (Set(rows.map(\.key)), Set(before.map(\.key)))
    let removals = frame.removed ?? []
    let explained = Set(removals.filter { !$0.reason.isEmpty && !$0.author.isEmpty }.map(\.key))
    for row in before where !keys.contains(row.key) && !explained.contains(row.key) {
      throw .removedUnexplained(key: row.key)
    }
    for removal in removals where keys.contains(removal.key) || !keysBefore.contains(removal.key) {
      throw .removalUnfounded(key: removal.key)
    }
    return nil
  }

  func checkParameters(_ subject: Subject) throws(DrawFault) -> DrawGap? {
    guard let entry = entry(of: subject.draw) else {
      throw .notCommitted(subject.draw.parameters.hash)
    }
    try requireEqual(entry.parameters, subject.draw.parameters.hash)
    return nil
  }

  func checkCaps(_ subject: Subject) throws(DrawFault) -> DrawGap? {
    guard subject.isOfObjects else { return .notPart }
    guard let counts = subject.frame?.counts else { return .afterFailure }
    do throws(DrawError) {
      let list = try DrawItemList(version: record.itemListVersion, items: record.items)
      try subject.draw.parameters.check(against: list, counts: counts)
    } catch {
      throw .rule(error)
    }
    return nil
  }

  func checkCommit(_ subject: Subject) throws(DrawFault) -> DrawGap? {
    let commit = subject.draw.commit
    guard let value = commit.value else { throw .format("commit") }
    guard value.isSession == commit.session else { throw .format("session") }
    try requireEqual(commit.hash, value.hash)
    try requireEqual(
      commit.countyAnchor, CommittedValues.anchor(of: record.countyAnchor.leaves))
    try requireEqual(
      commit.hubAnchor, record.hubAnchor.map { CommittedValues.anchor(of: $0.leaves) } ?? .zero)
    return nil
  }

  func checkSignatures(_ subject: Subject) throws(DrawFault) -> DrawGap? {
    let commit = subject.draw.commit
    guard commit.reference.utf8.count <= DrawLimits.textBytes else { throw .publicValue }
    let bytes = DrawCommit.signedBytes(
      commit: commit.hash, source: commit.source, reference: commit.reference)
    try requireSignature(commit.operatorSignature, bytes, by: .operator)
    try requireSignature(commit.supervisorSignature, bytes, by: .supervisor)
    // Two persons, not one with two names.
    if record.key(.operator) == record.key(.supervisor) { throw .sameSigner }
    return nil
  }

  func checkAcknowledgement(_ subject: Subject) throws(DrawFault) -> DrawGap? {
    let commit = subject.draw.commit
    guard let acknowledgement = subject.draw.acknowledgement else {
      let grade = subject.draw.reveal?.grade
      if grade == .three || grade == .two { throw .noAcknowledgement }
      return .notPart
    }
    let statement = DrawStatement.acknowledgement(
      commit: commit.hash, index: commit.valueIndex, value: acknowledgement.value,
      atMilliseconds: acknowledgement.atMilliseconds)
    try requireSignature(acknowledgement.signature, statement, by: .hub)
    try requireAnchored(acknowledgement.value, commit.valueIndex, record.hubAnchor, .hub)
    return nil
  }

  func requireAnchored(
    _ value: DrawHash, _ index: UInt32, _ anchor: DrawRecord.Anchor?, _ role: DrawRecord.Role
  ) throws(DrawFault) {
    guard let anchor, Int(index) < anchor.leaves.count,
      anchor.leaves[Int(index)] == CommittedValues.leaf(index: index, value: value)
    else { throw .notAnchored(role, index: index) }
  }
}
