package import Causality
internal import Changes
package import Inspection
internal import Store

/// An object in a library.
package struct LibraryMember: Hashable, Sendable {
  package let subject: String
  package let library: String
  /// The standard that it was put in under.
  package let standardVersion: Int64
  package let addedBy: String
  /// Whether the library has a newer standard by now: the unit looks at it again (C-04).
  package let needsReview: Bool
}

/// Libraries of objects (检查对象库): the province's line opens one and says what belongs in it, units put their
/// objects in. Source, C-04.
extension CaseStore {
  /// Opens a library, or gives it a new standard: one version, which nobody changes afterwards. Throws `refused`
  /// below the province, `exists`.
  package func issueLibrary(
    _ library: String, version: Int64, line: String, title: String, standard: String,
    effectiveFrom: CivilDate
  ) throws(CaseworkError) {
    try requireTop(.objectRoster, library)
    guard !library.isEmpty, !library.contains(where: \.isWhitespace) else {
      throw .refused([
        RuleBreach(.objectRoster, row: library, .malformed(field: "检查对象库", value: library))
      ])
    }
    try issue(IssuedTables.libraries, key: [.text(library), .integer(version)]) { values in
      values.set("line", line)
      values.set("title", title)
      values.set("standard", standard)
      values.set("effective_from", effectiveFrom)
    }
  }

  /// The libraries that were opened, as far as it is known here.
  func libraries() throws(CaseworkError) -> Set<String> { Set(try standards().keys) }

  /// The newest standard of each library.
  private func standards() throws(CaseworkError) -> [String: Int64] {
    var newest: [String: Int64] = [:]
    for row in try rows(of: IssuedTables.libraries, in: top) {
      guard let library = row.key[0].string, case .integer(let version) = row.key[1] else {
        continue
      }
      newest[library] = max(newest[library] ?? version, version)
    }
    return newest
  }

  /// Puts an object of the own unit into a library under the newest standard known here; an object that is in it
  /// is confirmed. Throws `missing` for a library that nobody opened and for an object that is not here.
  package func addToLibrary(_ subject: String, _ library: String) throws(CaseworkError) {
    guard let standard = try standards()[library] else {
      throw .missing(table: "object_libraries", key: library)
    }
    let scope = ownScope
    guard try holds(RosterSchema.companies, subject, in: scope) else {
      throw .missing(table: "companies", key: subject)
    }
    let key: [Value] = [.text(subject), .text(library)]
    try perform("library") { transaction throws(StoreError) -> Result<Void, CaseworkError> in
      func fill(_ values: inout CaseValues) {
        values.set("standard_version", standard)
        values.set("added_by", author)
      }
      if try transaction.row(of: FollowUpTables.libraryMembers, in: scope, key: key) == nil {
        try transaction.insert(FollowUpTables.libraryMembers, in: scope, key: key, fill)
      } else {
        try transaction.update(FollowUpTables.libraryMembers, in: scope, key: key, fill)
      }
      return .success(())
    }
  }

  /// Takes an object out of a library, as the unit or as a line above it. What the unit puts in at the same time
  /// stays in (C-04). Throws `missing`.
  package func removeFromLibrary(
    _ subject: String, _ library: String, of unit: Scope
  ) throws(CaseworkError) {
    let key: [Value] = [.text(subject), .text(library)]
    try perform("library") { transaction throws(StoreError) -> Result<Void, CaseworkError> in
      guard try transaction.row(of: FollowUpTables.libraryMembers, in: unit, key: key) != nil else {
        return .failure(.missing(table: "library_members", key: "\(subject)/\(library)"))
      }
      try transaction.delete(FollowUpTables.libraryMembers, in: unit, key: key)
      return .success(())
    }
  }

  /// What a unit has in libraries, by object and library. Cost: linear in it.
  package func libraryMembers(of unit: Scope) throws(CaseworkError) -> [LibraryMember] {
    let newest = try standards()
    return try rows(of: FollowUpTables.libraryMembers, in: unit).map { row in
      let library = row.key[1].string ?? ""
      let version = row.integer("standard_version") ?? 0
      return LibraryMember(
        subject: row.key[0].string ?? "", library: library, standardVersion: version,
        addedBy: row.text("added_by"), needsReview: version < newest[library] ?? version)
    }
  }
}
