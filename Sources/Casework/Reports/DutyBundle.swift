internal import Inspection

/// 尽职照单: everything that shows how one visit was made, as it stands here, and what is missing or late
/// . The form is documented in README.
package struct DutyBundle: Codable, Hashable, Sendable {
  /// What stands in `format`.
  package static let format = "tributary-duty-1"

  /// The columns of one row by name; what is NULL is left out.
  package typealias Fields = [String: String]

  /// Something that should be there.
  package struct Gap: Codable, Hashable, Sendable {
    /// The element, e.g. `draw`, `evidence`, `publication`.
    package let element: String
    /// `MISSING`, `LATE` or `INVALID`.
    package let kind: String
    /// The requirement, e.g. `R-2.26`, and its clause.
    package let requirement: String
    package let clause: String
    /// The row that it is about.
    package let row: String

    init(_ element: String, _ kind: String, _ requirement: Requirement, _ row: String) {
      (self.element, self.kind, self.row) = (element, kind, row)
      (self.requirement, clause) = (requirement.rawValue, requirement.clause)
    }
  }

  package let format: String
  package let unit: String
  package let visitId: String
  package let madeAtMilliseconds: Int64
  package let rulesVersion: UInt64
  package let calendarVersion: UInt32
  package let visit: Fields
  /// The plan version that the task stands in, and the task.
  package let plan: Fields
  package let task: Fields
  package let taskState: Fields
  package let items: [Fields]
  package let draws: [Fields]
  package let frames: [Fields]
  package let assignments: [Fields]
  package let evidence: [Fields]
  package let results: [Fields]
  package let finalResults: [Fields]
  package let amendments: [Fields]
  package let publications: [Fields]
  package let followUps: [Fields]
  /// By element and row; empty when everything is there and in time.
  package let gaps: [Gap]
}
