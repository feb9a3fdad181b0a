/// A code of a list that the province sets: what is stored and the Chinese words for it.
package protocol ListedCode: RawRepresentable<String>, CaseIterable, Hashable, Sendable {
  /// What pages and files for people show.
  var title: String { get }
}

/// A stored code: one of a list, or one that this version of the program does not know.
///
/// Lists grow while counties are offline, so unknown codes are kept and shown as they are, never nulled
/// (domain.md S-09).
package enum Coded<List: ListedCode>: Hashable, Sendable {
  case known(List)
  case unknown(String)

  /// Takes any text.
  package init(_ code: String) {
    self = List(rawValue: code).map(Coded.known) ?? .unknown(code)
  }

  /// What is stored.
  package var code: String {
    switch self {
    case .known(let code): code.rawValue
    case .unknown(let text): text
    }
  }

  /// The Chinese words; of an unknown code the code itself.
  package var title: String {
    switch self {
    case .known(let code): code.title
    case .unknown(let text): text
    }
  }

  /// The code of the list; nil for an unknown one.
  package var known: List? {
    guard case .known(let code) = self else { return nil }
    return code
  }
}

extension Coded: Comparable {
  /// By the bytes of the stored code.
  package static func < (left: Coded, right: Coded) -> Bool {
    left.code.utf8.lexicographicallyPrecedes(right.code.utf8)
  }
}

/// Several codes in one text column: separated by single spaces, ascending, each once.
///
/// One text for one set, whoever writes it, so that equal choices are equal values.
package struct CodeSet<List: ListedCode>: Hashable, Sendable {
  /// Ascending, each once.
  package let codes: [Coded<List>]

  package init(_ codes: some Sequence<Coded<List>>) { self.codes = Set(codes).sorted() }
  package init(known codes: [List]) { self.init(codes.map(Coded.known)) }

  /// Takes what `text` gave, and any other text: what is between spaces is a code.
  package init(text: String) {
    self.init(text.split(separator: " ").map { Coded(String($0)) })
  }

  package var text: String { codes.map(\.code).joined(separator: " ") }
  package var isEmpty: Bool { codes.isEmpty }
  package func contains(_ code: List) -> Bool { codes.contains(.known(code)) }

  /// Whether every code is also in another set.
  package func isSubset(of other: CodeSet) -> Bool { codes.allSatisfy(other.codes.contains) }
}
