package import Changes

/// All tables of the product: the rosters, which are version 1, and those of the casework since version 2.
///
/// Ids 1,100…1,199 are the casework's; they are never used again.
package enum CaseworkSchema {
  /// Grows with each additive change.
  package static let version: UInt32 = 2

  /// The casework's own tables, ascending by id.
  package static let tables =
    IssuedTables.all + PlanTables.all + DrawTables.all + VisitTables.all + FollowUpTables.all

  /// What every node registers.
  package static let current: Schema = {
    do throws(Schema.Invalid) {
      return try Schema(
        version: version, tables: RosterSchema.current.tables + tables.map(\.declaration))
    } catch {
      preconditionFailure("the casework schema is a constant: \(error.reason)")
    }
  }()
}
