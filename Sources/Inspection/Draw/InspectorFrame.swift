/// One inspector of a frozen pool. Source: Protocol/10-Draw.md §10.
package struct InspectorRow: Hashable, Sendable {
  package let id: String
  /// May be empty: no station.
  package let station: String
  package let isOnDuty: Bool
  /// yyyymmdd.
  package let certificateValidTo: UInt32
  /// Visits a month; `DrawParameters.none` for no cap.
  package let monthCap: UInt32
  /// Visits of this month before the draw.
  package let load: UInt32
  /// Ascending by bytes.
  package let tags: [String]

  package init(
    id: String, station: String, isOnDuty: Bool = true, certificateValidTo: UInt32,
    monthCap: UInt32 = DrawParameters.none, load: UInt32 = 0, tags: [String] = []
  ) {
    self.id = id
    self.station = station
    self.isOnDuty = isOnDuty
    self.certificateValidTo = certificateValidTo
    self.monthCap = monthCap
    self.load = load
    self.tags = tags.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// The canonical bytes.
  package var bytes: [UInt8] {
    var bytes = DrawBytes()
    bytes.text(id)
    bytes.text(station)
    bytes.u8(isOnDuty ? 1 : 0)
    bytes.u32(certificateValidTo)
    bytes.u32(monthCap)
    bytes.u32(load)
    bytes.raw(DrawItemList.codeBytes(tags))
    return bytes.bytes
  }
}

extension InspectorRow: Codable {
  enum CodingKeys: String, CodingKey {
    case id, station, load, tags
    case isOnDuty = "on_duty"
    case certificateValidTo = "certificate_valid_to"
    case monthCap = "month_cap"
  }
}

/// The inspectors that a match is made from, in canonical order.
package struct InspectorFrame: Sendable {
  /// Ascending strictly by the bytes of the identifier.
  package let rows: [InspectorRow]
  package let tree: MerkleTree

  /// Takes rows in any order. Throws `DrawError` for equal identifiers or texts out of range.
  package init(_ rows: [InspectorRow]) throws(DrawError) {
    guard rows.count <= DrawLimits.rowsPerFrame else { throw .rows(rows.count) }
    let sorted = rows.sorted { $0.id.utf8.lexicographicallyPrecedes($1.id.utf8) }
    for (index, row) in sorted.enumerated() {
      for text in [row.id] + row.tags { try DrawText.check(text) }
      if !row.station.isEmpty { try DrawText.check(row.station) }
      guard row.tags.count <= 0xFFFF else { throw .rows(row.tags.count) }
      if index > 0, sorted[index - 1].id == row.id { throw .duplicateKey(row.id) }
    }
    self.rows = sorted
    tree = MerkleTree(leaves: sorted.map { MerkleTree.leaf($0.bytes) })
  }

  /// The header that binds these rows to a cut.
  package func header(
    unit: String, itemListVersion: UInt64, frozenAtMilliseconds: UInt64, cut: FrameCut
  ) -> FrameHeader {
    FrameHeader(
      unit: unit, kind: .inspectors, itemListVersion: itemListVersion,
      frozenAtMilliseconds: frozenAtMilliseconds, cut: cut, rowCount: UInt64(rows.count),
      root: tree.root)
  }
}

/// Who may not visit whom, and where objects stand; bound by the parameters.
package struct Avoidance: Hashable, Sendable, Codable {
  /// Why an entry stands.
  package enum Kind: UInt8, Hashable, Sendable, Codable {
    /// Conflict of interest (回避): `other` is an inspector.
    case conflict = 0
    /// Was on the object's last team: `other` is an inspector.
    case lastTeam = 1
    /// The object's own station: `other` is a station.
    case station = 2
  }

  package let kind: Kind
  package let object: String
  package let other: String

  package init(kind: Kind, object: String, other: String) {
    self.kind = kind
    self.object = object
    self.other = other
  }

  /// The hash of a list, in canonical order without repetitions: kind, object, other by bytes.
  package static func hash(_ list: [Avoidance]) -> DrawHash {
    let sorted = canonical(list)
    var bytes = DrawBytes(tag: "YDR1/avoid")
    bytes.u32(UInt32(sorted.count))
    for entry in sorted {
      bytes.u8(entry.kind.rawValue)
      bytes.text(entry.object)
      bytes.text(entry.other)
    }
    return bytes.hash
  }

  private static func canonical(_ list: [Avoidance]) -> [Avoidance] {
    Set(list).sorted {
      if $0.kind != $1.kind { return $0.kind.rawValue < $1.kind.rawValue }
      if $0.object != $1.object { return $0.object.utf8.lexicographicallyPrecedes($1.object.utf8) }
      return $0.other.utf8.lexicographicallyPrecedes($1.other.utf8)
    }
  }

  /// Whether a conflict stands when marks were added and lifted at the same time: an addition that a lift
  /// had not seen always wins (C-14). Each is named by the addition it is or has seen.
  package static func stands<Mark: Hashable>(added: Set<Mark>, lifted: Set<Mark>) -> Bool {
    !added.subtracting(lifted).isEmpty
  }
}

/// How teams are made. Source: Protocol/10-Draw.md §4 (field 6), §10.
package struct MatchingRules: Hashable, Sendable {
  /// Enforcement inspectors per visit, at least 2.
  package let teamSize: UInt8
  /// yyyymmdd, first and last day of the visits.
  package let firstDay: UInt32
  package let lastDay: UInt32
  /// Nobody of the object's last team.
  package let avoidsLastTeam: Bool
  /// At most one from the object's own station.
  package let limitsOwnStation: Bool
  /// Tags that a team has between its members, ascending by bytes.
  package let requiredTags: [String]
  package let avoidanceHash: DrawHash
  /// The pool of a neighbour, bound before the seed exists.
  package let neighbourFrame: DrawHash?
  /// The share that the visits come from, when inspectors are drawn by a commit of their own.
  package let objectResult: DrawHash?

  /// Throws `DrawError` for a team below 2 or above `DrawLimits.teamSize`.
  package init(
    teamSize: Int = 2, firstDay: UInt32, lastDay: UInt32, avoidsLastTeam: Bool = false,
    limitsOwnStation: Bool = false, requiredTags: [String] = [], avoidanceHash: DrawHash,
    neighbourFrame: DrawHash? = nil, objectResult: DrawHash? = nil
  ) throws(DrawError) {
    guard (2...DrawLimits.teamSize).contains(teamSize), requiredTags.count <= DrawLimits.teamSize
    else { throw .teamSize(teamSize) }
    for tag in requiredTags { try DrawText.check(tag) }
    self.teamSize = UInt8(teamSize)
    self.firstDay = firstDay
    self.lastDay = lastDay
    self.avoidsLastTeam = avoidsLastTeam
    self.limitsOwnStation = limitsOwnStation
    self.requiredTags = Set(requiredTags).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    self.avoidanceHash = avoidanceHash
    self.neighbourFrame = neighbourFrame
    self.objectResult = objectResult
  }

  var bytes: [UInt8] {
    var bytes = DrawBytes()
    bytes.u8(teamSize)
    bytes.u32(firstDay)
    bytes.u32(lastDay)
    bytes.u8((avoidsLastTeam ? 1 : 0) | (limitsOwnStation ? 2 : 0))
    bytes.raw(DrawItemList.codeBytes(requiredTags))
    bytes.hash(avoidanceHash)
    bytes.hash(neighbourFrame ?? .zero)
    bytes.hash(objectResult ?? .zero)
    return bytes.bytes
  }
}
