/// An object of the roster as far as a frame looks at it: published fields, marks, credit class.
/// Source: domain.md §2.2, §4.7; Protocol/10-Draw.md §2, §5.
package struct RosterObject: Hashable, Sendable {
  package let key: String
  /// A, B, C, D or N; with the line's risk where there is one.
  package let creditClass: String
  package let lineRisk: String?
  /// Marks against drawing, each with its reason; the lowest code is shown.
  package let exclusions: Set<FrameStatus>
  package let visitsThisYear: UInt32
  /// Year of the last check; nil for never.
  package let lastCheckedYear: UInt32?
  /// Published values per field.
  package let fields: [FilterField: [String]]

  package init(
    key: String, creditClass: String, lineRisk: String? = nil,
    exclusions: Set<FrameStatus> = [], visitsThisYear: UInt32 = 0, lastCheckedYear: UInt32? = nil,
    fields: [FilterField: [String]] = [:]
  ) {
    self.key = key
    self.creditClass = creditClass
    self.lineRisk = lineRisk
    self.exclusions = exclusions
    self.visitsThisYear = visitsThisYear
    self.lastCheckedYear = lastCheckedYear
    self.fields = fields
  }
}

/// How a roster becomes the rows of a frame: the same code at the county and at the hub.
package struct FrameRule: Hashable, Sendable {
  /// nil takes everything.
  package let filter: FilterExpression?
  /// Visits a year; nil for no cap.
  package let visitsPerYear: UInt32?
  /// The year of the draw when rows are weighted by the years since their last check; nil for weight 1.
  package let coverageYear: UInt32?

  package init(
    filter: FilterExpression? = nil, visitsPerYear: UInt32? = nil, coverageYear: UInt32? = nil
  ) {
    self.filter = filter
    self.visitsPerYear = visitsPerYear
    self.coverageYear = coverageYear
  }

  /// The row of an object: nobody is left out, those not to be drawn say why. Marks come before the
  /// frequency cap, the filter last.
  package func row(of object: RosterObject) -> FrameRow {
    FrameRow(
      key: object.key, stratum: object.creditClass + (object.lineRisk ?? ""),
      weight: weight(of: object), status: status(of: object))
  }

  private func status(of object: RosterObject) -> FrameStatus {
    let marked = object.exclusions.filter { ![.eligible, .frequency].contains($0) }
    if let lowest = marked.map(\.rawValue).min(), let status = FrameStatus(rawValue: lowest) {
      return status
    }
    // A frequency mark comes after all others, as the protocol has it.
    let isVisited = visitsPerYear.map { object.visitsThisYear >= $0 } ?? false
    if isVisited || object.exclusions.contains(.frequency) { return .frequency }
    if let filter, !filter.matches({ object.fields[$0] ?? [] }) { return .outsideFilter }
    return .eligible
  }

  /// Years since the last check, 1…5; never checked counts 5: who was long not seen comes sooner.
  private func weight(of object: RosterObject) -> UInt32 {
    guard let coverageYear else { return 1 }
    guard let last = object.lastCheckedYear else { return 5 }
    return min(5, max(1, coverageYear > last ? coverageYear - last : 1))
  }

  /// How many rows each region gets of a total, by weight times frame size and largest remainder; ties go
  /// to the region that comes first (§4.8). The sum is the total unless all products are 0.
  package static func regionalCounts(total: UInt32, regions: [(weight: UInt16, rows: UInt32)])
    -> [UInt32]
  {
    let products = regions.map { UInt64($0.weight) * UInt64($0.rows) }
    let sum = products.reduce(0, +)
    guard sum > 0 else { return regions.map { _ in 0 } }
    let shares = products.map { sum.dividingFullWidth(UInt64(total).multipliedFullWidth(by: $0)) }
    var counts = shares.map { UInt32($0.quotient) }
    let missing = Int(total) - counts.reduce(0) { $0 + Int($1) }
    let order = shares.indices.sorted { (shares[$1].remainder, $0) < (shares[$0].remainder, $1) }
    for index in order.prefix(missing) { counts[index] += 1 }
    return counts
  }
}
