internal import Changes
internal import Merge

extension TableLayout {
  /// Whether a key has the form that the table declares.
  func takes(_ key: RowKey) -> Bool {
    guard let values = key.values, values.count == table.key.count else { return false }
    return zip(values, table.key).allSatisfy { $0.kind == $1.kind }
  }

  /// Whether every value of the registers known here fits its column.
  func takes(_ registers: RowRegisters) -> Bool {
    registers.groups.allSatisfy { group in
      guard let register = register(of: group.id) else { return true }
      let columns = columnsOfRegister[register].map { table.columns[$0] }
      let isCounter = policy(register) == .counter
      return group.register.dots.allSatisfy { dot in
        // Columns that joined no group yet, as a value of another form, are left to the merge.
        guard let values = dot.value.columns, values.count == columns.count else { return true }
        return zip(values, columns).allSatisfy { value, column in
          switch value {
          case .null: !isCounter
          case .real(let bits): column.kind == .real && RowBlock.isStorable(realBits: bits)
          default: value.kind == column.kind
          }
        }
      }
    }
  }

  /// What the columns of a register show of its value: NULL where there is none at their place, or one of another
  /// kind, as registers of a later version may have. A counter that nobody wrote is 0.
  func shown(_ values: [Value]?, _ register: Int) -> [Value] {
    columnsOfRegister[register].enumerated().map { position, column in
      if values == nil, isCounter(column) { return .integer(0) }
      guard let values, values.indices.contains(position),
        values[position].kind == table.columns[column].kind
      else { return .null }
      return values[position]
    }
  }
}
