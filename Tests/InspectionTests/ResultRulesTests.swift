import Inspection
import TestSupport
import Testing

@Suite struct ResultRulesTests {
  private func rules(_ change: (inout RuleSet) -> Void = { _ in }) throws -> ResultRules {
    var set = RuleSet()
    change(&set)
    return ResultRules(
      allowedMethods: CodeSet(known: [.onSite, .entrusted]), mandatoryQuestions: ["q1"],
      team: [
        TeamMember("A", .leader, certificateValidTo: try day("2026-12-31")),
        TeamMember("B", .member, certificateValidTo: try day("2026-05-31")),
        TeamMember("X", .expert, certificateValidTo: nil),
      ],
      window: try day("2026-04-01")...day("2026-06-30"), rules: set)
  }

  private func entry(
    _ findings: [Finding] = [.noProblem], _ change: (inout ResultEntry) throws -> Void = { _ in }
  ) throws -> ResultEntry {
    var entry = ResultEntry(
      methods: CodeSet(known: [.onSite]), findings: CodeSet(known: findings),
      checklist: ["q1": "是"], checkedOn: try day("2026-05-10"), signers: ["A", "B"])
    try change(&entry)
    return entry
  }

  @Test func `a result that keeps all rules goes to review`() throws {
    #expect(try rules().breaches(of: entry(), row: "v/Y0101").isEmpty)
    #expect(
      try rules().breaches(of: entry([.notPublicised, .orderedToCorrect]), row: "r").isEmpty)
  }

  @Test func `domain §3.4: R01 excludes all others, R10–R13 exclude R01–R08`() throws {
    for finding in Finding.allCases where finding != .noProblem {
      let found = try rules().breaches(of: entry([.noProblem, finding]), row: "r")
      #expect(
        found == [
          RuleBreach(
            .publication, row: "r", .findingsExclude(code: "R01", others: [finding.rawValue]))
        ])
    }
    let national = Finding.allCases.filter { $0.rawValue < "R09" && $0 != .noProblem }
    for void in [Finding.cancelled, .revoked, .rescinded, .movedOut] {
      #expect(try rules().breaches(of: entry([void]), row: "r").isEmpty)
      for finding in national {
        #expect(
          try rules().breaches(of: entry([void, finding]), row: "r").map(\.rule)
            == [.findingsExclude(code: void.rawValue, others: [finding.rawValue])])
      }
    }
    #expect(try rules().breaches(of: entry([]), row: "r").map(\.rule) == [.findingsEmpty])
  }

  @Test func `S-09: an unknown finding is kept and does not pass for no problem`() throws {
    let future = try entry { $0.findings = CodeSet(text: "R77") }
    #expect(try rules().breaches(of: future, row: "r").isEmpty)
    let both = try entry { $0.findings = CodeSet(text: "R01 R77") }
    #expect(
      try rules().breaches(of: both, row: "r").map(\.rule)
        == [.findingsExclude(code: "R01", others: ["R77"])])
  }

  @Test func `二(五): methods, questions, dates and signatures are checked`() throws {
    let cases: [(ResultEntry, Requirement, RuleBreach.Rule)] = [
      (
        try entry { $0.methods = CodeSet(known: [.online]) }, .methods,
        .methodNotAllowed(method: "M3")
      ),
      (try entry { $0.methods = CodeSet(known: []) }, .methods, .missing(field: "检查方式")),
      (try entry { $0.checklist = [:] }, .guideline, .mandatoryQuestionOpen(question: "q1")),
      (try entry { $0.checkedOn = nil }, .methods, .missing(field: "检查日期")),
      (
        try entry { $0.checkedOn = try day("2026-03-31") }, .linkedChain,
        .checkedOutsideWindow(on: try day("2026-03-31"))
      ),
    ]
    for (entry, requirement, rule) in cases {
      #expect(
        try rules().breaches(of: entry, row: "r") == [RuleBreach(requirement, row: "r", rule)])
    }
  }

  @Test func `R-2.6, R-2.7, R-2.21: two inspectors of the team sign with valid certificates`()
    throws
  {
    func signed(_ signers: [String], on date: String = "2026-05-10") throws -> [RuleBreach.Rule] {
      try rules().breaches(
        of: entry {
          $0.signers = signers
          $0.checkedOn = try day(date)
        }, row: "r"
      ).map(\.rule)
    }
    #expect(try signed(["A"]) == [.tooFewInspectors(count: 1)])
    #expect(try signed(["A", "A"]) == [.tooFewInspectors(count: 1)])
    #expect(
      try signed(["A", "X"]) == [.signerNotInspector(inspector: "X"), .tooFewInspectors(count: 1)])
    #expect(
      try signed(["A", "Z"]) == [.signerNotOnTeam(inspector: "Z"), .tooFewInspectors(count: 1)])
    #expect(try signed(["A", "B"], on: "2026-05-31").isEmpty)
    #expect(
      try signed(["A", "B"], on: "2026-06-01") == [
        .certificateExpired(inspector: "B", validTo: "2026-05-31"), .tooFewInspectors(count: 1),
      ])
  }

  @Test func `domain §9: an entrusted body supports two inspectors, or the switch is off`() throws {
    let alone = ResultRules(
      allowedMethods: nil, team: [TeamMember("A", .leader, certificateValidTo: nil)], window: nil,
      rules: RuleSet())
    let entrusted = try entry { $0.methods = CodeSet(known: [.entrusted]) }
    #expect(
      alone.breaches(of: entrusted, row: "r").map(\.rule)
        .contains(.methodNeedsInspectors(method: "M4")))
    #expect(try rules().breaches(of: entrusted, row: "r").isEmpty)
  }

  @Test func `R-2.21: direct appointment and neighbours need a recorded shortage`() {
    func rules(_ mode: AssignmentMode, _ count: Int?, letter: String = "协1") -> [RuleBreach.Rule] {
      AssignmentRules.breaches(
        mode: mode, eligibleCount: count, teamSize: 2, reason: "人员不足", approver: "局长",
        letter: letter, rules: RuleSet(), row: "v"
      ).map(\.rule)
    }
    #expect(rules(.random, nil).isEmpty)
    #expect(rules(.direct, 1).isEmpty && rules(.neighbour, 0).isEmpty)
    #expect(rules(.direct, nil) == [.directWithoutShortage])
    #expect(rules(.direct, 2) == [.directWithoutShortage])
    #expect(rules(.neighbour, 1, letter: "") == [.neighbourWithoutLetter])
  }
}

