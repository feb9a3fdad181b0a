/// What a unit binds itself to before the hub's value is known. Source: Protocol/10-Draw.md §7.
package struct DrawCommit: Hashable, Sendable {
  /// One task of a commit.
  package struct Entry: Hashable, Sendable, Codable {
    package let task: TaskID
    package let sequence: UInt32
    /// Of the objects; of the inspectors where those alone are drawn.
    package let frame: DrawHash
    /// Of the inspectors, in a session that draws both.
    package let inspectorFrame: DrawHash?
    package let parameters: DrawHash

    package init(
      task: TaskID, sequence: UInt32, frame: DrawHash, inspectorFrame: DrawHash? = nil,
      parameters: DrawHash
    ) {
      self.task = task
      self.sequence = sequence
      self.frame = frame
      self.inspectorFrame = inspectorFrame
      self.parameters = parameters
    }

    enum CodingKeys: String, CodingKey {
      case task, sequence, frame, parameters
      case inspectorFrame = "inspector_frame"
    }
  }

  package let node: String
  /// Ascending by task, then sequence.
  package let entries: [Entry]
  /// Whether it is in session form, as for several tasks or for objects with inspectors.
  package let isSession: Bool
  /// Which committed value it takes.
  package let valueIndex: UInt32
  package let countyAnchor: DrawHash
  package let hubAnchor: DrawHash

  /// One or more entries; one without an inspector frame takes the single form.
  package init(
    node: String, entries: [Entry], isSession: Bool? = nil, valueIndex: UInt32,
    countyAnchor: DrawHash, hubAnchor: DrawHash
  ) {
    precondition((1...DrawLimits.tasksPerSession).contains(entries.count), "1 to 1,024 tasks")
    self.node = node
    self.entries = entries.sorted { ($0.task, $0.sequence) < ($1.task, $1.sequence) }
    let needsSession = entries.count > 1 || entries[0].inspectorFrame != nil
    self.isSession = needsSession || isSession == true
    self.valueIndex = valueIndex
    self.countyAnchor = countyAnchor
    self.hubAnchor = hubAnchor
  }

  /// The canonical bytes.
  package var bytes: [UInt8] {
    var bytes = DrawBytes(tag: isSession ? "YDR1/csess" : "YDR1/commit")
    bytes.text(node)
    if isSession { bytes.u16(UInt16(entries.count)) }
    for entry in entries {
      bytes.task(entry.task)
      bytes.u32(entry.sequence)
      bytes.hash(entry.frame)
      if isSession { bytes.hash(entry.inspectorFrame ?? .zero) }
      bytes.hash(entry.parameters)
    }
    bytes.u32(valueIndex)
    bytes.hash(countyAnchor)
    bytes.hash(hubAnchor)
    return bytes.bytes
  }

  /// What signatures, acknowledgement and seed bind.
  package var hash: DrawHash { DrawDigest.hash(bytes) }

  /// The bytes that operator and supervisor sign: the commit and which public source it waits for.
  package static func signedBytes(commit: DrawHash, source: PublicSource, reference: String)
    -> [UInt8]
  {
    var bytes = DrawBytes(tag: "YDR1/csign")
    bytes.hash(commit)
    bytes.u8(source.rawValue)
    bytes.text(reference)
    return bytes.bytes
  }

  /// What is lodged with a witness before a public value exists (grade 1+): the hash of the signed bytes.
  package static func lodgedHash(commit: DrawHash, source: PublicSource, reference: String)
    -> DrawHash
  {
    DrawDigest.hash(signedBytes(commit: commit, source: source, reference: reference))
  }
}

/// Public randomness that a seed may take in besides the two committed values.
package enum PublicSource: UInt8, Hashable, Sendable, Codable {
  case none = 0
  /// Raw output bytes of a drand round.
  case drand = 1
  /// Raw output bytes of a NIST beacon pulse.
  case nist = 2
  /// Text of a lottery draw (双色球).
  case lottery = 3

  /// Whether a value has the form that the source asks for and belongs to the reference.
  package func accepts(_ value: [UInt8], reference: String) -> Bool {
    switch self {
    case .none: return value.isEmpty && reference.isEmpty
    case .drand: return value.count == 32 && !reference.isEmpty
    case .nist: return value.count == 64 && !reference.isEmpty
    case .lottery:
      let text = String(decoding: value, as: UTF8.self)
      guard text.utf8.elementsEqual(value), !reference.isEmpty else { return false }
      let form = /双色球([0-9]{7}):([0-9]{2}(?:,[0-9]{2}){5})\+([0-9]{2})/
      guard let match = text.wholeMatch(of: form), String(match.1) == reference else {
        return false
      }
      let red = match.2.split(separator: ",").compactMap { Int($0) }
      guard let blue = Int(match.3) else { return false }
      return zip(red, red.dropFirst()).allSatisfy { $0 < $1 }
        && red.allSatisfy { (1...33).contains($0) } && (1...16).contains(blue)
    }
  }
}

/// How much of a seed the unit could not choose: what people are shown beside a draw.
package enum SeedGrade: String, Hashable, Sendable, Codable, CaseIterable {
  /// County, hub and public value.
  case three = "3"
  /// County and hub.
  case two = "2"
  /// County and public value, lodged before it existed.
  case onePlus = "1+"
  /// County only.
  case one = "1"
}

/// The seed of a draw and what it is made of. Source: Protocol/10-Draw.md §8.
package struct DrawSeed: Hashable, Sendable {
  package let county: DrawHash
  /// The hub's value; nil when no hub answered.
  package let hub: DrawHash?
  package let source: PublicSource
  package let publicValue: [UInt8]

  package init(
    county: DrawHash, hub: DrawHash?, source: PublicSource = .none, publicValue: [UInt8] = []
  ) {
    self.county = county
    self.hub = hub
    self.source = source
    self.publicValue = publicValue
  }

  /// The grade; a public value without the hub counts only when the commit was lodged before.
  package func grade(isLodged: Bool) -> SeedGrade {
    switch (hub != nil, source != .none) {
    case (true, true): .three
    case (true, false): .two
    case (false, true): isLodged ? .onePlus : .one
    case (false, false): .one
    }
  }

  /// The value that all numbers of the draw come from.
  package func value(commit: DrawHash) -> DrawHash {
    var bytes = DrawBytes(tag: "YDR1/seed")
    bytes.hash(commit)
    bytes.hash(county)
    bytes.hash(hub ?? .zero)
    bytes.u8(source.rawValue)
    bytes.prefixed(publicValue)
    return bytes.hash
  }
}
