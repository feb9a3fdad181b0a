/// Rows of values in two flat buffers: 16-byte cells and one arena of bytes. Bulk work reads, binds,
/// encodes and hashes from it without an allocation per value (performance.md §2).
package struct CellTable: Sendable {
  /// One value: an integer or real in `word`, or `length` bytes of the arena from offset `word`.
  package struct Cell: Sendable {
    package let kind: ValueKind
    /// Bytes, for text and blob; else 0.
    package let length: UInt32
    package let word: UInt64

    /// Takes the fields as they are; texts and blobs must lie in the arena of the table.
    package init(kind: ValueKind, length: UInt32, word: UInt64) {
      (self.kind, self.length, self.word) = (kind, length, word)
    }
  }

  /// Cells per row; may be 0.
  package let width: Int
  /// Row by row.
  package private(set) var cells: [Cell] = []
  /// The bytes of all texts and blobs.
  package private(set) var bytes: [UInt8] = []

  package init(width: Int) {
    precondition(width >= 0, "a table has no negative width")
    self.width = width
  }

  /// Takes complete rows and their arena as they are; several cells may share bytes of the arena.
  package init(width: Int, cells: [Cell], bytes: [UInt8]) {
    precondition(width >= 0, "a table has no negative width")
    precondition(width == 0 ? cells.isEmpty : cells.count % width == 0, "rows are complete")
    (self.width, self.cells, self.bytes) = (width, cells, bytes)
  }

  /// Complete rows; 0 for a table of width 0.
  package var rowCount: Int { width == 0 ? 0 : cells.count / width }

  /// Takes memory for that many further rows and arena bytes.
  package mutating func reserve(rows: Int, bytes count: Int) {
    cells.reserveCapacity(cells.count + rows * width)
    bytes.reserveCapacity(bytes.count + count)
  }

  package mutating func appendNull() { cells.append(Cell(kind: .null, length: 0, word: 0)) }

  package mutating func append(integer: Int64) {
    cells.append(Cell(kind: .integer, length: 0, word: UInt64(bitPattern: integer)))
  }

  package mutating func append(realBits: UInt64) {
    cells.append(Cell(kind: .real, length: 0, word: realBits))
  }

  /// Copies the bytes of a text (kind `.text`) or blob (kind `.blob`).
  package mutating func append(_ kind: ValueKind, bytes source: UnsafeRawBufferPointer) {
    precondition(kind == .text || kind == .blob, "only texts and blobs have bytes")
    precondition(source.count <= Int(UInt32.max), "a value has at most 2^32 - 1 bytes")
    cells.append(Cell(kind: kind, length: UInt32(source.count), word: UInt64(bytes.count)))
    bytes.append(contentsOf: source)
  }

  package mutating func append(_ value: Value) {
    switch value {
    case .null: appendNull()
    case .integer(let number): append(integer: number)
    case .real(let bits): append(realBits: bits)
    case .text(let source): source.withUnsafeBytes { append(.text, bytes: $0) }
    case .blob(let source): source.withUnsafeBytes { append(.blob, bytes: $0) }
    }
  }

  /// Copies one cell of another table.
  package mutating func append(_ cell: Cell, of other: CellTable) {
    switch cell.kind {
    case .null, .integer, .real: cells.append(cell)
    case .text, .blob:
      let offset = Int(cell.word)
      cells.append(Cell(kind: cell.kind, length: cell.length, word: UInt64(bytes.count)))
      bytes.append(contentsOf: other.bytes[offset..<offset + Int(cell.length)])
    }
  }

  /// The rows at some indexes in that order. The arena is shared, not copied.
  package func selecting(_ rows: [Int]) -> CellTable {
    var selected: [Cell] = []
    selected.reserveCapacity(rows.count * width)
    for row in rows { selected.append(contentsOf: cells[row * width..<(row + 1) * width]) }
    return CellTable(width: width, cells: selected, bytes: bytes)
  }

  /// Rows of this table, each followed by the row of `other` at the same place in the list.
  package func joining(_ rows: [Int], with other: CellTable) -> CellTable {
    precondition(rows.count == other.rowCount, "a row of the other table for each")
    var joined: [Cell] = []
    joined.reserveCapacity(rows.count * (width + other.width))
    let shift = UInt64(bytes.count)
    for (place, row) in rows.enumerated() {
      joined.append(contentsOf: cells[row * width..<(row + 1) * width])
      for cell in other.cells[place * other.width..<(place + 1) * other.width] {
        let hasBytes = cell.kind == .text || cell.kind == .blob
        joined.append(
          hasBytes ? Cell(kind: cell.kind, length: cell.length, word: cell.word + shift) : cell)
      }
    }
    return CellTable(width: width + other.width, cells: joined, bytes: bytes + other.bytes)
  }

  package func cell(_ row: Int, _ column: Int) -> Cell { cells[row * width + column] }

  package func value(_ row: Int, _ column: Int) -> Value { value(of: cell(row, column)) }

  /// The value of a cell of this table. Cost: copies the bytes of texts and blobs.
  package func value(of cell: Cell) -> Value {
    switch cell.kind {
    case .null: return .null
    case .integer: return .integer(Int64(bitPattern: cell.word))
    case .real: return .real(bits: cell.word)
    case .text: return .text(Array(byteSlice(cell)))
    case .blob: return .blob(Array(byteSlice(cell)))
    }
  }

  /// The bytes of a text or blob cell.
  package func byteSlice(_ cell: Cell) -> ArraySlice<UInt8> {
    bytes[Int(cell.word)..<Int(cell.word) + Int(cell.length)]
  }

  /// Whether two cells of two tables hold the same value.
  package static func equal(
    _ left: Cell, of leftTable: CellTable, _ right: Cell, of rightTable: CellTable
  ) -> Bool {
    guard left.kind == right.kind else { return false }
    switch left.kind {
    case .null: return true
    case .integer, .real: return left.word == right.word
    case .text, .blob:
      return left.length == right.length
        && leftTable.byteSlice(left).elementsEqual(rightTable.byteSlice(right))
    }
  }

  /// Checks that the rows are complete and that every cell lies within the arena.
  package func checkInvariants() {
    precondition(width == 0 ? cells.isEmpty : cells.count % width == 0, "rows are complete")
    for cell in cells where cell.kind == .text || cell.kind == .blob {
      precondition(Int(cell.word) + Int(cell.length) <= bytes.count, "a cell lies in the arena")
    }
  }
}

extension CellTable: Equatable {
  /// Equal values in equal places; the layout of the arena does not matter.
  package static func == (left: CellTable, right: CellTable) -> Bool {
    guard left.width == right.width, left.cells.count == right.cells.count else { return false }
    return zip(left.cells, right.cells).allSatisfy {
      equal($0, of: left, $1, of: right)
    }
  }
}
