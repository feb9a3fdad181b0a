package import Changes

/// All tables of the product, as every node registers them: the rosters, which were version 1, and since
/// version 2 those of the casework. A replica of an older version gets the new tables when it is opened.
///
/// Ids 1,100…1,199 are the casework's; they are never used again.
package enum CaseworkSchema {
  /// Grows with each additive change.
  package static let version: UInt32 = 2

  /// The casework's own tables, ascending by id.
  package static let tables =
    IssuedTables.all + PlanTables.all + DrawTables.all + VisitTables.all + FollowUpTables.all

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
