extension DrawRecord.Commit {
  /// A commit with the signatures of operator and supervisor over
  /// `DrawCommit.signedBytes(commit:source:reference:)`.
  package init(
    _ commit: DrawCommit, source: PublicSource = .none, reference: String = "",
    operatorSignature: [UInt8], supervisorSignature: [UInt8], lodgedWith: String? = nil
  ) {
    node = commit.node
    session = commit.isSession
    entries = commit.entries
    valueIndex = commit.valueIndex
    countyAnchor = commit.countyAnchor
    hubAnchor = commit.hubAnchor
    hash = commit.hash
    self.source = source
    self.reference = reference
    self.operatorSignature = HexBytes(operatorSignature)
    self.supervisorSignature = HexBytes(supervisorSignature)
    self.lodgedWith = lodgedWith
  }
}

extension DrawRecord.Acknowledgement {
  /// A hub's answer, signed over `DrawStatement.acknowledgement(commit:index:value:atMilliseconds:)`.
  package init(value: DrawHash, atMilliseconds: UInt64, signature: [UInt8]) {
    self.value = value
    self.atMilliseconds = atMilliseconds
    self.signature = HexBytes(signature)
  }
}

extension DrawRecord.Void {
  /// A superior's decision, signed over `DrawStatement.void(commit:task:sequence:reason:atMilliseconds:)`.
  package init(reason: String, atMilliseconds: UInt64, signature: [UInt8]) {
    self.reason = reason
    self.atMilliseconds = atMilliseconds
    self.signature = HexBytes(signature)
  }
}

extension DrawRecord.Draw {
  /// Draws and writes down. `county` is the value of the commit's index, `inspectors` the pool and the
  /// avoidance list when inspectors are drawn from the same seed. Throws `DrawError` as `ObjectDraw` does.
  package init(
    frame: Frame, frameHash: DrawHash, parameters: DrawParameters, commit: DrawRecord.Commit,
    acknowledgement: DrawRecord.Acknowledgement?, county: DrawHash, publicValue: [UInt8] = [],
    inspectors: (pool: InspectorFrame, hash: DrawHash, avoidance: [Avoidance])? = nil,
    neighbours: InspectorFrame? = nil
  ) throws(DrawError) {
    let reveal = Self.reveal(commit, acknowledgement, county: county, publicValue: publicValue)
    let seed = reveal.seed
    let drawn = try ObjectDraw(frame: frame, parameters: parameters, seed: seed)
    self.parameters = parameters
    self.commit = commit
    self.acknowledgement = acknowledgement
    self.reveal = reveal
    strata = drawn.strata.map { DrawRecord.Stratum($0) }
    batches = drawn.batches
    result = ObjectDraw.resultHash(
      frame: frameHash, parameters: parameters.hash, seed: seed,
      strata: drawn.strata.map { ($0.stratum, $0.selected) })
    if let inspectors, let rules = parameters.matching {
      let match = InspectorMatch(
        objects: drawn.strata.flatMap(\.selected), pool: inspectors.pool,
        poolHash: inspectors.hash, rules: rules, avoidance: inspectors.avoidance, seed: seed,
        neighbours: neighbours)
      matching = DrawRecord.Matching(
        frame: inspectors.hash, avoidance: inspectors.avoidance, match: match)
    }
  }

  /// Draws inspectors alone, for the objects that another unit drew and handed over. Nothing is left to chance
  /// but the teams.
  package init(
    share: ObjectShare, parameters: DrawParameters, commit: DrawRecord.Commit,
    acknowledgement: DrawRecord.Acknowledgement?, county: DrawHash, publicValue: [UInt8] = [],
    inspectors: (pool: InspectorFrame, hash: DrawHash, avoidance: [Avoidance]),
    neighbours: InspectorFrame? = nil
  ) {
    let reveal = Self.reveal(commit, acknowledgement, county: county, publicValue: publicValue)
    (self.parameters, self.commit, self.share) = (parameters, commit, share)
    (self.acknowledgement, self.reveal) = (acknowledgement, reveal)
    (strata, batches) = ([], [])
    result = ObjectDraw.resultHash(
      frame: inspectors.hash, parameters: parameters.hash, seed: reveal.seed, strata: [])
    guard let rules = parameters.matching else { return }
    let match = InspectorMatch(
      objects: share.objects, pool: inspectors.pool, poolHash: inspectors.hash, rules: rules,
      avoidance: inspectors.avoidance, seed: reveal.seed, neighbours: neighbours)
    matching = DrawRecord.Matching(
      frame: inspectors.hash, avoidance: inspectors.avoidance, match: match)
  }

  private static func reveal(
    _ commit: DrawRecord.Commit, _ acknowledgement: DrawRecord.Acknowledgement?, county: DrawHash,
    publicValue: [UInt8]
  ) -> DrawRecord.Reveal {
    let made = DrawSeed(
      county: county, hub: acknowledgement?.value, source: commit.source, publicValue: publicValue)
    return DrawRecord.Reveal(
      county: county, publicValue: HexBytes(publicValue),
      grade: made.grade(isLodged: commit.lodgedWith != nil), seed: made.value(commit: commit.hash))
  }
}
