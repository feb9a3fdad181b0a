/// What a visit found for one item, as an inspector enters it. Source: domain.md §2.5a (Result).
package struct ResultEntry: Hashable, Sendable {
  /// 核查方式.
  package var methods: CodeSet<CheckMethod>
  /// 检查结果; several may be chosen.
  package var findings: CodeSet<Finding>
  package var problem: String
  package var disposals: CodeSet<Disposal>
  /// Answers by question.
  package var checklist: [String: String]
  package var checkedOn: CivilDate?
  /// Inspectors who signed, by code.
  package var signers: [String]

  package init(
    methods: CodeSet<CheckMethod>, findings: CodeSet<Finding>, problem: String = "",
    disposals: CodeSet<Disposal> = CodeSet(known: []), checklist: [String: String] = [:],
    checkedOn: CivilDate?, signers: [String]
  ) {
    (self.methods, self.findings, self.problem) = (methods, findings, problem)
    (self.disposals, self.checklist) = (disposals, checklist)
    (self.checkedOn, self.signers) = (checkedOn, signers)
  }
}

/// One member of a visit's team, as the result rules need it.
package struct TeamMember: Hashable, Sendable {
  package let inspector: String
  package let role: TeamRole
  /// The last day on which the enforcement certificate is valid; nil without one.
  package let certificateValidTo: CivilDate?

  package init(_ inspector: String, _ role: TeamRole, certificateValidTo: CivilDate?) {
    (self.inspector, self.role, self.certificateValidTo) = (inspector, role, certificateValidTo)
  }

  /// Experts and auxiliaries are none.
  package var isInspector: Bool { role != .expert }
}

/// The rules of results. Source, domain.md §3.4.
package struct ResultRules: Sendable {
  /// Methods that the item allows; nil when the item is unknown here.
  package let allowedMethods: CodeSet<CheckMethod>?
  /// Questions of the guideline that have to be answered.
  package let mandatoryQuestions: [String]
  package let team: [TeamMember]
  /// The visit's window; an inspection outside it is no inspection of the task.
  package let window: ClosedRange<CivilDate>?
  package let rules: RuleSet

  package init(
    allowedMethods: CodeSet<CheckMethod>?, mandatoryQuestions: [String] = [],
    team: [TeamMember], window: ClosedRange<CivilDate>?, rules: RuleSet
  ) {
    (self.allowedMethods, self.mandatoryQuestions) = (allowedMethods, mandatoryQuestions)
    (self.team, self.window, self.rules) = (team, window, rules)
  }

  /// All that is wrong with a result, `row` names it; empty for one that may go to review.
  package func breaches(of entry: ResultEntry, row: String) -> [RuleBreach] {
    var breaches: [RuleBreach] = []
    func add(_ requirement: Requirement, _ rule: RuleBreach.Rule) {
      breaches.append(RuleBreach(requirement, row: row, rule))
    }
    findingBreaches(entry.findings) { add(.publication, $0) }
    methodBreaches(entry, add)
    for question in mandatoryQuestions
    where entry.checklist[question]?.isEmpty ?? true {
      add(.guideline, .mandatoryQuestionOpen(question: question))
    }
    if let checkedOn = entry.checkedOn {
      if let window, !window.contains(checkedOn) {
        add(.linkedChain, .checkedOutsideWindow(on: checkedOn))
      }
      signerBreaches(entry.signers, on: checkedOn) { add($0, $1) }
    } else {
      add(.methods, .missing(field: "检查日期"))
    }
    return breaches
  }

  /// Several findings may be chosen, but R01 excludes all others and R10–R13 exclude R01–R08.
  private func findingBreaches(
    _ findings: CodeSet<Finding>, _ add: (RuleBreach.Rule) -> Void
  ) {
    if findings.isEmpty { add(.findingsEmpty) }
    if findings.contains(.noProblem), findings.codes.count > 1 {
      let others = findings.codes.map(\.code).filter { $0 != Finding.noProblem.rawValue }
      add(.findingsExclude(code: Finding.noProblem.rawValue, others: others))
    }
    for void in findings.codes.compactMap(\.known) where void.isVoidObject {
      let others = findings.codes.map(\.code).filter { Self.nationalCodes.contains($0) }
      // R01 beside it is told above already.
      let excluded = others.filter { $0 != Finding.noProblem.rawValue }
      if !excluded.isEmpty { add(.findingsExclude(code: void.rawValue, others: excluded)) }
    }
  }

  private static let nationalCodes = (1...8).map { "R0\($0)" }

  private func methodBreaches(
    _ entry: ResultEntry, _ add: (Requirement, RuleBreach.Rule) -> Void
  ) {
    if entry.methods.isEmpty { add(.methods, .missing(field: "检查方式")) }
    if let allowedMethods {
      for method in entry.methods.codes where !allowedMethods.codes.contains(method) {
        // Another department's finding may stand beside any method.
        if method.known != .otherFinding { add(.methods, .methodNotAllowed(method: method.code)) }
      }
    }
    if rules.switches.entrustedBodiesOnlySupport, entry.methods.contains(.entrusted),
      team.filter(\.isInspector).count < 2
    {
      add(.methods, .methodNeedsInspectors(method: CheckMethod.entrusted.rawValue))
    }
  }

  /// Two inspectors sign, of the team, with certificates valid on the day.
  private func signerBreaches(
    _ signers: [String], on date: CivilDate, _ add: (Requirement, RuleBreach.Rule) -> Void
  ) {
    var valid = 0
    for signer in Set(signers).sorted() {
      guard let member = team.first(where: { $0.inspector == signer }) else {
        add(.inspectorDraw, .signerNotOnTeam(inspector: signer))
        continue
      }
      guard member.isInspector else {
        add(.experts, .signerNotInspector(inspector: signer))
        continue
      }
      guard let validTo = member.certificateValidTo, validTo >= date else {
        let validTo = member.certificateValidTo.map(\.description) ?? ""
        add(.inspectorRoster, .certificateExpired(inspector: signer, validTo: validTo))
        continue
      }
      valid += 1
    }
    if valid < 2 { add(.inspectorDraw, .tooFewInspectors(count: valid)) }
  }
}

/// Who may be on a team and how it came there. Source, domain.md §9.
package enum AssignmentRules {
  /// What is wrong with one assignment. `eligibleCount` is what the random attempt found, nil when none
  /// was recorded; `letter` the number of a 协助函.
  package static func breaches(
    mode: AssignmentMode, eligibleCount: Int?, teamSize: Int, reason: String, approver: String,
    letter: String, rules: RuleSet, row: String
  ) -> [RuleBreach] {
    var breaches: [RuleBreach] = []
    func add(_ rule: RuleBreach.Rule) {
      breaches.append(RuleBreach(.inspectorDraw, row: row, rule))
    }
    switch mode {
    case .random: break
    case .neighbour:
      if eligibleCount.map({ $0 >= teamSize }) ?? true { add(.directWithoutShortage) }
      if rules.switches.neighboursNeedLetter, letter.isEmpty { add(.neighbourWithoutLetter) }
    case .direct:
      if eligibleCount.map({ $0 >= teamSize }) ?? true { add(.directWithoutShortage) }
      if reason.isEmpty { add(.missing(field: "委派理由")) }
      if approver.isEmpty { add(.missing(field: "批准人")) }
    }
    return breaches
  }
}
