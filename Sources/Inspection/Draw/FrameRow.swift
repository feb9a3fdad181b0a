/// Whether a row of a frame may be drawn, or why not; excluded rows stay in the frame.
/// Source: Protocol/10-Draw.md §2, domain.md §2.2 (ExclusionMark).
package enum FrameStatus: UInt8, Hashable, Sendable, CaseIterable, Codable {
  case eligible = 0
  /// E_FREQ: visited as often as the year allows.
  case frequency = 1
  /// E_DEREG: no longer registered.
  case deregistered = 2
  /// E_MOVED: under another unit.
  case moved = 3
  /// E_LEGAL_BAN: a law forbids the visit.
  case legalBan = 4
  /// E_CASE_OPEN: a case is being investigated.
  case openCase = 5
  /// E_DISASTER: after a disaster.
  case disaster = 6
  /// Not in the filter of the draw.
  case outsideFilter = 7
}

/// One object of a frozen roster. Source: Protocol/10-Draw.md §2.
package struct FrameRow: Hashable, Sendable {
  /// The credit code in upper case, or `ID:` and 32 hexadecimal digits of the row's identifier.
  package let key: String
  /// A credit class letter, with the line's risk where there is one: `B`, `C2`.
  package let stratum: String
  /// 1…1,000,000; 1 is unweighted.
  package let weight: UInt32
  package let status: FrameStatus

  package init(key: String, stratum: String, weight: UInt32 = 1, status: FrameStatus = .eligible) {
    self.key = key
    self.stratum = stratum
    self.weight = weight
    self.status = status
  }

  /// The canonical bytes.
  package var bytes: [UInt8] {
    var bytes = DrawBytes()
    write(to: &bytes)
    return bytes.bytes
  }

  func write(to bytes: inout DrawBytes) {
    bytes.text(key)
    bytes.text(stratum)
    bytes.u32(weight)
    bytes.u8(status.rawValue)
  }
}

extension FrameRow: Codable {
  /// An array: key, stratum, weight, status.
  package init(from decoder: any Decoder) throws {
    var container = try decoder.unkeyedContainer()
    key = try container.decode(String.self)
    stratum = try container.decode(String.self)
    weight = try container.decode(UInt32.self)
    status = try container.decode(FrameStatus.self)
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.unkeyedContainer()
    try container.encode(key)
    try container.encode(stratum)
    try container.encode(weight)
    try container.encode(status)
  }
}
