/// The bounds of roster files, with unit and reason. Bounds of the engine are in `Changes/Limits`.
package enum RosterLimits {
  /// Bytes of one file. The largest county, 320,000 companies of 250 bytes, has 80 MB.
  package static let fileBytes = 256 << 20
  /// Bytes of one record with its quotes. The widest row of the contract has less than 8 KiB.
  package static let recordBytes = 64 << 10
  /// Columns of a file, known or not.
  package static let columns = 256
  /// Problems that a report lists; it counts the rest.
  package static let problemsListed = 1_000
}
