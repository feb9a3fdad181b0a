internal import Causality
internal import Changes
internal import Merge

extension RowOperation {
  /// One row of a block as the merge sees it.
  init(
    _ block: RowBlock, _ row: Int, _ notes: [RegisterNote], _ write: ChangeWrite, _ tree: ScopeTree
  ) {
    let groups = block.groups
    func note(_ group: GroupID) -> RegisterNote? { notes.first { $0.group == group } }
    func registerWrite(_ group: GroupID, _ value: RegisterValue, _ index: Int) -> RegisterWrite {
      let note = note(group)
      var hadValue = false
      if block.hasBefore {
        let list = block.beforeIndex[row * (groups.count + 1) + index]
        hadValue = !block.beforeDots[Int(list)].isEmpty
      }
      return RegisterWrite(
        kind: block.kind, origin: note?.origin.map { WriteOrigin($0, tree) } ?? write.origin,
        value: value, over: note?.over, hadValue: hadValue,
        isSuspect: write.info.flags.contains(.suspect))
    }
    let existence: RegisterValue =
      switch block.kind {
      case .insert: .alive(isInsert: true)
      case .update: .alive(isInsert: false)
      case .delete: .dead
      }
    self.init(
      context: write.context, existence: registerWrite(.existence, existence, 0),
      groups: groups.enumerated().map { index, group in
        let values = block.columns.indices.filter { block.columns[$0].group == group }
          .map { block.cells.value(row, block.keyWidth + $0) }
        return Group(id: group, write: registerWrite(group, .columns(values), index + 1))
      })
  }
}

extension WriteOrigin {
  /// The origin that a copy names; the tier follows from its writer's division.
  init(_ origin: Origin, _ tree: ScopeTree) {
    self.init(
      dot: origin.dot, timestamp: origin.timestamp,
      tier: tree.tier(of: origin.dot.replica.node.scope) ?? Tier(depth: .max))
  }
}
