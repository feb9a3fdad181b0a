extension IndicatorReport {
  private static let columns = [
    "unit", "name", "indicator", "title", "value", "numerator", "denominator", "causal_cut",
    "worst_age_milliseconds", "stale_units", "silent_units",
  ]

  /// The lines as CSV: UTF-8, CRLF, a header; units in a field are separated by spaces.
  package var csv: String {
    var text = Self.columns.joined(separator: ",") + "\r\n"
    for line in lines {
      let fields = [
        line.unit.text, line.name, line.indicator.rawValue, line.indicator.title, line.value,
        Self.number(line) { $0.numerator }, Self.number(line) { $0.denominator }, line.cut,
        line.worstAgeMilliseconds.map(String.init) ?? "",
        line.stale.map(\.text).joined(separator: " "),
        line.silent.map(\.text).joined(separator: " "),
      ]
      text += fields.map(Self.quoted).joined(separator: ",") + "\r\n"
    }
    return text
  }

  /// The lines as JSON, names in a fixed order. `cut`: the JSON of the cut that they were made at.
  package func json(cut: String = "null") -> String {
    var text = "{\"as_of_milliseconds\":\(asOf.milliseconds),\"cut\":\(cut),\"lines\":["
    for (index, line) in lines.enumerated() {
      if index > 0 { text += "," }
      func units(_ units: [UnitCode]) -> String {
        "[" + units.map { "\"\($0)\"" }.joined(separator: ",") + "]"
      }
      func optional(_ text: String) -> String { text.isEmpty ? "null" : text }
      let values = [
        Self.string(line.unit.text), Self.string(line.name),
        Self.string(line.indicator.rawValue), Self.string(line.indicator.title),
        Self.string(line.value), optional(Self.number(line) { $0.numerator }),
        optional(Self.number(line) { $0.denominator }), Self.string(line.cut),
        line.worstAgeMilliseconds.map(String.init) ?? "null", units(line.stale),
        units(line.silent),
      ]
      let members = zip(Self.columns, values).map { "\"\($0)\":\($1)" }
      text += "\n{" + members.joined(separator: ",") + "}"
    }
    return text + "\n]}\n"
  }

  private static func number(_ line: IndicatorLine, _ part: (Figure) -> Int64) -> String {
    guard let figure = line.figure, !figure.isEmpty else { return "" }
    return String(part(figure))
  }

  static func quoted(_ field: String) -> String {
    guard field.utf8.contains(where: { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }) else {
      return field
    }
    return "\""
      + field.split(separator: "\"", omittingEmptySubsequences: false)
      .joined(separator: "\"\"") + "\""
  }

  private static func string(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\":
        quoted += "\\"
        quoted.unicodeScalars.append(scalar)
      case "\n": quoted += "\\n"
      case _ where scalar.value < 0x20: quoted += " "
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
