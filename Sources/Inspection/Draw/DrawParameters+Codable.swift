extension DrawParameters: Codable {
  enum CodingKeys: String, CodingKey {
    case task, sequence, mode, strata, filter, requirement, items, matching, units
    case firstDay = "first_day"
    case lastDay = "last_day"
    case totalCap = "total_cap"
    case isCoordinated = "coordinated"
    case itemListHash = "item_list_hash"
    case batchCount = "batch_count"
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    var days: ClosedRange<UInt32>?
    if let first = try values.decodeIfPresent(UInt32.self, forKey: .firstDay) {
      let last = try values.decode(UInt32.self, forKey: .lastDay)
      guard first <= last else {
        throw DecodingError.dataCorruptedError(
          forKey: .lastDay, in: values, debugDescription: "the last day is before the first")
      }
      days = first...last
    }
    try self.init(
      task: values.decode(TaskID.self, forKey: .task),
      sequence: values.decode(UInt32.self, forKey: .sequence),
      mode: values.decode(Mode.self, forKey: .mode),
      strata: values.decode([StratumRule].self, forKey: .strata),
      totalCap: values.decode(UInt32.self, forKey: .totalCap),
      isCoordinated: values.decode(Bool.self, forKey: .isCoordinated),
      filter: values.decodeIfPresent(String.self, forKey: .filter),
      itemListHash: values.decodeIfPresent(DrawHash.self, forKey: .itemListHash),
      batchCount: values.decodeIfPresent(UInt32.self, forKey: .batchCount),
      requirement: values.decodeIfPresent(String.self, forKey: .requirement),
      items: values.decodeIfPresent([String].self, forKey: .items),
      matching: values.decodeIfPresent(MatchingRules.self, forKey: .matching),
      units: values.decodeIfPresent([UnitRoster].self, forKey: .units), days: days)
  }

  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(task, forKey: .task)
    try values.encode(sequence, forKey: .sequence)
    try values.encode(mode, forKey: .mode)
    try values.encode(strata, forKey: .strata)
    try values.encode(totalCap, forKey: .totalCap)
    try values.encode(isCoordinated, forKey: .isCoordinated)
    try values.encodeIfPresent(filter, forKey: .filter)
    try values.encodeIfPresent(itemListHash, forKey: .itemListHash)
    try values.encodeIfPresent(batchCount, forKey: .batchCount)
    try values.encodeIfPresent(requirement, forKey: .requirement)
    try values.encodeIfPresent(items, forKey: .items)
    try values.encodeIfPresent(matching, forKey: .matching)
    try values.encodeIfPresent(units, forKey: .units)
    try values.encodeIfPresent(days?.lowerBound, forKey: .firstDay)
    try values.encodeIfPresent(days?.upperBound, forKey: .lastDay)
  }
}

extension MatchingRules: Codable {
  enum CodingKeys: String, CodingKey {
    case teamSize = "team_size"
    case firstDay = "first_day"
    case lastDay = "last_day"
    case avoidsLastTeam = "avoids_last_team"
    case limitsOwnStation = "limits_own_station"
    case requiredTags = "required_tags"
    case avoidanceHash = "avoidance_hash"
    case neighbourFrame = "neighbour_frame"
    case objectResult = "object_result"
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      teamSize: values.decode(Int.self, forKey: .teamSize),
      firstDay: values.decode(UInt32.self, forKey: .firstDay),
      lastDay: values.decode(UInt32.self, forKey: .lastDay),
      avoidsLastTeam: values.decode(Bool.self, forKey: .avoidsLastTeam),
      limitsOwnStation: values.decode(Bool.self, forKey: .limitsOwnStation),
      requiredTags: values.decode([String].self, forKey: .requiredTags),
      avoidanceHash: values.decode(DrawHash.self, forKey: .avoidanceHash),
      neighbourFrame: values.decodeIfPresent(DrawHash.self, forKey: .neighbourFrame),
      objectResult: values.decodeIfPresent(DrawHash.self, forKey: .objectResult))
  }

  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(teamSize, forKey: .teamSize)
    try values.encode(firstDay, forKey: .firstDay)
    try values.encode(lastDay, forKey: .lastDay)
    try values.encode(avoidsLastTeam, forKey: .avoidsLastTeam)
    try values.encode(limitsOwnStation, forKey: .limitsOwnStation)
    try values.encode(requiredTags, forKey: .requiredTags)
    try values.encode(avoidanceHash, forKey: .avoidanceHash)
    try values.encodeIfPresent(neighbourFrame, forKey: .neighbourFrame)
    try values.encodeIfPresent(objectResult, forKey: .objectResult)
  }
}

extension FrameHeader: Codable {
  enum CodingKeys: String, CodingKey {
    case unit, kind, cut, root
    case itemListVersion = "item_list_version"
    case frozenAtMilliseconds = "frozen_at_ms"
    case rowCount = "row_count"
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    unit = try values.decode(String.self, forKey: .unit)
    kind = try values.decode(Kind.self, forKey: .kind)
    itemListVersion = try values.decode(UInt64.self, forKey: .itemListVersion)
    frozenAtMilliseconds = try values.decode(UInt64.self, forKey: .frozenAtMilliseconds)
    cut = try FrameCut(values.decode([FrameCut.Entry].self, forKey: .cut))
    rowCount = try values.decode(UInt64.self, forKey: .rowCount)
    root = try values.decode(DrawHash.self, forKey: .root)
    try DrawText.check(unit)
  }

  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(unit, forKey: .unit)
    try values.encode(kind, forKey: .kind)
    try values.encode(itemListVersion, forKey: .itemListVersion)
    try values.encode(frozenAtMilliseconds, forKey: .frozenAtMilliseconds)
    try values.encode(cut.entries, forKey: .cut)
    try values.encode(rowCount, forKey: .rowCount)
    try values.encode(root, forKey: .root)
  }
}
