package import Changes

/// How the writes of one register merge.
package enum RegisterPolicy: Hashable, Sendable {
  /// The register of the row's existence.
  case existence(ExistencePolicy)
  /// A column group.
  case columns(Policy)
}

/// The policies of all registers of a table's rows.
///
/// What this schema version does not know merges as `latest`, existence as `standard`: writers name in
/// `over` what their policy lets them replace, so its dots are the same everywhere (Protocol/4-Merge §9).
package struct RowPolicies: Hashable, Sendable {
  package let existence: ExistencePolicy
  /// Ascending by id.
  package let groups: [GroupDeclaration]

  /// nil for a table that this schema version does not know.
  package init(_ table: TableDeclaration?) {
    existence = table?.existence ?? .standard
    groups = table?.groups ?? []
  }

  /// The policy of one register. Cost: linear in the groups.
  package subscript(group: GroupID) -> RegisterPolicy {
    if group == .existence { return .existence(existence) }
    return .columns(groups.first { $0.id == group }?.policy ?? .latest)
  }
}
