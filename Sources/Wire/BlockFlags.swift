import Changes

/// The second field of a block: kind, what follows, and the width of the key, in one byte.
///
/// Source: Protocol/3-ChangeSets §4.
struct BlockFlags {
  let kind: OperationKind
  let hasBefore: Bool
  /// Every column is a register of its own, numbered as the column.
  let ownGroups: Bool
  let hasNotes: Bool
  /// 1…8.
  let keyWidth: Int

  init(_ block: RowBlock) {
    kind = block.kind
    hasBefore = block.hasBefore
    ownGroups = block.columns.allSatisfy { $0.column.number == $0.group.number }
    hasNotes = !block.notes.isEmpty
    keyWidth = block.keyWidth
    precondition(keyWidth <= Limits.keyColumns, "a key has at most 8 columns")
  }

  init(byte: UInt8) throws(WireError) {
    guard let kind = OperationKind(rawValue: byte & 3) else {
      throw .unknownCode(.block, code: UInt64(byte & 3))
    }
    self.kind = kind
    hasBefore = byte & 4 != 0
    ownGroups = byte & 8 != 0
    hasNotes = byte & 16 != 0
    keyWidth = Int(byte >> 5) + 1
  }

  var byte: UInt8 {
    kind.rawValue | (hasBefore ? 4 : 0) | (ownGroups ? 8 : 0) | (hasNotes ? 16 : 0)
      | UInt8(keyWidth - 1) << 5
  }
}
