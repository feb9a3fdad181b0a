/// The values that one side committed itself to for a year, of which each draw takes one: whoever holds
/// them can choose none of them once their anchor is published. Source: Protocol/10-Draw.md §6.
package struct CommittedValues: Sendable {
  private let secret: [UInt8]
  private let tree: MerkleTree
  /// The leaf hashes in order of the index: published at the start of the year.
  package let leaves: [DrawHash]

  /// `count` values derived from a secret of at least 32 bytes, which its owner keeps. Cost: two hashes
  /// per value.
  package init(secret: [UInt8], count: Int) {
    precondition(secret.count >= 32, "a shorter secret can be guessed")
    precondition((1...DrawLimits.committedValues).contains(count), "as many as a year needs")
    self.secret = secret
    leaves = (0..<UInt32(count)).map { index in
      CommittedValues.leaf(index: index, value: CommittedValues.value(index, of: secret))
    }
    tree = MerkleTree(leaves: leaves)
  }

  /// The values of one list, from a secret that its owner keeps for all of its lists: the secret of a list is
  /// HMAC(secret, T("YDR1/list") ‖ S(unit) ‖ U8(side) ‖ U16(year)).
  package init(secret: [UInt8], unit: String, side: AnchorSide, year: UInt16, count: Int = 512) {
    precondition(secret.count >= 32, "a shorter secret can be guessed")
    var bytes = DrawBytes(tag: "YDR1/list")
    bytes.text(unit)
    bytes.u8(side.rawValue)
    bytes.u16(year)
    self.init(secret: KeyedDigest(secret: secret).hash(bytes.bytes).bytes, count: count)
  }

  /// What is signed and published before the first frame of the year.
  package var anchor: DrawHash { tree.root }

  /// The value of an index: secret until its draw is revealed.
  package func value(_ index: UInt32) -> DrawHash {
    precondition(Int(index) < leaves.count, "values of a year are used up")
    return CommittedValues.value(index, of: secret)
  }

  private static func value(_ index: UInt32, of secret: [UInt8]) -> DrawHash {
    var bytes = DrawBytes(tag: "YDR1/val")
    bytes.u32(index)
    return KeyedDigest(secret: secret).hash(bytes.bytes)
  }

  /// The leaf that a value of an index has.
  package static func leaf(index: UInt32, value: DrawHash) -> DrawHash {
    var bytes = DrawBytes(tag: "YDR1/leaf")
    bytes.u32(index)
    bytes.hash(value)
    return MerkleTree.leaf(bytes.bytes)
  }

  /// The anchor of a list of leaves.
  package static func anchor(of leaves: [DrawHash]) -> DrawHash { MerkleTree(leaves: leaves).root }
}

/// Who published an anchor.
package enum AnchorSide: UInt8, Hashable, Sendable, Codable {
  case county = 1
  case hub = 2
}

/// Bytes that are signed besides those of a commit. Source: Protocol/10-Draw.md §6–8, §11.
package enum DrawStatement {
  /// An anchor of a year for a unit.
  package static func anchor(
    unit: String, side: AnchorSide, year: UInt16, count: UInt32, root: DrawHash
  ) -> [UInt8] {
    var bytes = DrawBytes(tag: "YDR1/anchor")
    bytes.text(unit)
    bytes.u8(side.rawValue)
    bytes.u16(year)
    bytes.u32(count)
    bytes.hash(root)
    return bytes.bytes
  }

  /// A hub's answer to a commit: its value, which makes the result certain.
  package static func acknowledgement(
    commit: DrawHash, index: UInt32, value: DrawHash, atMilliseconds: UInt64
  ) -> [UInt8] {
    var bytes = DrawBytes(tag: "YDR1/ack")
    bytes.hash(commit)
    bytes.u32(index)
    bytes.hash(value)
    bytes.u64(atMilliseconds)
    return bytes.bytes
  }

  /// A superior's decision that a draw does not count.
  package static func void(
    commit: DrawHash, task: TaskID, sequence: UInt32, reason: String, atMilliseconds: UInt64
  ) -> [UInt8] {
    var bytes = DrawBytes(tag: "YDR1/void")
    bytes.hash(commit)
    bytes.task(task)
    bytes.u32(sequence)
    bytes.text(reason)
    bytes.u64(atMilliseconds)
    return bytes.bytes
  }

  /// What a hub found when it made a frame again from its own replica at the same cut.
  package static func witness(frame: DrawHash, rowCount: UInt64, root: DrawHash) -> [UInt8] {
    var bytes = DrawBytes(tag: "YDR1/witness")
    bytes.hash(frame)
    bytes.u64(rowCount)
    bytes.hash(root)
    return bytes.bytes
  }
}
