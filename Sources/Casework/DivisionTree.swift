package import Causality
package import Changes

/// The level of a division. The raw value is the word in the table of divisions.
package enum DivisionLevel: String, Hashable, Sendable, CaseIterable {
  case province
  case prefecture
  case county
}

/// An administrative division: code, Chinese name, place in the tree.
package struct Division: Hashable, Sendable {
  /// The code of GB/T 2260, six digits.
  package let scope: Scope
  /// The full Chinese name, e.g. `五华区`.
  package let name: String
  package let parent: Scope?
  package let level: DivisionLevel
}

/// The divisions that the program knows: 1 province, 16 prefectures, 129 counties of Yunnan.
///
/// Source: Resources/divisions.csv (header `code,name,parent,level`), domain.md §3.2. Development zones
/// have no code of GB/T 2260 and are units of a division, not divisions.
package struct DivisionTree: Sendable {
  /// Ascending by code.
  package let divisions: [Division]
  /// The same tree as the engine takes it.
  package let scopes: ScopeTree
  private let index: [Scope: Int]

  /// The table built into the program. Throws `divisionsUnreadable` when it is damaged.
  package static func builtIn() throws(CaseworkError) -> DivisionTree {
    try DivisionTree(csv: PackageResources.divisions_csv)
  }

  /// Parses a table of that form: UTF-8, no quotes, lines end with LF or CRLF. Throws
  /// `divisionsUnreadable` at the first bad line.
  package init(csv bytes: [UInt8]) throws(CaseworkError) {
    var divisions: [Division] = []
    let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    for (number, line) in zip(1..., lines) {
      let content = line.last == 0x0D ? line.dropLast() : line
      if number == 1 || content.isEmpty { continue }
      divisions.append(try Self.division(content, line: number))
    }
    self.divisions = divisions.sorted { $0.scope < $1.scope }
    do {
      scopes = try ScopeTree(
        self.divisions.map { ScopeTree.Entry(scope: $0.scope, parent: $0.parent) })
    } catch {
      throw .divisionsUnreadable(line: 1, reason: error.reason)
    }
    var index: [Scope: Int] = [:]
    for (position, division) in self.divisions.enumerated() { index[division.scope] = position }
    self.index = index
  }

  /// The division of a scope; nil when there is none.
  package func division(_ scope: Scope) -> Division? { index[scope].map { divisions[$0] } }

  /// The counties, ascending by code.
  package var counties: [Division] { divisions.filter { $0.level == .county } }

  /// The divisions of that full name or code, ascending; counties of two prefectures may share a name.
  package func divisions(named text: String) -> [Division] {
    divisions.filter { $0.name == text || $0.scope.description == text }
  }

  /// The names from the top down to a scope, joined: `云南省昆明市五华区`. Empty when it is unknown.
  package func fullName(_ scope: Scope) -> String {
    var names: [String] = []
    var next: Scope? = scope
    while let current = next, let division = division(current) {
      names.append(division.name)
      next = division.parent
    }
    return names.reversed().joined()
  }

  private static func division(_ line: ArraySlice<UInt8>, line number: Int)
    throws(CaseworkError) -> Division
  {
    func fail(_ reason: String) -> CaseworkError {
      .divisionsUnreadable(line: number, reason: reason)
    }
    guard let text = String(validating: line, as: UTF8.self) else { throw fail("not UTF-8") }
    let fields = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    guard fields.count == 4 else { throw fail("\(fields.count) fields, not 4") }
    guard let scope = Scope(fields[0]) else { throw fail("'\(fields[0])' is no code") }
    guard !fields[1].isEmpty else { throw fail("no name") }
    guard let level = DivisionLevel(rawValue: fields[3]) else {
      throw fail("'\(fields[3])' is no level")
    }
    let parent = Scope(fields[2])
    guard (parent == nil) == fields[2].isEmpty else { throw fail("'\(fields[2])' is no code") }
    return Division(scope: scope, name: fields[1], parent: parent, level: level)
  }
}
