/// A Merkle tree in the shape of RFC 6962: leaf hashes have prefix 0x00, nodes 0x01, so that no leaf
/// can pass for a node; the left subtree of n leaves has the largest power of two below n.
///
/// Built level by level, the last node of an odd level passing up as it is, which gives that shape.
/// Memory: 64 bytes per leaf.
package struct MerkleTree: Sendable {
  private let levels: [[DrawHash]]

  /// From leaf hashes. Cost: one hash per leaf.
  package init(leaves: [DrawHash]) {
    var levels = [leaves]
    while let level = levels.last, level.count > 1 {
      var above: [DrawHash] = []
      above.reserveCapacity((level.count + 1) / 2)
      for index in stride(from: 0, to: level.count - 1, by: 2) {
        above.append(MerkleTree.node(level[index], level[index + 1]))
      }
      if !level.count.isMultiple(of: 2) { above.append(level[level.count - 1]) }
      levels.append(above)
    }
    self.levels = levels
  }

  /// The root; of no leaves, the hash of nothing.
  package var root: DrawHash { levels.last?.first ?? DrawDigest.hash([]) }

  /// How many leaves there are.
  package var count: Int { levels[0].count }

  /// The siblings from the leaf upwards (RFC 6962 §2.1.1). The index is within the tree.
  package func path(to index: Int) -> [DrawHash] {
    precondition(levels[0].indices.contains(index), "a path leads to a leaf")
    var (index, path) = (index, [DrawHash]())
    for level in levels.dropLast() {
      let sibling = index ^ 1
      if sibling < level.count { path.append(level[sibling]) }
      index /= 2
    }
    return path
  }

  /// The root that a leaf and its path lead to; nil when the path has not the length that index and
  /// count ask for.
  package static func root(leaf: DrawHash, index: UInt64, count: UInt64, path: [DrawHash])
    -> DrawHash?
  {
    guard index < count else { return nil }
    var (hash, index, last) = (leaf, index, count - 1)
    var rest = path[...]
    while last > 0 {
      let isLeft = index.isMultiple(of: 2)
      if !isLeft || index < last {
        guard let sibling = rest.popFirst() else { return nil }
        hash = isLeft ? node(hash, sibling) : node(sibling, hash)
      }
      index /= 2
      last /= 2
    }
    return rest.isEmpty ? hash : nil
  }

  /// The hash of a leaf's bytes.
  package static func leaf(_ bytes: [UInt8]) -> DrawHash { DrawDigest.hash([0] + bytes) }

  private static func node(_ left: DrawHash, _ right: DrawHash) -> DrawHash {
    var bytes: [UInt8] = [1]
    bytes.reserveCapacity(65)
    left.append(to: &bytes)
    right.append(to: &bytes)
    return DrawDigest.hash(bytes)
  }
}
