import Casework
import Causality
import Changes
import Inspection
import Testing

@Suite struct RosterGeneratorTests {
  private func generator(seed: UInt64 = 20_260_101, partsPerMillion: Int = 10_000) throws
    -> RosterGenerator
  {
    RosterGenerator(
      seed: seed, partsPerMillion: partsPerMillion, divisions: try DivisionTree.builtIn())
  }

  private func scope(_ code: UInt32) throws -> Scope { try #require(Scope(code: code)) }

  private func companies(_ roster: DivisionRoster, _ range: Range<Int>? = nil) -> CellTable {
    var table = CellTable(width: DivisionRoster.companyWidth)
    roster.appendCompanies(range ?? 0..<roster.companyCount, to: &table)
    table.checkInvariants()
    return table
  }

  /// FNV-1a of all values.
  private func hash(_ table: CellTable) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    func mix(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    for cell in table.cells {
      mix(cell.kind.rawValue)
      if cell.kind == .text { for byte in table.byteSlice(cell) { mix(byte) } }
      if cell.kind == .integer {
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
          mix(UInt8(cell.word >> shift & 0xFF))
        }
      }
    }
    return hash
  }

  @Test func `a seed fixes every byte`() throws {
    let roster = try #require(try generator().roster(of: try scope(530_102)))
    #expect(hash(companies(roster, 0..<500)) == 10_192_701_926_595_680_927)
    var inspectors = CellTable(width: DivisionRoster.inspectorWidth)
    roster.appendInspectors(0..<roster.inspectorCount, to: &inspectors)
    #expect(hash(inspectors) == 2_684_310_864_181_984_421)
    let other = try #require(try generator(seed: 2).roster(of: try scope(530_102)))
    #expect(hash(companies(roster, 0..<10)) != hash(companies(other, 0..<10)))
  }

  @Test func `rows do not depend on the order of generation`() throws {
    let roster = try #require(try generator().roster(of: try scope(530_128)))
    var pieces = CellTable(width: DivisionRoster.companyWidth)
    for number in 0..<50 { roster.appendCompanies(number..<number + 1, to: &pieces) }
    #expect(companies(roster, 0..<50) == pieces)
    var batches = 0
    roster.eachCompanyBatch { batches += $0.rowCount }
    #expect(batches == roster.companyCount)
  }

  @Test func `sizes follow the model of 2019 and the scale`() throws {
    let full = try generator(partsPerMillion: 1_000_000)
    #expect((3_150_000...3_350_000).contains(full.companyCount), "\(full.companyCount)")
    #expect((11_900...12_500).contains(full.inspectorCount), "\(full.inspectorCount)")
    let small = try generator(partsPerMillion: 1_000)
    #expect((3_100...3_500).contains(small.companyCount), "\(small.companyCount)")
    let village = try #require(full.roster(of: try scope(533_324)))
    let city = try #require(full.roster(of: try scope(530_111)))
    #expect(village.companyCount < 14_000 && city.companyCount > 70_000)
    #expect(try #require(full.roster(of: try scope(530_100))).companyCount == 0)
    #expect(full.roster(of: try scope(110_000)) == nil)
  }

  @Test func `all codes are valid and differ, also between counties`() throws {
    let generator = try generator(partsPerMillion: 1_000)
    var codes: Set<[UInt8]> = []
    var count = 0
    for county in generator.divisions.counties {
      let table = companies(try #require(generator.roster(of: county.scope)))
      for row in 0..<table.rowCount {
        let bytes = Array(table.byteSlice(table.cell(row, 0)))
        let code = try SubjectCode(bytes)
        #expect(!code.hasWarning)
        codes.insert(bytes)
        count += 1
      }
    }
    #expect(codes.count == count)
    #expect(count == generator.companyCount)
  }

  @Test func `kinds, classes and states have the shares of the model`() throws {
    let roster = try #require(
      try generator(partsPerMillion: 200_000).roster(of: try scope(530_302)))
    let table = companies(roster)
    var counts: [String: Int] = [:]
    for row in 0..<table.rowCount {
      let kind = table.value(row, 1).description
      counts[kind, default: 0] += 1
      counts["state " + table.value(row, 4).description, default: 0] += 1
      let creditClass = table.value(row, 11).description
      if kind == "ENT" || kind == "BRANCH" { counts["class " + creditClass, default: 0] += 1 }
      if kind == "IND" { #expect(creditClass == "N") }
    }
    func perMille(_ keys: [String], of total: Int) -> Int {
      keys.reduce(0) { $0 + (counts[$1] ?? 0) } * 1_000 / total
    }
    let total = table.rowCount
    let classed = (counts["ENT"] ?? 0) + (counts["BRANCH"] ?? 0)
    #expect((750...785).contains(perMille(["IND"], of: total)))
    #expect((195...235).contains(perMille(["ENT", "BRANCH"], of: total)))
    #expect((12...27).contains(perMille(["COOP"], of: total)))
    #expect((620...680).contains(perMille(["class A"], of: classed)))
    #expect((8...35).contains(perMille(["class D"], of: classed)))
    #expect((860...900).contains(perMille(["state ACTIVE"], of: total)))
  }

  @Test func `every value fits its field`() throws {
    let roster = try #require(try generator().roster(of: try scope(530_128)))
    let table = companies(roster)
    for row in 0..<table.rowCount {
      for (index, field) in CompanyFields.all.enumerated() {
        let value = table.value(row, index + 1)
        guard value != .null else { continue }
        #expect(value.kind == field.form.kind, "\(field.name)")
        if case .text = field.form { #expect(value.string?.isEmpty == false, "\(field.name)") }
        if case .code(let codes) = field.form {
          #expect(codes.contains { .text($0.code) == value }, "\(field.name) \(value)")
        }
      }
    }
    #expect(table.value(0, 2).description.unicodeScalars.allSatisfy { $0.value >= 0x80 })
    #expect(table.value(0, 7).description.hasPrefix("云南省昆明市禄劝彝族苗族自治县"))
  }
}
