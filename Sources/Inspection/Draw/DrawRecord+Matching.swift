extension DrawRecord {
  /// Who visits whom.
  package struct Matching: Hashable, Sendable, Codable {
    /// The team of one visit.
    package struct Team: Hashable, Sendable, Codable {
      package var object: String
      package var state: InspectorMatch.State
      package var eligible: UInt32
      package var members: [String]
      package var neighbours: [String]
      package var leader: String?
      /// Appointed directly for what chance left open (直接委派), with reason and approver.
      package var appointed: [String]
      package var reason: String?
      package var approver: String?
      /// Experts go along; they are no members.
      package var experts: [String]
    }

    /// The pool's frame; `neighbour_frame` of the parameters names the other.
    package var frame: DrawHash
    package var avoidance: [Avoidance]
    /// In visit order.
    package var teams: [Team]
    package var result: DrawHash

    /// From a match.
    package init(frame: DrawHash, avoidance: [Avoidance], match: InspectorMatch) {
      self.frame = frame
      self.avoidance = avoidance
      teams = match.teams.map {
        Team(
          object: $0.object, state: $0.state, eligible: $0.eligible, members: $0.members,
          neighbours: $0.neighbours, leader: $0.leader, appointed: [], reason: nil, approver: nil,
          experts: [])
      }
      result = match.resultHash
    }
  }
}

extension DrawRecord.Stratum {
  /// From a result.
  package init(_ result: ObjectDraw.StratumResult) {
    stratum = result.stratum
    eligible = result.eligible
    count = UInt32(result.selected.count)
    certain = result.certain
    thresholdU = result.threshold.map { threshold in
      HexBytes((0..<8).map { UInt8(truncatingIfNeeded: threshold.u >> UInt64(56 - 8 * $0)) })
    }
    thresholdWeight = result.threshold?.weight
    selected = result.selected
    reserves = result.reserves
  }

  var threshold: ObjectDraw.Threshold? {
    guard let bytes = thresholdU?.bytes, bytes.count == 8, let weight = thresholdWeight else {
      return nil
    }
    return ObjectDraw.Threshold(u: bytes.reduce(0) { $0 << 8 | UInt64($1) }, weight: weight)
  }
}
