import Causality
import Changes

// Names and values as texts of the vectors.

extension ReplicaID {
  init(vector text: String) throws {
    guard let replica = ReplicaID(text) else { throw MalformedVector(what: text) }
    self = replica
  }
}

extension StreamID {
  var vector: String { "\(scope)/\(channel)" }

  init(vector text: String) throws {
    let fields = text.split(separator: "/").map(String.init)
    guard fields.count == 2, let scope = Scope(fields[0]),
      let channel = Channel.allCases.first(where: { "\($0)" == fields[1] })
    else { throw MalformedVector(what: text) }
    self.init(scope: scope, channel: channel)
  }
}

extension Dot {
  init(vector text: String) throws {
    let fields = text.split(separator: ":").map(String.init)
    guard fields.count == 3, let number = UInt64(fields[2]), number > 0 else {
      throw MalformedVector(what: text)
    }
    self.init(
      stream: try StreamID(vector: fields[0]), replica: try ReplicaID(vector: fields[1]),
      number: number)
  }
}

extension StreamDot {
  /// `530102-1:7`.
  var vector: String { "\(replica):\(number)" }

  init(vector text: String) throws {
    let fields = text.split(separator: ":").map(String.init)
    guard fields.count == 2, let number = UInt64(fields[1]), number > 0 else {
      throw MalformedVector(what: text)
    }
    self.init(replica: try ReplicaID(vector: fields[0]), number: number)
  }
}

extension VersionVector {
  /// `530102-1:7` per entry, ascending.
  var vector: [String] { entries.map { "\($0.replica):\($0.number)" } }

  init(vector list: [String]) throws {
    let entries = try list.map { text in
      let dot = try StreamDot(vector: text)
      return Entry(replica: dot.replica, number: dot.number)
    }
    guard let vector = VersionVector(ascending: entries) else {
      throw MalformedVector(what: list.joined(separator: " "))
    }
    self = vector
  }
}

extension HybridTimestamp {
  /// `1730000000123` or, with a counter, `1730000000123+7`.
  var vector: String { counter == 0 ? "\(milliseconds)" : "\(milliseconds)+\(counter)" }

  init(vector text: String) throws {
    let fields = text.split(separator: "+")
    guard let milliseconds = UInt64(fields[0]),
      let counter = fields.count == 2 ? UInt16(fields[1]) : 0
    else { throw MalformedVector(what: text) }
    self.init(milliseconds: milliseconds, counter: counter)
  }
}

extension TransactionPart {
  var vector: String { "\(stream.vector):\(number)" }

  init(vector text: String) throws {
    let fields = text.split(separator: ":").map(String.init)
    guard fields.count == 2, let number = UInt64(fields[1]) else {
      throw MalformedVector(what: text)
    }
    self.init(stream: try StreamID(vector: fields[0]), number: number)
  }
}

extension Value {
  /// `null`, `i:5`, `r:` and 16 digits of bits, `t:` and a text, `x:` and the digits of a text that is not
  /// UTF-8 or holds control characters, `b:` and the digits of a blob.
  var vector: String {
    switch self {
    case .null: return "null"
    case .integer(let number): return "i:\(number)"
    case .real(let bits): return "r:" + Hex.encode(bigEndian(bits))
    case .blob(let bytes): return "b:" + Hex.encode(bytes)
    case .text(let bytes):
      guard let string, bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
        return "x:" + Hex.encode(bytes)
      }
      return "t:" + string
    }
  }

  init(vector text: String) throws {
    if text == "null" {
      self = .null
      return
    }
    let content = String(text.dropFirst(2))
    switch text.prefix(2) {
    case "i:":
      guard let number = Int64(content) else { throw MalformedVector(what: text) }
      self = .integer(number)
    case "r:":
      self = .real(bits: try Hex.decode(content).reduce(0) { $0 << 8 | UInt64($1) })
    case "t:": self = .text(content)
    case "x:": self = .text(try Hex.decode(content))
    case "b:": self = .blob(try Hex.decode(content))
    default: throw MalformedVector(what: text)
    }
  }
}

/// The bytes of a number, most significant first.
func bigEndian(_ number: some FixedWidthInteger) -> [UInt8] {
  withUnsafeBytes(of: number.bigEndian) { Array($0) }
}
