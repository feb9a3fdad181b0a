/// A table of reference data that cannot be read: which, the line from 1, and what is wrong with it.
package struct ReferenceTableError: Error, Hashable, Sendable {
  package let table: String
  package let line: Int
  package let reason: String

  package init(table: String, line: Int, reason: String) {
    (self.table, self.line, self.reason) = (table, line, reason)
  }
}
