/// One metric family: a name, what it means, and its values by labels.
package struct Metric: Hashable, Sendable {
  /// How a reader may treat the values.
  package enum Kind: String, Hashable, Sendable {
    /// Only grows, from 0 at the start of the process; its name ends in `_total`.
    case counter
    case gauge
  }

  /// A value without floating point.
  package enum Number: Hashable, Sendable {
    case whole(Int64)
    /// Printed with three decimals: milliseconds as seconds.
    case thousandths(Int64)
  }

  /// One value and what tells it from the family's others.
  package struct Sample: Hashable, Sendable {
    /// Printed in this order.
    package let labels: [Label]
    package let value: Number

    package init(_ value: Number, labels: [Label] = []) {
      (self.labels, self.value) = (labels, value)
    }
  }

  /// A label's name (`[a-zA-Z_][a-zA-Z0-9_]*`) and its value, any text.
  package struct Label: Hashable, Sendable {
    package let name: String
    package let value: String

    package init(_ name: String, _ value: String) {
      precondition(Metric.isName(name, allowsColon: false), "a label name of the exposition format")
      (self.name, self.value) = (name, value)
    }
  }

  package let name: String
  package let help: String
  package let kind: Kind
  package let samples: [Sample]

  /// - Parameter name: `[a-zA-Z_:][a-zA-Z0-9_:]*`, ending in its unit.
  package init(_ name: String, _ kind: Kind, help: String, samples: [Sample]) {
    precondition(Self.isName(name, allowsColon: true), "a metric name of the exposition format")
    precondition((kind == .counter) == name.hasSuffix("_total"), "counters end in _total")
    (self.name, self.kind, self.help, self.samples) = (name, kind, help, samples)
  }

  /// A family with one value and no labels.
  package init(_ name: String, _ kind: Kind, help: String, _ value: Number) {
    self.init(name, kind, help: help, samples: [Sample(value)])
  }

  private static func isName(_ text: String, allowsColon: Bool) -> Bool {
    guard let first = text.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first)
    else { return false }
    return text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
        true
      case UInt8(ascii: ":"): allowsColon
      default: false
      }
    }
  }
}

/// The Prometheus text exposition format, version 0.0.4.
///
/// Source: https://prometheus.io/docs/instrumenting/exposition_formats/
package enum PrometheusText {
  /// The type of the answer.
  package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  /// The families in the order given, each with HELP and TYPE.
  package static func encode(_ metrics: [Metric]) -> String {
    var text = ""
    for metric in metrics {
      text += "# HELP \(metric.name) \(escape(metric.help, quotes: false))\n"
      text += "# TYPE \(metric.name) \(metric.kind.rawValue)\n"
      for sample in metric.samples {
        text += metric.name
        if !sample.labels.isEmpty {
          let labels = sample.labels.map { "\($0.name)=\"\(escape($0.value, quotes: true))\"" }
          text += "{\(labels.joined(separator: ","))}"
        }
        text += " \(print(sample.value))\n"
      }
    }
    return text
  }

  private static func print(_ number: Metric.Number) -> String {
    switch number {
    case .whole(let value): return "\(value)"
    case .thousandths(let value):
      let (whole, rest) = value.magnitude.quotientAndRemainder(dividingBy: 1_000)
      let digits = "\(1_000 + rest)".dropFirst()
      return "\(value < 0 ? "-" : "")\(whole).\(digits)"
    }
  }

  /// Backslash and line feed always, double quotes in label values.
  private static func escape(_ text: String, quotes: Bool) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": escaped += "\\\\"
      case "\n": escaped += "\\n"
      case "\"" where quotes: escaped += "\\\""
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}
