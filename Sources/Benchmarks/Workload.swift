package import Causality
package import Changes

/// An update of `credit` and `updated_at` of one row.
package struct CompanyUpdate: Hashable, Sendable {
  /// Index of the row in the workload.
  package let row: Int
  /// 0…3 for A…D.
  package let credit: Int
  /// Milliseconds since 1970.
  package let updatedAt: Int64

  package init(row: Int, credit: Int, updatedAt: Int64) {
    (self.row, self.credit, self.updatedAt) = (row, credit, updatedAt)
  }
}

/// The columns of `companies`, in order.
package enum CompanyColumn: Int, Sendable, CaseIterable {
  case uscc
  case name
  case address
  case county
  case credit
  case legalRepresentative
  case status
  case phone
  case capital
  case updatedAt

  /// The name in SQL.
  package var name: String {
    switch self {
    case .uscc: "uscc"
    case .name: "name"
    case .address: "address"
    case .county: "county"
    case .credit: "credit"
    case .legalRepresentative: "legal_rep"
    case .status: "status"
    case .phone: "phone"
    case .capital: "capital"
    case .updatedAt: "updated_at"
    }
  }
}

/// The rows and updates of one writer and one receiver. Source: performance.md §3.
///
/// `first` rows are inserted, half of them updated; then as many changes again, half inserts and half
/// updates, of which 40 % meet a concurrent update of the receiver; then single updates.
package struct CoreWorkload: Sendable {
  /// Rows in `CompanyColumn` order: `first`, then `later`.
  package let rows: CellTable
  package let first: Int
  package let later: Int
  package let updates: [CompanyUpdate]
  /// Updates sent together with the `later` inserts.
  package let mixed: [CompanyUpdate]
  /// Concurrent updates at the receiver, of the first rows of `mixed`, newer or older by 5 s.
  package let remote: [CompanyUpdate]
  package let single: [CompanyUpdate]

  /// Transactions of one row, at most.
  package static let singleTransactions = 1_000
  /// Repetitions of the phases that send one row or nothing.
  package static let oneRowRepeats = 20

  /// How many rows a run of `first` rows needs.
  package static func rowsNeeded(first: Int) -> Int { first + first / 4 + 8 }

  /// Chooses the updates. Throws when there are fewer rows than `rowsNeeded(first:)` or fewer than 8.
  package init(rows: CellTable, first: Int) throws(BenchError) {
    guard first >= 8, rows.rowCount >= Self.rowsNeeded(first: first),
      rows.width == CompanyColumn.allCases.count
    else {
      throw .size(
        reason: "\(first) rows need a source of \(Self.rowsNeeded(first: first)), 8 at least")
    }
    var random = WorkloadRandom()
    let changes = first / 2
    self.rows = rows
    self.first = first
    later = changes / 2
    updates = Self.choose(changes, rows, first, 1_730_000_000_000, &random)
    mixed = Self.choose(changes - changes / 2, rows, first, 1_740_000_000_000, &random)
    var remote: [CompanyUpdate] = []
    for update in mixed.prefix(mixed.count * 2 / 5) {
      let shift: Int64 = random.next() & 1 == 1 ? 5_000 : -5_000
      remote.append(
        CompanyUpdate(
          row: update.row, credit: (update.credit + 1) % 4, updatedAt: update.updatedAt + shift))
    }
    self.remote = remote
    let single = min(Self.singleTransactions, first)
    self.single = Self.choose(single, rows, first, 1_750_000_000_000, &random)
  }

  /// The repeated update of one row.
  package func one(_ repetition: Int) -> CompanyUpdate {
    CompanyUpdate(
      row: single[0].row, credit: repetition & 3,
      updatedAt: 1_760_000_000_000 + Int64(repetition))
  }

  /// `count` distinct rows of the first `bound`, each with another credit than the source gives it.
  private static func choose(
    _ count: Int, _ rows: CellTable, _ bound: Int, _ time: Int64, _ random: inout WorkloadRandom
  ) -> [CompanyUpdate] {
    var indexes = Array(0..<bound)
    var updates: [CompanyUpdate] = []
    updates.reserveCapacity(count)
    for step in 0..<count {
      indexes.swapAt(step, step + random.next(below: bound - step))
      let row = indexes[step]
      let letter = rows.byteSlice(rows.cell(row, CompanyColumn.credit.rawValue)).first ?? 0x41
      let credit = (Int(letter) - 0x41 + 1 + random.next(below: 3)) % 4
      updates.append(
        CompanyUpdate(row: row, credit: credit, updatedAt: time + Int64(step) * 37))
    }
    return updates
  }
}

/// The rows and updates of a hub and its children. Source: performance.md §3.
///
/// The hub holds `base` rows of each child; each child inserts `changes` / 2 rows and makes as many
/// updates of its own rows, in turn. Each child is a county: its rows get its own code.
package struct HubWorkload: Sendable {
  /// First the base rows of every child, child by child, then their inserts.
  package let rows: CellTable
  package let children: Int
  /// Inserts, and updates, of each child.
  package let half: Int
  /// One per child.
  package let counties: [Scope]

  /// Rows of each child at the hub before.
  package static let base = 300

  /// How many rows the run needs.
  package static func rowsNeeded(children: Int, changes: Int) -> Int {
    children * (base + changes / 2)
  }

  /// Throws when there are too few rows, no child or no change.
  package init(rows: CellTable, children: Int, changes: Int) throws(BenchError) {
    let needed = Self.rowsNeeded(children: children, changes: changes)
    guard children > 0, changes > 1, rows.rowCount >= needed,
      rows.width == CompanyColumn.allCases.count
    else {
      throw .size(
        reason: "\(children) children with \(changes) changes need a source of \(needed) rows")
    }
    counties = (1...children).compactMap { Scope(code: 530_000 + UInt32($0)) }
    guard children <= 9_999 else { throw .size(reason: "\(children) children, at most 9,999") }
    (self.children, half) = (children, changes / 2)
    self.rows = Self.relabelled(rows, needed, counties, half: changes / 2)
  }

  /// The first rows with the county of the child that they belong to.
  private static func relabelled(
    _ rows: CellTable, _ count: Int, _ counties: [Scope], half: Int
  ) -> CellTable {
    let codes = counties.map { Array($0.description.utf8) }
    var result = CellTable(width: rows.width)
    result.reserve(rows: count, bytes: count * 180)
    for row in 0..<count {
      let later = row - counties.count * base
      let child = later < 0 ? row / base : later / half
      for column in 0..<rows.width {
        if column == CompanyColumn.county.rawValue {
          codes[child].withUnsafeBytes { result.append(.text, bytes: $0) }
        } else {
          result.append(rows.cell(row, column), of: rows)
        }
      }
    }
    return result
  }

  /// The rows that the hub has of a child.
  package func baseRows(of child: Int) -> Range<Int> {
    child * Self.base..<(child + 1) * Self.base
  }

  /// The rows that a child inserts.
  package func insertedRows(of child: Int) -> Range<Int> {
    let start = children * Self.base + child * half
    return start..<start + half
  }

  /// The updates that a child makes after its inserts; rows repeat when there are more than `base`.
  package func updates(of child: Int) -> [CompanyUpdate] {
    (0..<half).map { step in
      CompanyUpdate(
        row: child * Self.base + step % Self.base, credit: (step + child) & 3,
        updatedAt: 1_730_000_000_000 + Int64(child) * 1_000_000 + Int64(step))
    }
  }

  /// Rows that each child changes.
  package var changedRows: Int { half + min(half, Self.base) }
}