@Suite struct FollowUpTests {
  private func needed(
    _ findings: [Finding], _ disposals: [Disposal] = [], rules: RuleSet = RuleSet()
  ) throws -> [NeededFollowUp] {
    FollowUpRules.needed(
      findings: CodeSet(known: findings), disposals: CodeSet(known: disposals),
      verifiedOn: try day("2026-05-11"), calendar: try calendar(), rules: rules)
  }

  @Test func `二(七) R-2.28: R02, R03, R04 and R06 lead to a mandatory listing`() throws {
    for finding in [Finding.notPublicised, .falsified, .unreachable, .uncooperative] {
      let found = try needed([finding])
      #expect(found.map(\.kind) == [.listing] && found[0].isMandatory)
      #expect(found[0].due == DueDate(date: try day("2026-05-25"), isProvisional: false))
    }
    var off = RuleSet()
    off.switches.refusalIsListed = false
    #expect(try needed([.uncooperative], rules: off).isEmpty)
  }

  @Test func `C-21: one follow-up of a kind, whatever the findings`() throws {
    let found = try needed([.notPublicised, .falsified, .orderedToCorrect, .closed])
    #expect(found.map(\.kind) == [.correct, .listing, .registration])
    #expect(found[1].findings == [.notPublicised, .falsified])
  }

