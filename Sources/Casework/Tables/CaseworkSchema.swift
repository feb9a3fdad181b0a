package import Changes

/// All tables of the product, as every node registers them: the rosters, which were version 1, since version 2
/// those of the casework, since version 3 libraries of objects and notes of supervision, and since version 4 draws
/// over several rosters, shares of them, and experts. A replica of an older version gets the new tables when it is
/// opened, and with its version what it had kept of them as unknown.
///
/// Ids 1,100…1,199 are the casework's; they are never used again.
package enum CaseworkSchema {
  /// Grows with each additive change.
  package static let version: UInt32 = 4

  /// The casework's own tables, ascending by id.
  package static let tables =
    IssuedTables.all + PlanTables.all + DrawTables.all + VisitTables.all + FollowUpTables.all
    + ExpertTables.all

  /// All tables at `version`.
  package static let current: Schema = {
    do throws(Schema.Invalid) {
      return try Schema(
        version: version, tables: RosterSchema.tables + tables.map(\.declaration))
    } catch {
      preconditionFailure("the casework schema is a constant: \(error.reason)")
    }
  }()
}
