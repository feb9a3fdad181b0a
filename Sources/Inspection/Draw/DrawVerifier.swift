/// Checks a published record by itself: every step of every draw, with what failed.
/// Source: Protocol/10-Draw.md §12.
package struct DrawVerifier: Sendable {
  let record: DrawRecord
  private var frames: [DrawHash: DrawRecord.PublishedFrame] = [:]

  /// Checks everything. Cost: as making the draws again.
  package static func findings(of record: DrawRecord) -> [DrawFinding] {
    let verifier = DrawVerifier(record)
    var findings = [
      verifier.finding(nil, .anchors) { () throws(DrawFault) in try verifier.checkAnchors() }
    ]
    for (index, draw) in record.draws.enumerated() {
      findings += verifier.findings(of: draw, at: index)
    }
    findings.append(
      verifier.finding(nil, .chain) { () throws(DrawFault) in try verifier.checkChain() })
    return findings
  }

  private init(_ record: DrawRecord) {
    self.record = record
    for frame in record.frames { frames[frame.hash] = frame }
  }

  private func finding(
    _ draw: Int?, _ step: DrawStep, _ check: () throws(DrawFault) -> DrawGap?
  ) -> DrawFinding {
    do throws(DrawFault) {
      let gap = try check()
      return DrawFinding(draw: draw, step: step, verdict: gap.map { .unchecked($0) } ?? .passed)
    } catch {
      return DrawFinding(draw: draw, step: step, verdict: .failed(error))
    }
  }

  private func findings(of draw: DrawRecord.Draw, at index: Int) -> [DrawFinding] {
    let subject = Subject(draw: draw, frame: frame(of: draw))
    let checks: [(DrawStep, (Subject) throws(DrawFault) -> DrawGap?)] = [
      (.items, checkItems), (.frame, checkFrame), (.counts, checkCounts), (.roster, checkRoster),
      (.parameters, checkParameters), (.caps, checkCaps), (.commit, checkCommit),
      (.signatures, checkSignatures), (.acknowledgement, checkAcknowledgement),
      (.seed, checkSeed), (.quotas, checkQuotas), (.ranking, checkRanking),
      (.selection, checkSelection), (.batches, checkBatches), (.result, checkResult),
      (.shares, checkShares), (.matching, checkMatching),
    ]
    return checks.map { step, check in
      finding(index, step) { () throws(DrawFault) in try check(subject) }
    }
  }

  /// One draw with the frame that its commit names.
  struct Subject {
    let draw: DrawRecord.Draw
    let frame: DrawRecord.PublishedFrame?
    /// The rows as a frame, and the draw made again; nil where rows or seed are not published or not sound.
    let rows: Frame?
    let redone: ObjectDraw?

    init(draw: DrawRecord.Draw, frame: DrawRecord.PublishedFrame?) {
      self.draw = draw
      self.frame = frame
      // What is not sound here is named by the steps `frame` and `quotas`.
      let rows = frame?.rows.flatMap { try? Frame($0) }
      self.rows = rows
      redone = rows.flatMap { rows in
        draw.reveal.flatMap { reveal in
          // The same holds for caps that cannot be kept.
          try? ObjectDraw(frame: rows, parameters: draw.parameters, seed: reveal.seed)
        }
      }
    }

    /// Whether inspectors alone are drawn, for objects that another unit drew.
    var isOfInspectors: Bool { frame?.header.kind == .inspectors }

    /// Whether the lists are kept back until the visits end, as those over several units are.
    var isSecret: Bool {
      draw.reveal == nil && draw.strata.isEmpty && !draw.parameters.strata.isEmpty
    }

    /// Whether the rules of items (caps, batches) do not concern it.
    var isOfObjects: Bool { frame?.header.kind ?? .objects == .objects }

    var gap: DrawGap {
      if isOfInspectors { return .notPart }
      if draw.reveal == nil { return .notRevealed }
      return frame?.rows == nil ? .rowsNotPublished : .afterFailure
    }
  }

  func entry(of draw: DrawRecord.Draw) -> DrawCommit.Entry? {
    draw.commit.entries.first {
      $0.task == draw.parameters.task && $0.sequence == draw.parameters.sequence
    }
  }

  func frame(of draw: DrawRecord.Draw) -> DrawRecord.PublishedFrame? {
    entry(of: draw).flatMap { frames[$0.frame] }
  }

  func publishedFrame(_ hash: DrawHash) -> DrawRecord.PublishedFrame? { frames[hash] }

  func requireEqual(_ stated: DrawHash, _ computed: DrawHash) throws(DrawFault) {
    if stated != computed { throw .hashDiffers(stated: stated, computed: computed) }
  }

  /// `name`: of the one that signed, where a role has several.
  func requireSignature(
    _ signature: HexBytes, _ bytes: [UInt8], by role: DrawRecord.Role, named name: String? = nil
  ) throws(DrawFault) {
    guard let key = record.key(role, named: name) else { throw .missingKey(role) }
    guard DrawDigest.isSigned(bytes, signature: signature.bytes, key: key) else {
      throw .signature(role)
    }
  }

  private func checkAnchors() throws(DrawFault) -> DrawGap? {
    guard record.format == DrawRecord.formatName, record.version == 1 else {
      throw .format("\(record.format) \(record.version)")
    }
    var anchors = [(AnchorSide.county, DrawRecord.Role.county, record.countyAnchor)]
    if let hub = record.hubAnchor { anchors.append((.hub, .hub, hub)) }
    for (side, role, anchor) in anchors {
      let statement = DrawStatement.anchor(
        unit: record.unit, side: side, year: record.year, count: UInt32(anchor.leaves.count),
        root: CommittedValues.anchor(of: anchor.leaves))
      try requireSignature(anchor.signature, statement, by: role)
    }
    return nil
  }

  /// Sequences without gaps, each voided by the superior before the next; one commit per committed value.
  private func checkChain() throws(DrawFault) -> DrawGap? {
    let tasks = Set(record.draws.map(\.parameters.task)).sorted()
    for task in tasks {
      let draws = record.draws.filter { $0.parameters.task == task }
        .sorted { $0.parameters.sequence < $1.parameters.sequence }
      for (index, draw) in draws.enumerated() {
        let (found, expected) = (draw.parameters.sequence, UInt32(index + 1))
        if found < expected { throw .sequenceTwice(task: task, sequence: found) }
        if found > expected { throw .sequenceGap(task: task, missing: expected) }
        if index + 1 < draws.count, draw.void == nil {
          throw .redrawnWithoutVoid(task: task, sequence: found + 1)
        }
        guard let void = draw.void else { continue }
        let statement = DrawStatement.void(
          commit: draw.commit.hash, task: task, sequence: found, reason: void.reason,
          atMilliseconds: void.atMilliseconds)
        try requireSignature(void.signature, statement, by: .superior)
      }
    }
    return try checkValues()
  }

  private func checkValues() throws(DrawFault) -> DrawGap? {
    var commits: [UInt32: DrawHash] = [:]
    for draw in record.draws {
      let index = draw.commit.valueIndex
      if let other = commits[index], other != draw.commit.hash { throw .valueTwice(index: index) }
      commits[index] = draw.commit.hash
    }
    guard record.complete else { return nil }
    for (expected, index) in commits.keys.sorted().enumerated() where index != UInt32(expected) {
      throw .valueSkipped(index: UInt32(expected))
    }
    return nil
  }
}