  @Test func `R-2.27: what is to be handled goes where the disposal says`() throws {
    #expect(try needed([.toBeHandled], [.passedToCaseOffice]).map(\.kind) == [.caseFiling])
    #expect(
      try needed([.foodDrugViolation], [.passedToDepartment]).map(\.kind) == [.notifyDepartment])
    #expect(try needed([.toBeHandled]).map(\.kind) == [.correct])
    for finding in [Finding.noProblem, .noSuchActivity, .cancelled, .movedOut] {
      #expect(try needed([finding]).isEmpty)
    }
  }

  private func closing(
    _ outcome: FollowUpOutcome, reason: String = "", approver: String = ""
  ) -> FollowUpRules.Closing {
    FollowUpRules.Closing(outcome: .known(outcome), reason: reason, approver: approver)
  }

  @Test func `R-2.28: a mandatory listing is not closed by an order to correct or by guidance`() {
    for outcome in [FollowUpOutcome.correctionVerified, .guidance, .caseFiled] {
      let error = #expect(throws: RuleBreach.self) {
        try FollowUpRules.checkClosing(
          closing(outcome), kind: .listing, isMandatory: true, row: "f")
      }
      #expect(error?.rule == .endReplaced(demanded: "LISTED", outcome: outcome.rawValue))
      #expect(error?.requirement.clause == "二(七)" && error?.row == "f")
    }
    #expect(throws: Never.self) {
      try FollowUpRules.checkClosing(closing(.listed), kind: .listing, isMandatory: true, row: "f")
      try FollowUpRules.checkClosing(
        closing(.noGround, reason: "第九条", approver: "局长"), kind: .listing, isMandatory: true,
        row: "f")
      try FollowUpRules.checkClosing(
        closing(.correctionVerified), kind: .correct, isMandatory: false, row: "f")
    }
    #expect(throws: RuleBreach.self) {
      try FollowUpRules.checkClosing(
        closing(.noGround, reason: "第九条"), kind: .listing, isMandatory: true, row: "f")
    }
  }

  @Test func `C-20: one closed against the rule counts as open again`() {
    let standing = FollowUpRules.standing(
      state: "CLOSED", closing: closing(.correctionVerified), kind: .listing, isMandatory: true,
      row: "f")
    #expect(
      standing
        == .reopened(
          RuleBreach(
            .mandatoryListing, row: "f",
            .endReplaced(demanded: "LISTED", outcome: "CORRECTED_VERIFIED"))))
    #expect(
      FollowUpRules.standing(
        state: "CLOSED", closing: closing(.listed), kind: .listing, isMandatory: true, row: "f")
        == .closed)
    #expect(
      FollowUpRules.standing(
        state: "ACCEPTED", closing: nil, kind: .listing, isMandatory: true, row: "f") == .open)
  }

  @Test func `R-2.28: an individual business is marked, others are listed`() {
    #expect(FollowUpRules.list(forSubjectKind: "IND") == .abnormalMark)
    #expect(FollowUpRules.list(forSubjectKind: "ENT") == .abnormalList)
  }

  @Test func `R-2.29: justice has three days to be told and 24 hours to be handed the file`() throws
  {
    func late(_ approvedOn: String, _ hours: Int?) throws -> Bool {
      let approved = Instant(try day(approvedOn), hour: 10, minute: 0)
      return FollowUpRules.isTransferLate(
        reportedOn: try day("2026-05-11"), approvedAt: approved,
        handedOverAt: hours.map(approved.adding(hours:)), now: approved.adding(hours: 25),
        rules: RuleSet())
    }
    #expect(try !late("2026-05-14", 24))
    #expect(try late("2026-05-15", 1))
    #expect(try late("2026-05-12", 25))
    #expect(try late("2026-05-12", nil))
  }

  @Test func `R-1.6: a lead is verified within 15 working days, 30 when extended`() throws {
    let received = try day("2026-05-11")
    let calendar = try calendar()
    #expect(
      LeadRules.due(receivedOn: received, isExtended: false, calendar: calendar, rules: RuleSet())
        .date == (try day("2026-06-01")))
    #expect(
      LeadRules.due(receivedOn: received, isExtended: true, calendar: calendar, rules: RuleSet())
        .date == (try day("2026-06-23")))
  }
}

@Suite struct PublicationTests {
  @Test func `R-2.26: late publication is derived from dates, never stored`() throws {
    let due = DueDate(date: try day("2026-05-26"), isProvisional: false)
    func standing(_ published: String?, _ today: String, exempt: Bool = false) throws
      -> PublicationStanding
    {
      PublicationRules.standing(
        due: due, publishedOn: try published.map(day), isExempt: exempt, today: try day(today))
    }
    #expect(try standing(nil, "2026-05-26") == .due)
    #expect(try standing(nil, "2026-05-27") == .overdue)
    #expect(try standing("2026-05-26", "2026-06-01") == .published)
    #expect(try standing("2026-05-27", "2026-06-01") == .publishedLate)
    #expect(try standing(nil, "2026-06-01", exempt: true) == .exempt)
    #expect(
      PublicationRules.standing(
        due: nil, publishedOn: nil, isExempt: false, today: due.date) == .notDue)
  }

  @Test func `R-2.26: an exemption has ground and approver`() {
    #expect(throws: RuleBreach.self) {
      try PublicationRules.checkExemption(ground: "国家秘密", approver: "", row: "r")
    }
    #expect(throws: Never.self) {
      try PublicationRules.checkExemption(ground: "国家秘密", approver: "局长", row: "r")
    }
  }

  @Test func `domain §2.6: a task is completed when visits ended, results are final, all are done`()
  {
    func check(_ visits: [String], _ results: [String], _ done: Set<String> = []) throws {
      try TaskCompletion.check(
        task: "t", visitStates: visits, resultStates: results, participants: ["教育"], done: done)
    }
    #expect(throws: Never.self) {
      try check(["DONE", "IMPOSSIBLE", "CANCELLED"], ["FINAL", "AMENDED"], ["教育"])
    }
    #expect(throws: RuleBreach(.publication, row: "t", .visitsOpen(count: 2))) {
      try check(["DONE", "STARTED"], ["REVIEW"], ["教育"])
    }
    #expect(throws: RuleBreach(.jointResults, row: "t", .missing(field: "教育"))) {
      try check(["DONE"], ["FINAL"])
    }
  }
}
