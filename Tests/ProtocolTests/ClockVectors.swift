import Causality
import Changes
import Testing
import Wire

/// `clocks.json`: numbers, names, vectors, timestamps (1-Terms, 2-Clocks).
struct ClockFile: Codable {
  struct Encoding: Codable {
    var type: String
    var hex: String
    /// A number, a name, or the entries of a vector joined by blanks.
    var text: String
  }

  struct Relation: Codable {
    var left: [String]
    var right: [String]
    var leftDominates: Bool
    var rightDominates: Bool
    var union: [String]
    var intersection: [String]
    /// Change sets that left knows and right lacks.
    var beyond: String
  }

  struct ClockStep: Codable {
    /// `write` gives out a timestamp at wall time; `see` is shown one.
    var action: String
    var wallMilliseconds: String
    var timestamp: String
    /// The largest timestamp given out or seen, after the step.
    var last: String
  }

  struct Invalid: Codable {
    var name: String
    var type: String
    var hex: String
    var error: String
  }

  var encodings: [Encoding]
  var relations: [Relation]
  var aheadMilliseconds: String
  var clock: [ClockStep]
  var invalid: [Invalid]
}

/// The types of 1-Terms by their names in the vectors; near names are near scope 530102.
enum TermType: String, CaseIterable {
  case varint, zigzag, stream, replica, nearReplica, dot, timestamp, vector

  static let scope = Scope(code: 530_102)

  func encode(_ text: String) throws -> [UInt8] {
    guard let scope = Self.scope else { throw MalformedVector(what: "scope") }
    var writer = ByteWriter()
    switch self {
    case .varint: writer.write(varint: UInt64(text) ?? 0)
    case .zigzag: writer.write(zigzag: Int64(text) ?? 0)
    case .stream: writer.write(stream: try StreamID(vector: text))
    case .replica: writer.write(replica: try ReplicaID(vector: text))
    case .nearReplica: writer.write(replica: try ReplicaID(vector: text), near: scope)
    case .dot: writer.write(dot: try Dot(vector: text))
    case .timestamp: writer.write(timestamp: try HybridTimestamp(vector: text))
    case .vector:
      writer.write(
        vector: try VersionVector(vector: text.split(separator: " ").map(String.init)))
    }
    return writer.bytes
  }

  func decode(_ bytes: [UInt8]) throws(WireError) -> String {
    guard let scope = Self.scope else { return "" }
    return try ByteReader.read(bytes[...]) { (reader) throws(WireError) -> String in
      let text: String
      switch self {
      case .varint: text = "\(try reader.varint())"
      case .zigzag: text = "\(try reader.zigzag())"
      case .stream: text = try reader.stream().vector
      case .replica: text = try reader.replica().description
      case .nearReplica: text = try reader.replica(near: scope).description
      case .dot: text = try reader.dot().description
      case .timestamp: text = try reader.timestamp().vector
      case .vector: text = try reader.vector().vector.joined(separator: " ")
      }
      try reader.finish(.value)
      return text
    }
  }
}

extension ClockFile {
  static func make() throws -> ClockFile {
    let texts: [(TermType, [String])] = [
      (.varint, ["0", "1", "127", "128", "300", "16383", "16384", "18446744073709551615"]),
      (
        .zigzag,
        ["0", "-1", "1", "-64", "64", "9223372036854775807", "-9223372036854775808"]
      ),
      (.stream, ["1/both", "530102/both", "530102/up", "999999/down"]),
      (.replica, ["1-1", "530102-1", "530102.3-2", "999999.4095-4294967295"]),
      (.nearReplica, ["530102-1", "530102.3-2", "530000-1", "530103.4095-4294967295"]),
      (.dot, ["530102/both:530102-1:7", "530102/up:530000.1-2:18446744073709551615"]),
      (.timestamp, ["0", "1730000000123", "1730000000123+7", "281474976710655+65535"]),
      (
        .vector,
        ["", "530102-1:1", "530000-1:4 530102-1:300 530102.3-2:1", "1-1:18446744073709551615"]
      ),
    ]
    let encodings = try texts.flatMap { type, texts in
      try texts.map { text in
        Encoding(type: type.rawValue, hex: Hex.encode(try type.encode(text)), text: text)
      }
    }
    let vectors: [[String]] = [
      [], ["530000-1:4"], ["530000-1:4", "530102-1:300"], ["530000-1:5", "530102-1:299"],
      ["530102-2:1"],
    ]
    let relations = try vectors.flatMap { left in
      try vectors.map { try relation(left, $0) }
    }
    return ClockFile(
      encodings: encodings, relations: relations,
      aheadMilliseconds: "\(Limits.clockAheadMilliseconds)", clock: clockSteps(),
      invalid: invalidCases)
  }

  static func relation(_ left: [String], _ right: [String]) throws -> Relation {
    let (a, b) = (try VersionVector(vector: left), try VersionVector(vector: right))
    return Relation(
      left: left, right: right, leftDominates: a.dominates(b), rightDominates: b.dominates(a),
      union: a.union(b).vector, intersection: a.intersection(b).vector,
      beyond: "\(a.count(beyond: b))")
  }

