import Causality
import Changes

extension DivisionRoster {
  private static let statusCodes: [StaticString] = [
    "ON_DUTY", "LEAVE", "SECONDED", "SUSPENDED", "LEFT", "RETIRED",
  ]
  private static let statusWeights = [900, 30, 25, 3, 22, 20]

  /// Appends one row; `text` is memory to reuse.
  func appendInspector(_ number: Int, to table: inout CellTable, text: inout [UInt8]) {
    var random = KeyedRandom(seed, 4, UInt64(division.scope.code), UInt64(number))
    text.removeAll(keepingCapacity: true)
    text.append(decimal: Int(division.scope.code), digits: 6)
    text.append(decimal: number + 1, digits: 5)
    let certificate = text
    table.append(text: certificate)
    text.removeAll(keepingCapacity: true)
    Self.appendPerson(&random, to: &text)
    table.append(text: text)
    table.append(random.chance(620) ? "M" : "F")
    table.appendNull()  // The hash of an identity number is never invented.
    table.append(text: place.office)
    if division.level == .county {
      text.removeAll(keepingCapacity: true)
      place.towns.append(random.below(place.towns.count), to: &text)
      text.append(contentsOf: "市场监督管理所".utf8)
      table.append(text: text)
    } else {
      table.appendNull()
    }
    table.append(text: certificate)
    table.append("云南省人民政府")
    text.removeAll(keepingCapacity: true)
    Self.appendDate(year: 2026 + random.below(5), &random, to: &text)
    table.append(text: text)
    table.append(Self.statusCodes[random.weighted(Self.statusWeights, sum: 1_000)])
    table.append(integer: Int64(4 + random.below(9)))
    text.removeAll(keepingCapacity: true)
    appendPhone(isMobile: true, &random, to: &text)
    table.append(text: text)
  }
}
