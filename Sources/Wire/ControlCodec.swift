import Causality
import Changes

/// Control operations in bytes: code, length, content; a code that this version does not know keeps its
/// content. Source: Protocol/3-ChangeSets §6, 9-Limits §5.
package enum ControlCodec {
  /// The codes of `ControlOperation`.
  package enum Code: UInt16, CaseIterable, Sendable {
    case refuse = 1
    case suspect = 2
    case fence = 3
    case retire = 4
    case fork = 5
    case stable = 6
  }

  static func write(
    _ control: ControlOperation, _ header: ChangeSetHeader, to writer: inout ByteWriter
  ) {
    var content = ByteWriter()
    let scope = header.stream.scope
    let code: UInt16
    switch control {
    case .refuse(let dot, let reason, let detail):
      code = Code.refuse.rawValue
      content.write(dot, near: scope)
      content.write(varint: UInt64(reason.rawValue))
      content.write(text: detail)
    case .suspect(let dot):
      code = Code.suspect.rawValue
      content.write(dot, near: scope)
    case .fence(let replica):
      code = Code.fence.rawValue
      content.write(replica: replica, near: scope)
    case .retire(let replica, let last):
      code = Code.retire.rawValue
      content.write(replica: replica, near: scope)
      content.write(varint: last)
    case .fork(let dot, let first, let second):
      code = Code.fork.rawValue
      content.write(dot, near: scope)
      content.write(raw: first.bytes)
      content.write(raw: second.bytes)
    case .stable(let vector):
      code = Code.stable.rawValue
      content.write(vector: vector)
    case .unknown(let number, let bytes):
      precondition(Code(rawValue: number) == nil, "a known operation has a case")
      code = number
      content.write(raw: bytes)
    }
    writer.write(varint: UInt64(code))
    writer.write(counted: content.bytes)
  }

  static func read(
    _ reader: inout ByteReader, _ header: ChangeSetHeader
  ) throws(WireError) -> ControlOperation {
    let number = UInt16(try reader.varint(.control, limit: UInt64(UInt16.max)))
    let content = try reader.raw(try reader.count(.control, limit: Limits.valueBytes))
    guard let code = Code(rawValue: number) else {
      return .unknown(code: number, bytes: Array(content))
    }
    var inner = ByteReader(content)
    let scope = header.stream.scope
    let control: ControlOperation
    switch code {
    case .refuse:
      let dot = try inner.streamDot(near: scope)
      let reason = try inner.varint(.control, limit: UInt64(UInt16.max))
      guard let reason = RefusalReason(rawValue: UInt16(reason)) else {
        throw .unknownCode(.reason, code: reason)
      }
      control = .refuse(
        dot, reason, detail: try inner.text(.reason, limit: Limits.reasonBytes))
    case .suspect: control = .suspect(try inner.streamDot(near: scope))
    case .fence: control = .fence(try inner.replica(near: scope))
    case .retire:
      let replica = try inner.replica(near: scope)
      control = .retire(replica, last: try inner.varint())
    case .fork:
      let dot = try inner.streamDot(near: scope)
      let first = try inner.hash()
      control = .fork(dot, first, try inner.hash())
    case .stable: control = .stable(try inner.vector())
    }
    try inner.finish(.control)
    return control
  }
}

extension ByteReader {
  /// 32 bytes of SHA-256.
  mutating func hash() throws(WireError) -> ContentHash {
    guard let hash = ContentHash(try array(32)) else { throw .malformed(.hash) }
    return hash
  }
}
