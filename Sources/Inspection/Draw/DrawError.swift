/// Why a draw cannot be made. Clauses and rows are for the text that people see.
package enum DrawError: Error, Hashable, Sendable {
  /// An object key, stratum, tag or name has no bytes or more than `DrawLimits.textBytes`.
  case textLength(String)
  /// Two rows of one frame have this key.
  case duplicateKey(String)
  /// A weight outside 1…1,000,000.
  case weight(key: String, UInt32)
  /// A node stands twice in the cut of a frame.
  case duplicateNode(String)
  /// A unit stands twice in a frame of several.
  case duplicateUnit(String)
  /// More rows than `DrawLimits.rowsPerFrame`.
  case rows(Int)
  /// An eligible row whose stratum the parameters do not name.
  case unknownStratum(key: String, stratum: String)
  /// A stratum stands twice in the parameters.
  case duplicateStratum(String)
  /// A ratio above 10,000 basis points, or a minimum above the maximum.
  case stratumRange(String)
  /// Batches outside 1…65,535, or a batch count where no batches are drawn.
  case batches(UInt32)
  /// A stratum with one unit, which has nobody to check and to be checked by.
  case pairOfOne(stratum: String)
  /// The caps cannot be kept without going below the floors: a person must decide.
  case capConflict(cap: UInt32, floors: UInt64)
  /// A total cap is missing or above what the item allows.
  case capAbove(cap: UInt32, allowed: UInt32)
  /// So large a share must be drawn as an order of batches. Basis points.
  case batchOrderNeeded(shareBp: UInt64, thresholdBp: UInt32)
  /// A draw must follow the barrier of the province: this node's counter is below it (§4.6).
  case belowBarrier(node: String, has: UInt64, needs: UInt64)
  /// A team of fewer than two, or more than `DrawLimits.teamSize`.
  case teamSize(Int)
  /// A filter that is no expression.
  case filter(FilterError)
}

/// Bounds of the draw, with unit and reason; mirrored in Protocol/10-Draw.md §13.
package enum DrawLimits {
  /// Rows of a frame: twenty times the largest county.
  package static let rowsPerFrame = 8_000_000
  /// Bytes of a key, stratum, tag, node or name.
  package static let textBytes = 256
  /// Bytes of a filter.
  package static let filterBytes = 4_096
  /// Depth of a filter's parentheses and negations.
  package static let filterDepth = 32
  /// Strata of a draw: credit classes times line risks and room.
  package static let strata = 256
  /// Tasks of one session.
  package static let tasksPerSession = 1_024
  /// Committed values of one list and year: 60 tasks of few draws each, eight times.
  package static let committedValues = 4_096
  /// Largest weight of a row.
  package static let weight: UInt32 = 1_000_000
  /// Units of one frame: a province has 145 below it.
  package static let units = 1_024
  /// Inspectors of one team.
  package static let teamSize = 64
  /// Reserves published per stratum.
  package static let reserves = 5
}
