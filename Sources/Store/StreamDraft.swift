internal import Causality
internal import Changes
internal import Merge

/// The change set that a local transaction is writing in one stream: one operation per row, coalesced.
final class StreamDraft {
  let write: ChangeWrite
  private(set) var pieces: [RowBlock?] = []
  /// Per piece and row: whether the row's existence was last written by an update.
  private var wasUpdated: [[Bool]] = []
  var controls: [ControlOperation] = []
  /// Rows that were written in the general form, as they were before this transaction.
  private var originals: [RowPlace: RowState] = [:]
  /// Piece and row by place; built when a row is touched twice for the first time.
  private var index: [RowPlace: (piece: Int, row: Int)]?

  /// A row by table and key.
  struct RowPlace: Hashable {
    let table: TableID
    let key: RowKey
  }

  init(_ write: ChangeWrite) { self.write = write }

  var isEmpty: Bool { controls.isEmpty && pieces.allSatisfy { ($0?.rowCount ?? 0) == 0 } }

  /// Whether the row's state was written by this draft already.
  func hasTouched(_ state: RowState) -> Bool {
    state.registers.existence.dots.contains { $0.dot == write.info.fullDot }
      || state.registers.groups.contains { group in
        group.register.dots.contains { $0.dot == write.info.fullDot }
      }
  }

  /// Adds rows that no piece has yet.
  func append(_ piece: RowBlock, existenceWasUpdated: [Bool] = []) {
    guard piece.rowCount > 0 else { return }
    pieces.append(piece)
    wasUpdated.append(existenceWasUpdated)
    if index != nil { addToIndex(pieces.count - 1) }
  }

  func keepOriginal(_ state: RowState) {
    originals[RowPlace(table: state.table, key: state.key)] = state
  }

  /// Takes the row's operation out: returns the row's registers before this transaction, and what the operation
  /// carried by column of the layout. A proposal carries what the row does not show.
  func takeBack(
    _ state: RowState, _ layout: TableLayout, _ loader: RowStateLoader
  ) throws(StoreError) -> (registers: RowRegisters, carried: [Int: Value]) {
    let place = RowPlace(table: state.table, key: state.key)
    if index == nil {
      index = [:]
      for piece in pieces.indices { addToIndex(piece) }
    }
    guard let found = index?.removeValue(forKey: place), let piece = pieces[found.piece] else {
      // Taken back before and found equal to the original: nothing was left of it.
      return (originals[place]?.registers ?? state.registers, [:])
    }
    var carried: [Int: Value] = [:]
    for (position, column) in piece.columns.enumerated() {
      guard let index = layout.columnIndex(column.column) else { continue }
      carried[index] = piece.cells.value(found.row, piece.keyWidth + position)
    }
    let registers: RowRegisters
    if let original = originals[place] {
      registers = original.registers
    } else if piece.kind == .insert {
      registers = RowRegisters()
    } else {
      let flags = wasUpdated[found.piece]
      let isUpdate = flags.indices.contains(found.row) && flags[found.row]
      registers = try before(piece, found.row, state, isUpdate, loader)
    }
    remove(found)
    return (registers, carried)
  }

  private func addToIndex(_ piece: Int) {
    guard let block = pieces[piece] else { return }
    for row in 0..<block.rowCount {
      if let key = block.key(row) { index?[RowPlace(table: block.table, key: key)] = (piece, row) }
    }
  }

  /// Removes one row of a piece; the rows behind it move up.
  private func remove(_ place: (piece: Int, row: Int)) {
    guard let block = pieces[place.piece] else { return }
    if wasUpdated[place.piece].indices.contains(place.row) {
      wasUpdated[place.piece].remove(at: place.row)
    }
    if block.rowCount == 1 {
      pieces[place.piece] = nil
      return
    }
    let rest = block.selecting((0..<block.rowCount).filter { $0 != place.row })
    pieces[place.piece] = rest
    addToIndex(place.piece)
  }

  /// The registers that a before-image describes: one dot each.
  private func before(
    _ piece: RowBlock, _ row: Int, _ state: RowState, _ existenceWasUpdated: Bool,
    _ loader: RowStateLoader
  ) throws(StoreError) -> RowRegisters {
    let groups = piece.groups
    var result = state.registers.groups
    var existence = Register()
    for (position, group) in ([.existence] + groups).enumerated() {
      let list = piece.beforeDots[Int(piece.beforeIndex[row * (groups.count + 1) + position])]
      var dots: [RegisterDot] = []
      for dot in list {
        guard
          let log = try loader.dots.log(of: dot, in: write.stream.stream, loader.statements)
        else { throw .damagedRecord("before-image of \(state.key)") }
        let info = try loader.dots.info(log, loader.statements)
        let value: RegisterValue
        if group == .existence {
          value = .alive(isInsert: !existenceWasUpdated)
        } else {
          value = .columns(
            piece.columns.indices.filter { piece.columns[$0].group == group }.map {
              piece.cells.value(row, piece.keyWidth + piece.columns.count + $0)
            })
        }
        dots.append(
          RegisterDot(
            dot: info.fullDot, origin: loader.origin(of: info), value: value,
            isSuspect: info.flags.contains(.suspect)))
      }
      if group == .existence {
        existence = Register(dots)
      } else {
        result.removeAll { $0.id == group }
        result.append(RowRegisters.Group(id: group, register: Register(dots)))
      }
    }
    return RowRegisters(existence: existence, groups: result)
  }
}
