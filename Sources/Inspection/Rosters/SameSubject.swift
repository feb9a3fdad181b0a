/// Two rows of a roster that seem to be one subject (疑似重复主体): one came in without a credit code, such as
/// unlicensed trading that a county found, the other has one. A person decides; the row with the code survives.
/// Source: domain.md §2.9 C-24.
package struct SameSubject: Hashable, Sendable {
  /// A row of a roster, as far as it matters here.
  package struct Row: Hashable, Sendable {
    package let code: String
    package let name: String
    package let registrationNumber: String
    package let legalRepresentative: String
    package let address: String

    package init(
      code: String, name: String, registrationNumber: String, legalRepresentative: String,
      address: String
    ) {
      (self.code, self.name, self.registrationNumber) = (code, name, registrationNumber)
      (self.legalRepresentative, self.address) = (legalRepresentative, address)
    }

    /// Whether the key is a unified social credit code, whatever its check character says.
    package var hasCreditCode: Bool {
      // Why not is told on import.
      (try? CreditCode(Array(code.utf8))) != nil
    }
  }

  /// What the two have in common.
  package enum Reason: String, Hashable, Sendable {
    case registrationNumber = "注册号相同"
    case nameAndPerson = "名称和负责人相同"
    case nameAndAddress = "名称和地址相同"
  }

  /// The row without a credit code, which becomes another name of the other.
  package let alias: String
  package let survivor: String
  package let reason: Reason

  /// All pairs of a roster, ascending by alias and survivor. `known`: aliases that were decided on before.
  /// Cost: linear in the rows.
  package static func suspected(
    _ rows: [Row], known: Set<String> = []
  ) -> [SameSubject] {
    let codeless = rows.filter { !$0.hasCreditCode && !known.contains($0.code) }
    var (byNumber, byName) = ([String: [Row]](), [String: [Row]]())
    let (numbers, names) = (
      Set(codeless.flatMap { [$0.registrationNumber, $0.code] }), Set(codeless.map(\.name))
    )
    for row in rows where row.hasCreditCode {
      if !row.registrationNumber.isEmpty, numbers.contains(row.registrationNumber) {
        byNumber[row.registrationNumber, default: []].append(row)
      }
      if !row.name.isEmpty, names.contains(row.name) { byName[row.name, default: []].append(row) }
    }
    var found: Set<SameSubject> = []
    for row in codeless {
      /// One reason for a pair is enough.
      func add(_ other: Row, _ reason: Reason) {
        if !found.contains(where: { $0.alias == row.code && $0.survivor == other.code }) {
          found.insert(SameSubject(alias: row.code, survivor: other.code, reason: reason))
        }
      }
      for number in [row.registrationNumber, row.code] where !number.isEmpty {
        for other in byNumber[number] ?? [] { add(other, .registrationNumber) }
      }
      for other in byName[row.name] ?? [] {
        if !row.legalRepresentative.isEmpty, row.legalRepresentative == other.legalRepresentative {
          add(other, .nameAndPerson)
        } else if !row.address.isEmpty, row.address == other.address {
          add(other, .nameAndAddress)
        }
      }
    }
    return found.sorted { ($0.alias, $0.survivor) < ($1.alias, $1.survivor) }
  }
}
