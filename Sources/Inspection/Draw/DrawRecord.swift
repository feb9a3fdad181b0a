/// What is published of the draws of one unit and year: alone enough to check each of them, as far as rows
/// are published with it. Source: Protocol/10-Draw.md §11.
package struct DrawRecord: Hashable, Sendable, Codable {
  /// Who signs.
  package enum Role: String, Hashable, Sendable, Codable {
    case county, hub, `operator`, supervisor, superior
    /// Who drew the objects, where inspectors are drawn by a commit of their own.
    case initiator
  }

  /// A public key (Ed25519) by role.
  package struct Key: Hashable, Sendable, Codable {
    package let role: Role
    package let name: String
    package let publicKey: HexBytes

    package init(role: Role, name: String, publicKey: [UInt8]) {
      self.role = role
      self.name = name
      self.publicKey = HexBytes(publicKey)
    }

    enum CodingKeys: String, CodingKey {
      case role, name
      case publicKey = "public_key"
    }
  }

  /// The committed values of one side.
  package struct Anchor: Hashable, Sendable, Codable {
    package var leaves: [DrawHash]
    package var signature: HexBytes

    package init(leaves: [DrawHash], signature: [UInt8]) {
      self.leaves = leaves
      self.signature = HexBytes(signature)
    }
  }

  /// A key that was in the frame before and is not in this one.
  package struct Removal: Hashable, Sendable, Codable {
    package let key: String
    package let reason: String
    package let author: String
    /// The node whose change it was, where that is known.
    package let writer: String?

    package init(key: String, reason: String, author: String, writer: String? = nil) {
      self.key = key
      self.reason = reason
      self.author = author
      self.writer = writer
    }
  }

  /// What the hub found when it made the frame again from its replica.
  package struct Witness: Hashable, Sendable, Codable {
    package let rowCount: UInt64
    package let root: DrawHash
    package let signature: HexBytes

    package init(rowCount: UInt64, root: DrawHash, signature: [UInt8]) {
      self.rowCount = rowCount
      self.root = root
      self.signature = HexBytes(signature)
    }

    enum CodingKeys: String, CodingKey {
      case root, signature
      case rowCount = "row_count"
    }
  }

  /// One unit of a frame of several.
  package struct PublishedUnit: Hashable, Sendable, Codable {
    package var unit: String
    package var rowCount: UInt32
    package var root: DrawHash
    /// Of its rows, when these are published.
    package var keys: [String]?
    /// Keys of its roster for which another unit's row stands.
    package var leftOut: [String]?

    package init(_ roster: UnitRoster, keys: [String]?, leftOut: [String]?) {
      (unit, rowCount, root) = (roster.unit, roster.rowCount, roster.root)
      (self.keys, self.leftOut) = (keys, leftOut)
    }

    var roster: UnitRoster { UnitRoster(unit: unit, rowCount: rowCount, root: root) }

    enum CodingKeys: String, CodingKey {
      case unit, root, keys
      case rowCount = "row_count"
      case leftOut = "left_out"
    }
  }

  /// A frozen roster, with rows where they are published.
  package struct PublishedFrame: Hashable, Sendable, Codable {
    package var header: FrameHeader
    package var hash: DrawHash
    package var counts: [StratumCount]?
    package var rows: [FrameRow]?
    package var inspectors: [InspectorRow]?
    /// The units whose rosters it has, when it has several.
    package var units: [PublishedUnit]?
    /// The frame before, of this unit and kind.
    package var previous: DrawHash?
    package var removed: [Removal]?
    package var witness: Witness?

    package init(_ header: FrameHeader) {
      self.header = header
      hash = header.hash
    }
  }

  /// The operator's commit with its signatures.
  package struct Commit: Hashable, Sendable, Codable {
    package var node: String
    package var session: Bool
    package var entries: [DrawCommit.Entry]
    package var valueIndex: UInt32
    package var countyAnchor: DrawHash
    package var hubAnchor: DrawHash
    package var hash: DrawHash
    package var source: PublicSource
    package var reference: String
    package var operatorSignature: HexBytes
    package var supervisorSignature: HexBytes
    /// Who holds the lodged hash, for grade 1+.
    package var lodgedWith: String?

    enum CodingKeys: String, CodingKey {
      case node, session, entries, hash
      case valueIndex = "value_index"
      case countyAnchor = "county_anchor"
      case hubAnchor = "hub_anchor"
      case source = "public_source"
      case reference = "public_reference"
      case operatorSignature = "operator_signature"
      case supervisorSignature = "supervisor_signature"
      case lodgedWith = "lodged_with"
    }

    /// The commit as a value; nil when it has no or too many entries.
    package var value: DrawCommit? {
      guard (1...DrawLimits.tasksPerSession).contains(entries.count) else { return nil }
      return DrawCommit(
        node: node, entries: entries, isSession: session, valueIndex: valueIndex,
        countyAnchor: countyAnchor, hubAnchor: hubAnchor)
    }
  }

  /// The hub's answer.
  package struct Acknowledgement: Hashable, Sendable, Codable {
    package var value: DrawHash
    package var atMilliseconds: UInt64
    package var signature: HexBytes

    enum CodingKeys: String, CodingKey {
      case value, signature
      case atMilliseconds = "at_ms"
    }
  }

  /// What was revealed after the visits.
  package struct Reveal: Hashable, Sendable, Codable {
    package var county: DrawHash
    package var publicValue: HexBytes
    package var grade: SeedGrade
    package var seed: DrawHash

    package init(county: DrawHash, publicValue: HexBytes, grade: SeedGrade, seed: DrawHash) {
      (self.county, self.publicValue) = (county, publicValue)
      (self.grade, self.seed) = (grade, seed)
    }

    enum CodingKeys: String, CodingKey {
      case county, grade, seed
      case publicValue = "public_value"
    }
  }

  /// A stratum as it came out.
  package struct Stratum: Hashable, Sendable, Codable {
    package var stratum: String
    package var eligible: UInt32
    package var count: UInt32
    package var certain: Int
    /// 16 hexadecimal digits of `u`, absent with nothing left to chance.
    package var thresholdU: HexBytes?
    package var thresholdWeight: UInt32?
    package var selected: [String]
    package var reserves: [String]

    enum CodingKeys: String, CodingKey {
      case stratum, eligible, count, certain, selected, reserves
      case thresholdU = "threshold_u"
      case thresholdWeight = "threshold_weight"
    }
  }

  /// A superior's decision that a draw does not count.
  package struct Void: Hashable, Sendable, Codable {
    package var reason: String
    package var atMilliseconds: UInt64
    package var signature: HexBytes

    enum CodingKeys: String, CodingKey {
      case reason, signature
      case atMilliseconds = "at_ms"
    }
  }

  /// One draw.
  package struct Draw: Hashable, Sendable, Codable {
    package var parameters: DrawParameters
    package var commit: Commit
    package var acknowledgement: Acknowledgement?
    package var reveal: Reveal?
    package var strata: [Stratum]
    package var batches: [[String]]
    package var result: DrawHash
    package var matching: Matching?
    package var void: Void?
    /// What each unit of the frame got, once it is revealed.
    package var shares: [ObjectShare]?
    /// What the initiator handed to this unit, where inspectors alone are drawn.
    package var share: ObjectShare?
  }

  /// `tributary-draw-record`.
  package var format: String
  /// 1.
  package var version: UInt32
  package var unit: String
  package var year: UInt16
  /// Whether every draw of the unit in this year is in it: then no index of a value may be missing.
  package var complete: Bool
  package var keys: [Key]
  package var countyAnchor: Anchor
  /// Absent for a unit without a tier above.
  package var hubAnchor: Anchor?
  package var itemListVersion: UInt64
  package var items: [DrawItemList.Item]
  package var frames: [PublishedFrame]
  package var draws: [Draw]

  /// What `format` says.
  package static let formatName = "tributary-draw-record"

  enum CodingKeys: String, CodingKey {
    case format, version, unit, year, complete, keys, items, frames, draws
    case countyAnchor = "county_anchor"
    case hubAnchor = "hub_anchor"
    case itemListVersion = "item_list_version"
  }

  package init(
    unit: String, year: UInt16, complete: Bool, keys: [Key], countyAnchor: Anchor,
    hubAnchor: Anchor?, items: DrawItemList, frames: [PublishedFrame], draws: [Draw]
  ) {
    (format, version) = (DrawRecord.formatName, 1)
    (self.unit, self.year, self.complete) = (unit, year, complete)
    self.keys = keys
    self.countyAnchor = countyAnchor
    self.hubAnchor = hubAnchor
    (itemListVersion, self.items) = (items.version, items.items)
    self.frames = frames
    self.draws = draws
  }

  func key(_ role: Role, named name: String? = nil) -> [UInt8]? {
    keys.first { $0.role == role && $0.name == name ?? $0.name }?.publicKey.bytes
  }
}

/// Bytes that are lower-case hexadecimal digits in JSON.
package struct HexBytes: Hashable, Sendable, Codable {
  package let bytes: [UInt8]

  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The digits.
  package var text: String { HexText.text(bytes) }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let bytes = HexText.bytes(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "lower-case hexadecimal digits are needed")
    }
    self.bytes = bytes
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(HexText.text(bytes))
  }
}
