/// Why a text is no plan.
package struct PlanError: Error, Hashable, Sendable {
  /// From 1.
  package let line: Int
  package let problem: String
}

extension Plan {
  /// The plan as a text file: one fact a line, `#` begins a comment.
  package var text: String {
    var lines = ["tributary-plan 1", "seed \(seed)"]
    let standard = Options()
    for field in Options.fields where options[keyPath: field.path] != standard[keyPath: field.path]
    {
      lines.append("option \(field.name) \(options[keyPath: field.path])")
    }
    for node in nodes { lines.append("node \(node.division) \(node.parent)") }
    for version in versions { lines.append("schema \(version.division) \(version.version)") }
    for clock in clocks {
      lines.append(
        "clock \(clock.division) \(clock.offsetMilliseconds) \(clock.driftPerMillion)")
    }
    for fault in faults {
      lines.append(
        "fault \(fault.atMilliseconds) \(fault.kind.rawValue) \(fault.division) "
          + "\(fault.argument) \(fault.milliseconds)")
    }
    for operation in operations {
      var line =
        "do \(operation.atMilliseconds) \(operation.division) \(operation.kind.rawValue) "
        + "\(operation.scope) \(operation.key) \(operation.slot)"
      for value in operation.values { line += " \(value.column)=\(value.number)" }
      lines.append(line)
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Reads a plan. Throws for the first line that is wrong.
  package init(text: String) throws(PlanError) {
    self.init(
      seed: 0, options: Options(), nodes: [], operations: [], faults: [], clocks: [])
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      let words = line.prefix { $0 != "#" }.split(separator: " ").map(String.init)
      guard let first = words.first else { continue }
      do throws(Problem) {
        try read(first, Array(words.dropFirst()))
      } catch {
        throw PlanError(line: index + 1, problem: error.text)
      }
    }
    guard !nodes.isEmpty else { throw PlanError(line: 1, problem: "no node") }
    operations.sort { $0.atMilliseconds < $1.atMilliseconds }
    faults.sort { $0.atMilliseconds < $1.atMilliseconds }
  }

  private struct Problem: Error { let text: String }

  private mutating func read(_ first: String, _ words: [String]) throws(Problem) {
    func number(_ index: Int) throws(Problem) -> Int {
      guard words.indices.contains(index), let number = Int(words[index]) else {
        throw Problem(text: "\(first): word \(index + 2) is no number")
      }
      return number
    }
    func word(_ index: Int) -> String { words.indices.contains(index) ? words[index] : "" }
    switch first {
    case "tributary-plan":
      guard word(0) == "1" else { throw Problem(text: "version \(word(0)) is unknown") }
    case "seed":
      guard let seed = UInt64(word(0)) else { throw Problem(text: "seed is no number") }
      self.seed = seed
    case "option":
      guard let field = Options.fields.first(where: { $0.name == word(0) }) else {
        throw Problem(text: "option \(word(0)) is unknown")
      }
      options[keyPath: field.path] = try number(1)
    case "node": nodes.append(Node(division: try number(0), parent: try number(1)))
    case "schema":
      let version = try number(1)
      guard (1...Int(Workload.newestVersion)).contains(version) else {
        throw Problem(text: "schema version \(version) is none of 1...\(Workload.newestVersion)")
      }
      versions.append(Version(division: try number(0), version: version))
    case "clock":
      clocks.append(
        Clock(
          division: try number(0), offsetMilliseconds: try number(1),
          driftPerMillion: try number(2)))
    case "fault":
      guard let kind = Fault.Kind(rawValue: word(1)) else {
        throw Problem(text: "fault \(word(1)) is unknown")
      }
      faults.append(
        Fault(
          atMilliseconds: try number(0), kind: kind, division: try number(2),
          argument: try number(3), milliseconds: try number(4)))
    case "do":
      guard let kind = Operation.Kind(rawValue: word(2)) else {
        throw Problem(text: "operation \(word(2)) is unknown")
      }
      var values: [Operation.Value] = []
      for word in words.dropFirst(6) {
        let pair = word.split(separator: "=").compactMap { Int($0) }
        guard pair.count == 2, (1...Workload.columnCount).contains(pair[0]) else {
          throw Problem(text: "\(word) is no column=number")
        }
        values.append(Operation.Value(column: pair[0], number: pair[1]))
      }
      operations.append(
        Operation(
          atMilliseconds: try number(0), division: try number(1), kind: kind,
          scope: try number(3), key: try number(4), slot: try number(5), values: values))
    default: throw Problem(text: "\(first) is unknown")
    }
  }
}
