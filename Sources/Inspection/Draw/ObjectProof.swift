/// What one enterprise needs to check for itself whether it was drawn fairly: its row, its place in the
/// frame, and where the last drawn row stands. Source: Protocol/10-Draw.md §11.
package struct ObjectProof: Hashable, Sendable, Codable {
  package let row: FrameRow
  package let index: UInt64
  package let path: [DrawHash]
  package let header: FrameHeader

  /// From a frame; nil when the key is not in it. Cost: logarithmic.
  package init?(of key: String, in frame: Frame, header: FrameHeader) {
    guard let index = frame.index(of: key) else { return nil }
    row = frame.rows[index]
    self.index = UInt64(index)
    path = frame.tree.path(to: index)
    self.header = header
  }

  /// What the proof says of a draw.
  package enum Outcome: Hashable, Sendable {
    /// The row is not in the frame that was committed.
    case notInFrame
    /// Not to be drawn, for the reason in its row.
    case excluded(FrameStatus)
    case drawn
    case notDrawn
    /// At the threshold to the last bit: the whole roster is needed.
    case atThreshold
    /// The values of the draw are secret until the visits end.
    case notRevealed
  }

  /// Judges from the published draw alone. Cost: one HMAC and the path.
  package func outcome(in draw: DrawRecord.Draw) -> Outcome {
    let committed = draw.commit.entries.contains {
      $0.task == draw.parameters.task && $0.frame == header.hash
    }
    let root = MerkleTree.root(
      leaf: MerkleTree.leaf(row.bytes), index: index, count: header.rowCount, path: path)
    guard committed, root == header.root else { return .notInFrame }
    guard row.status == .eligible else { return .excluded(row.status) }
    guard let reveal = draw.reveal else { return .notRevealed }
    guard let stratum = draw.strata.first(where: { $0.stratum == row.stratum }) else {
      return .notDrawn
    }
    // What weight alone makes certain is listed by key and bound by the result hash.
    if stratum.selected.prefix(stratum.certain).contains(row.key) { return .drawn }
    guard let threshold = stratum.threshold else {
      return stratum.count == stratum.eligible ? .drawn : .notDrawn
    }
    let digest = ObjectDigest(seed: reveal.seed, parameters: draw.parameters).digest(of: row.key)
    let order = RankedRow.order(
      digest.leading, row.weight, threshold.u, threshold.weight)
    if order < 0 { return .drawn }
    if order > 0 { return .notDrawn }
    return stratum.selected.last == row.key ? .drawn : .atThreshold
  }
}