  private static func clockSteps() -> [ClockStep] {
    let second: UInt64 = 1_730_000_000_000
    let steps: [(String, UInt64, HybridTimestamp)] = [
      ("write", second, HybridTimestamp(packed: 0)), ("write", second, HybridTimestamp(packed: 0)),
      ("write", second - 5_000, HybridTimestamp(packed: 0)),
      ("see", second, HybridTimestamp(milliseconds: second + 1_000, counter: 65_535)),
      ("write", second, HybridTimestamp(packed: 0)),
      ("see", second, HybridTimestamp(milliseconds: second + 86_400_000)),
      ("write", second + 1, HybridTimestamp(packed: 0)),
      ("see", second, HybridTimestamp(milliseconds: second - 1)),
      ("write", second + 600_000, HybridTimestamp(packed: 0)),
      ("see", (1 << 48) - 1, HybridTimestamp(packed: .max)),
      ("write", second, HybridTimestamp(packed: 0)),
    ]
    var clock = HybridClock()
    return steps.map { action, wall, seen in
      var timestamp = seen
      if action == "write" {
        timestamp = clock.tick(milliseconds: wall)
      } else {
        _ = clock.observe(
          seen, milliseconds: wall, furthestAheadMilliseconds: Limits.clockAheadMilliseconds)
      }
      return ClockStep(
        action: action, wallMilliseconds: "\(wall)", timestamp: timestamp.vector,
        last: clock.last.vector)
    }
  }

  private static let invalidBytes: [(String, TermType, String, String)] = [
    ("an empty varint", .varint, "", "truncated"),
    ("a varint that does not end", .varint, "ff", "truncated"),
    ("a varint in a longer form", .varint, "8000", "nonCanonical"),
    ("a varint of 65 bits", .varint, "ffffffffffffffffff02", "malformed"),
    ("a varint of 11 bytes", .varint, "ffffffffffffffffffff01", "malformed"),
    ("bytes behind a varint", .varint, "0000", "malformed"),
    ("channel 3", .stream, "205adb", "malformed"),
    ("scope 0", .stream, "000001", "malformed"),
    ("scope 1,000,000", .stream, "3d0900", "malformed"),
    ("a stream of two bytes", .stream, "205a", "truncated"),
    ("division 0", .replica, "000001", "malformed"),
    ("terminal 4,096", .replica, "b6ad20802001", "malformed"),
    ("epoch 0", .replica, "b6ad200000", "malformed"),
    ("epoch 2^32", .replica, "b6ad20008080808010", "malformed"),
    ("the division at hand, written out", .nearReplica, "01b6ad2001", "nonCanonical"),
    ("change set 0", .dot, "205ad8000100", "malformed"),
    ("a counter of 65,536", .timestamp, "0192cc09147b808004", "limitExceeded"),
    ("entries that do not ascend", .vector, "02b6ad200001010000010101", "nonCanonical"),
    ("an entry twice", .vector, "02b6ad2000010100000101", "nonCanonical"),
    ("an entry of 0", .vector, "01b6ad20000100", "malformed"),
    ("more entries than bytes", .vector, "05b6ad20000101", "truncated"),
    ("4,097 entries", .vector, "8120", "limitExceeded"),
    ("a division beyond 999,999", .vector, "01c0843d000101", "limitExceeded"),
  ]

  private static let invalidCases = invalidBytes.map { name, type, hex, error in
    Invalid(name: name, type: type.rawValue, hex: hex, error: error)
  }
}

@Suite struct ClockVectors {
  static let file = "clocks.json"

  @Test func `The file is what the generator gives`() throws {
    try VectorFolder.settle(try ClockFile.make(), Self.file)
  }

  @Test func `Numbers, names and vectors read both ways`() throws {
    let file = try VectorFolder.read(ClockFile.self, Self.file)
    var types: Set<String> = []
    for item in file.encodings {
      let type = try #require(TermType(rawValue: item.type))
      types.insert(item.type)
      #expect(try type.decode(try Hex.decode(item.hex)) == item.text, "\(item)")
      #expect(Hex.encode(try type.encode(item.text)) == item.hex, "\(item)")
    }
    #expect(types.count == TermType.allCases.count)
  }

  @Test func `Invalid numbers and names give the error that the vector says`() throws {
    for item in try VectorFolder.read(ClockFile.self, Self.file).invalid {
      let type = try #require(TermType(rawValue: item.type))
      let bytes = try Hex.decode(item.hex)
      let error = #expect(throws: WireError.self, "\(item.name)") { try type.decode(bytes) }
      #expect(error?.vector == item.error, "\(item.name)")
    }
  }

  @Test func `Vectors dominate, join and meet as the file says`() throws {
    for item in try VectorFolder.read(ClockFile.self, Self.file).relations {
      let found = try ClockFile.relation(item.left, item.right)
      #expect(found.leftDominates == item.leftDominates, "\(item)")
      #expect(found.rightDominates == item.rightDominates, "\(item)")
      #expect(found.union == item.union && found.intersection == item.intersection, "\(item)")
      #expect(found.beyond == item.beyond, "\(item)")
    }
  }

  @Test func `A clock gives out and clamps what the file says`() throws {
    let file = try VectorFolder.read(ClockFile.self, Self.file)
    let ahead = try #require(UInt64(file.aheadMilliseconds))
    var clock = HybridClock()
    for (index, step) in file.clock.enumerated() {
      let wall = try #require(UInt64(step.wallMilliseconds))
      let timestamp = try HybridTimestamp(vector: step.timestamp)
      if step.action == "write" {
        #expect(clock.tick(milliseconds: wall) == timestamp, "step \(index)")
      } else {
        _ = clock.observe(timestamp, milliseconds: wall, furthestAheadMilliseconds: ahead)
      }
      #expect(clock.last.vector == step.last, "step \(index)")
    }
  }
}
