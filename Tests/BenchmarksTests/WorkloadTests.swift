import Benchmarks
import Causality
import Changes
import Testing

/// FNV-1a over the values of a table, to compare whole workloads by one number.
func fingerprint(_ rows: CellTable) -> UInt64 {
  var hash: UInt64 = 0xCBF2_9CE4_8422_2325
  func mix(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
  for cell in rows.cells {
    mix(cell.kind.rawValue)
    if cell.kind == .text {
      rows.byteSlice(cell).forEach(mix)
    } else {
      mix(UInt8(cell.word & 0xFF))
    }
  }
  return hash
}

func fingerprint(_ updates: [CompanyUpdate]) -> UInt64 {
  updates.reduce(0xCBF2_9CE4_8422_2325) { hash, update in
    (hash ^ UInt64(update.row) << 34 ^ UInt64(update.credit) << 32 ^ UInt64(update.updatedAt))
      &* 0x100_0000_01B3
  }
}

func generatedRows(_ count: Int, scopes: [UInt32] = [530_102]) -> CellTable {
  var rows = CellTable(width: CompanyColumn.allCases.count)
  var generator = CompanyGenerator(counties: scopes.compactMap { Scope(code: $0) })
  generator.append(count, to: &rows)
  return rows
}

@Suite("Workloads are the same on every run")
struct WorkloadTests {
  @Test("Generated companies are a function of seed and counties")
  func generatorIsDeterministic() {
    let rows = generatedRows(500)
    #expect(rows.rowCount == 500)
    #expect(fingerprint(rows) == fingerprint(generatedRows(500)))
    #expect(fingerprint(rows) != fingerprint(generatedRows(500, scopes: [530_103])))
    #expect(fingerprint(rows) == 9_911_337_197_865_119_323)
  }

  @Test("Keys ascend, are 18 characters long and carry the county")
  func keysAreCreditCodes() {
    let rows = generatedRows(300, scopes: [530_102, 530_129])
    let keys = (0..<300).compactMap { rows.value($0, CompanyColumn.uscc.rawValue).string }
    #expect(keys.count == 300)
    #expect(keys.allSatisfy { $0.utf8.count == 18 })
    #expect(Set(keys).count == 300)
    for row in 0..<300 {
      let county = rows.value(row, CompanyColumn.county.rawValue).string ?? ""
      #expect(keys[row].dropFirst(2).prefix(6) == county)
      let credit = rows.value(row, CompanyColumn.credit.rawValue).string ?? ""
      #expect(["A", "B", "C", "D"].contains(credit))
    }
  }

  @Test("The updates of a core run are distinct rows with another credit")
  func coreUpdates() throws {
    let workload = try CoreWorkload(rows: generatedRows(633), first: 500)
    #expect(workload.updates.count == 250)
    #expect(workload.later == 125)
    #expect(workload.mixed.count == 125)
    #expect(workload.remote.count == 50)
    #expect(workload.single.count == 500)
    #expect(Set(workload.updates.map(\.row)).count == 250)
    for update in workload.updates {
      let before = workload.rows.value(update.row, CompanyColumn.credit.rawValue)
      #expect(before != .text(["A", "B", "C", "D"][update.credit]))
    }
    for (remote, mixed) in zip(workload.remote, workload.mixed) {
      #expect(remote.row == mixed.row)
      #expect(abs(remote.updatedAt - mixed.updatedAt) == 5_000)
    }
  }

  @Test("The choice of rows is that of the reference program")
  func choiceOfRows() throws {
    let workload = try CoreWorkload(rows: generatedRows(633), first: 500)
    #expect(workload.updates.prefix(5).map(\.row) == [134, 404, 82, 218, 359])
    #expect(workload.single.prefix(3).map(\.row) == [483, 207, 218])
    #expect(
      fingerprint(workload.updates + workload.mixed + workload.remote) == 4_895_813_736_595_875_653)
  }

  @Test("A source that is too small is refused")
  func tooSmall() {
    #expect(throws: BenchError.self) { try CoreWorkload(rows: generatedRows(600), first: 500) }
    #expect(throws: BenchError.self) {
      try HubWorkload(rows: generatedRows(600), children: 3, changes: 10)
    }
  }

  @Test("A hub's children own disjoint rows")
  func hubRows() throws {
    let workload = try HubWorkload(rows: generatedRows(1_815), children: 3, changes: 610)
    #expect(workload.half == 305)
    #expect(workload.baseRows(of: 2) == 600..<900)
    #expect(workload.insertedRows(of: 0) == 900..<1_205)
    #expect(workload.insertedRows(of: 2).upperBound == 1_815)
    #expect(workload.updates(of: 1).count == 305)
    #expect(workload.updates(of: 1).allSatisfy { (300..<600).contains($0.row) })
    #expect(workload.changedRows == 605)
  }
}
