internal import Causality
internal import Changes
package import Inspection
internal import Merge
internal import Store

extension CaseStore {
  /// The day in Asia/Shanghai, by the node's clock.
  var today: CivilDate {
    Instant(milliseconds: Int64(clamping: wallMilliseconds())).date ?? CivilDate.latest
  }

  /// A result as it stands here; nil when nobody has entered it.
  package func entry(of key: ResultKey) throws(CaseworkError) -> ResultEntry? {
    guard let row = try row(of: VisitTables.results, in: ownScope, key: key.values) else {
      return nil
    }
    return ResultEntry(
      methods: row.codes("methods", CheckMethod.self),
      findings: row.codes("findings", Finding.self), problem: row.text("problem"),
      disposals: row.codes("disposals", Disposal.self),
      checklist: Self.pairs(of: row.text("checklist")), checkedOn: row.date("checked_on"),
      signers: row.text("signers").split(separator: " ").map(String.init))
  }

  /// The rules that a result is judged by: methods of the item, team and window of the visit.
  func resultRules(
    for key: ResultKey, list: EffectiveList, mandatoryQuestions: [String]
  ) throws(CaseworkError) -> ResultRules {
    let visitKey: [Value] = [.text(key.visit)]
    guard let visit = try row(of: VisitTables.visits, in: ownScope, key: visitKey) else {
      throw .missing(table: "visits", key: key.visit)
    }
    let team = try rows(of: VisitTables.assignments, in: ownScope) {
      $0.key.first == visitKey[0] && $0.text("superseded_by").isEmpty
    }
    var window: ClosedRange<CivilDate>?
    if let from = visit.date("window_from"), let to = visit.date("window_to"), from <= to {
      window = from...to
    }
    return ResultRules(
      allowedMethods: list.item(key.item)?.methods, mandatoryQuestions: mandatoryQuestions,
      team: team.map { row in
        TeamMember(
          row.key.last?.string ?? "", TeamRole(rawValue: row.text("role")) ?? .expert,
          certificateValidTo: row.date("certificate_valid_to"))
      }, window: window, rules: rules)
  }

  /// Whether a person has to choose between two checklists before the result can be final (C-16).
  func isDisputed(_ key: ResultKey) throws(CaseworkError) -> Bool {
    let checklist = GroupID(VisitTables.results.column("checklist").number)
    let scope = ownScope
    do throws(StoreError) {
      return try replica.conflicts().contains {
        $0.record.table == VisitTables.results.id && $0.record.scope == scope
          && $0.record.group == checklist && $0.record.key.values == key.values
      }
    } catch {
      throw .store(error)
    }
  }

  /// `name=text` lines, ascending by name; line ends within a text become spaces.
  static func lines(of pairs: [String: String]) -> String {
    pairs.sorted { $0.key < $1.key }.map { question, answer in
      let line = answer.split(whereSeparator: \.isNewline).joined(separator: " ")
      return "\(question)=\(line)"
    }.joined(separator: "\n")
  }

  /// Reads what `lines` gave; lines of another form are passed over.
  static func pairs(of text: String) -> [String: String] {
    var pairs: [String: String] = [:]
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { pairs[String(parts[0])] = String(parts[1]) }
    }
    return pairs
  }

  /// What a final result says, field by field, one a line.
  static func text(_ entry: ResultEntry) -> String {
    [
      "findings=\(entry.findings.text)", "methods=\(entry.methods.text)",
      "disposals=\(entry.disposals.text)", "problem=\(entry.problem)",
      "signers=\(Set(entry.signers).sorted().joined(separator: " "))", lines(of: entry.checklist),
    ].joined(separator: "\n")
  }
}
