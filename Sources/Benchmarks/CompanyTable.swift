import Causality
import Changes

/// The table `companies` as the engine declares it: the county is the scope, the credit code the key, every
/// other column a register of its own with policy `latest`.
enum CompanyTable {
  static let id = TableID(1_000)

  /// The value columns in order of id, counted from 1.
  static let columns: [CompanyColumn] = [
    .name, .address, .credit, .legalRepresentative, .status, .phone, .capital, .updatedAt,
  ]

  static func columnID(_ column: CompanyColumn) -> ColumnID {
    ColumnID(UInt32((columns.firstIndex(of: column) ?? 0) + 1))
  }

  static let declaration = TableDeclaration(
    id: id, name: "companies", scopeColumn: CompanyColumn.county.name,
    key: [KeyColumn(name: CompanyColumn.uscc.name, kind: .text)],
    columns: columns.map { column in
      let isInteger = column == .capital || column == .updatedAt
      return ColumnDeclaration(
        id: columnID(column).number, name: column.name, kind: isInteger ? .integer : .text)
    })

  /// Rows in the order of the typed writing calls: key, then value columns.
  static func inserts(_ rows: CellTable, _ range: Range<Int>) -> CellTable {
    let order = [CompanyColumn.uscc] + columns
    var result = CellTable(width: order.count)
    result.reserve(rows: range.count, bytes: range.count * 180)
    for row in range {
      for column in order { result.append(rows.cell(row, column.rawValue), of: rows) }
    }
    return result
  }

  /// Key, credit, updated_at per update.
  static func updates(_ rows: CellTable, _ updates: some Sequence<CompanyUpdate>) -> CellTable {
    var result = CellTable(width: 3)
    for update in updates {
      result.append(rows.cell(update.row, CompanyColumn.uscc.rawValue), of: rows)
      result.append(.text([0x41 + UInt8(update.credit & 3)]))
      result.append(integer: update.updatedAt)
    }
    return result
  }
}
