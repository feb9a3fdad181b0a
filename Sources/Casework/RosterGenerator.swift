package import Causality
package import Changes

/// Rosters of realistic size and content, invented: the same for the same seed, scale and divisions on
/// every platform. A row depends on seed, division and its number only, so that divisions can be
/// generated in any order, in part and again.
///
/// Source: domain.md §7.2 (sizes, kinds, classes). No clock, no Foundation.
package struct RosterGenerator: Sendable {
  package let seed: UInt64
  /// 1,000,000 is the model of 2019, 3.24 million companies; 2,000,000 about today's number.
  package let partsPerMillion: Int
  package let divisions: DivisionTree
  private let sizes: RosterSizes

  /// The largest scale: codes of one county are drawn from a range of 4 million.
  package static let largestScale = 3_000_000
  /// The month of the generated credit classes; nothing in the rows is later.
  package static let creditMonth = "2025-12"

  /// `partsPerMillion` is 1…`largestScale`.
  package init(seed: UInt64, partsPerMillion: Int, divisions: DivisionTree) {
    precondition(
      (1...Self.largestScale).contains(partsPerMillion), "the scale is out of its range")
    self.seed = seed
    self.partsPerMillion = partsPerMillion
    self.divisions = divisions
    sizes = RosterSizes(divisions: divisions, seed: seed, partsPerMillion: partsPerMillion)
  }

  /// The roster of one division; nil when it is not in the tree. Cost: makes its towns and roads.
  package func roster(of scope: Scope) -> DivisionRoster? {
    guard let division = divisions.division(scope),
      let slot = divisions.divisions.firstIndex(where: { $0.scope == scope })
    else { return nil }
    return DivisionRoster(
      seed: seed, division: division, slot: slot, tree: divisions,
      companyCount: sizes.companies(in: scope), inspectorCount: sizes.inspectors(in: scope))
  }

  /// Companies of all divisions.
  package var companyCount: Int {
    divisions.divisions.reduce(0) { $0 + sizes.companies(in: $1.scope) }
  }

  /// Inspectors of all divisions.
  package var inspectorCount: Int {
    divisions.divisions.reduce(0) { $0 + sizes.inspectors(in: $1.scope) }
  }
}

/// The generated companies and inspectors of one division, by number.
package struct DivisionRoster: Sendable {
  package let division: Division
  package let companyCount: Int
  package let inspectorCount: Int
  let seed: UInt64
  let slot: Int
  let place: DivisionPlace

  init(
    seed: UInt64, division: Division, slot: Int, tree: DivisionTree, companyCount: Int,
    inspectorCount: Int
  ) {
    precondition(companyCount <= Self.largestCompanyCount, "each company has a code of its own")
    self.seed = seed
    self.division = division
    self.slot = slot
    self.companyCount = companyCount
    self.inspectorCount = inspectorCount
    place = DivisionPlace(division: division, tree: tree, seed: seed)
  }

  /// The largest number of companies of one division.
  package static let largestCompanyCount = 1_000_000

  /// Cells of a row of companies: the key, then `CompanyFields.all` in order.
  package static let companyWidth = 1 + CompanyFields.all.count
  /// Cells of a row of inspectors: the key, then `InspectorFields.all` in order.
  package static let inspectorWidth = 1 + InspectorFields.all.count

  /// Appends the companies of the given numbers to a table of `companyWidth`. Keys are not in order.
  package func appendCompanies(_ numbers: Range<Int>, to table: inout CellTable) {
    precondition(table.width == Self.companyWidth, "the table has the width of companies")
    precondition(
      numbers.lowerBound >= 0 && numbers.upperBound <= companyCount, "numbers are of the roster")
    table.reserve(rows: numbers.count, bytes: numbers.count * 420)
    var text: [UInt8] = []
    for number in numbers { appendCompany(number, to: &table, text: &text) }
  }

  /// Appends the inspectors of the given numbers to a table of `inspectorWidth`. Keys ascend.
  package func appendInspectors(_ numbers: Range<Int>, to table: inout CellTable) {
    precondition(table.width == Self.inspectorWidth, "the table has the width of inspectors")
    precondition(
      numbers.lowerBound >= 0 && numbers.upperBound <= inspectorCount, "numbers are of the roster")
    var text: [UInt8] = []
    for number in numbers { appendInspector(number, to: &table, text: &text) }
  }

  /// Hands over all companies in batches of at most `Limits.rowsPerBatch`.
  package func eachCompanyBatch<Failure: Error>(
    _ body: (CellTable) throws(Failure) -> Void
  ) throws(Failure) {
    for start in stride(from: 0, to: companyCount, by: Limits.rowsPerBatch) {
      var table = CellTable(width: Self.companyWidth)
      appendCompanies(start..<min(start + Limits.rowsPerBatch, companyCount), to: &table)
      try body(table)
    }
  }
}
