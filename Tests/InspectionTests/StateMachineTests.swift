import Inspection
import TestSupport
import Testing

@Suite struct StateMachineTests {
  @Test(arguments: StateMachine.all)
  func `every state can be reached from the first, and only ends lead nowhere`(
    machine: StateMachine
  ) {
    for state in machine.states where state.code != machine.initial {
      let isReached =
        machine.leads(machine.initial, to: state.code)
        // A feed may begin anywhere.
        || machine == .registrationState
      #expect(isReached, "\(machine.name) \(state.code)")
      #expect(!state.next.contains(state.code))
    }
    #expect(Set(machine.states.map(\.code)).count == machine.states.count)
    #expect(machine.states.contains { $0.isTerminal })
  }

  @Test(arguments: StateMachine.all)
  func `the merge is symmetric, keeps equals, and never goes back`(machine: StateMachine) {
    for left in machine.states.map(\.code) {
      #expect(machine.merge(left, left) == .one(left))
      for right in machine.states.map(\.code) where right != left {
        let merged = machine.merge(left, right)
        #expect(merged == machine.merge(right, left))
        switch merged {
        case .one(let state):
          let other = state == left ? right : left
          #expect(machine.leads(other, to: state) && !machine.leads(state, to: other))
        case .review(let shown):
          let other = shown == left ? right : left
          #expect(machine.rank(shown) < machine.rank(other))
        }
      }
    }
  }

  @Test func `of concurrent transitions the farther one stands, else a person decides`() {
    #expect(StateMachine.task.merge("DRAWN", "IN_PROGRESS") == .one("IN_PROGRESS"))
    #expect(StateMachine.task.merge("TERMINATED", "DRAWN") == .one("TERMINATED"))
    #expect(
      StateMachine.task.merge("TERMINATED", "COMPLETED") == .review(shown: "COMPLETED"))
    #expect(StateMachine.publication.merge("PUBLISHED", "EXEMPT") == .review(shown: "EXEMPT"))
    #expect(StateMachine.inspectorStatus.merge("LEFT", "LEAVE") == .one("LEFT"))
    #expect(
      StateMachine.inspectorStatus.merge("LEAVE", "SECONDED") == .review(shown: "LEAVE"))
  }

  @Test func `an end that the authority wrote beats what others have not ended`() {
    let machine = StateMachine.task
    #expect(
      machine.merge("COMPLETED", leftIsAuthority: false, "TERMINATED") == .one("TERMINATED"))
    #expect(
      machine.merge("TERMINATED", leftIsAuthority: false, "COMPLETED")
        == .review(shown: "COMPLETED"))
  }

  @Test func `an illegal step names machine, states and clause; unknown states are not final`() {
    let error = #expect(throws: RuleBreach.self) {
      try StateMachine.result.check(from: "FINAL", to: "ENTERED", .dutyRecord, row: "visit 7/Y0101")
    }
    #expect(error?.requirement.clause == "三(二)" && error?.row == "visit 7/Y0101")
    #expect(
      error?.rule == .illegalTransition(machine: "RESULT", from: "FINAL", to: "ENTERED"))
    #expect(throws: Never.self) {
      try StateMachine.result.check(from: "REVIEW", to: "RETURNED", .dutyRecord, row: "")
    }
    #expect(StateMachine.task.rank("FUTURE") == -1)
    #expect(StateMachine.task.merge("FUTURE", "DRAWN") == .review(shown: "FUTURE"))
  }

  @Test func `domain §2.6: what leads where, step by step`() {
    let paths: [(StateMachine, [String])] = [
      (.plan, ["DRAFT", "SUBMITTED", "FILED", "SUPERSEDED"]),
      (
        .task,
        [
          "PLANNED", "COMMITTED", "DRAWN", "DISPATCHED", "IN_PROGRESS", "COMPLETED", "PUBLISHED",
          "CLOSED",
        ]
      ),
      (.draw, ["OPEN", "FROZEN", "COMMITTED", "ACKED", "DRAWN", "PROVEN", "VOIDED"]),
      (.draw, ["COMMITTED", "SELF_REVEALED", "DRAWN"]),
      (.visit, ["ASSIGNED", "NOTIFIED", "STARTED", "DONE"]),
      (.result, ["NONE", "ENTERED", "REVIEW", "RETURNED", "REVIEW", "FINAL", "PUBLISHED"]),
      (.publication, ["NOT_DUE", "DUE", "PUBLISHED"]),
      (.followUp, ["CREATED", "OFFERED", "ACCEPTED", "LISTED", "CLOSED"]),
    ]
    for (machine, path) in paths {
      for (from, to) in zip(path, path.dropFirst()) {
        #expect(machine.allows(from, to), "\(machine.name) \(from) \(to)")
      }
    }
    for state in ["IN_PROGRESS", "COMPLETED", "PUBLISHED"] {
      #expect(!StateMachine.task.allows(state, "TERMINATED"))
    }
    for state in StateMachine.draw.states where state.code != "VOIDED" {
      #expect(state.next.contains("VOIDED"))
    }
  }
}

@Suite struct CodeTests {
  @Test func `domain S-09: unknown codes are kept and shown, never nulled`() {
    let set = CodeSet<Finding>(text: "R99 R01 R01")
    #expect(set.text == "R01 R99")
    #expect(set.codes.map(\.title) == ["未发现问题", "R99"])
    #expect(CodeSet<Finding>(text: set.text) == set)
    #expect(Coded<CheckMethod>("M9").code == "M9" && Coded<CheckMethod>("M9").known == nil)
  }

  @Test func `any order of choices is one text`() {
    var generator = SeededGenerator(seed: 9)
    for _ in 0..<200 {
      let codes = (0..<5).map { _ in generator.pick(Finding.allCases) }
      let text = CodeSet(known: codes).text
      #expect(CodeSet(known: codes.shuffled(using: &generator)).text == text)
      #expect(CodeSet<Finding>(text: text).text == text)
    }
  }

  @Test func `domain §3.4: the eight national categories and the others`() {
    #expect(Finding.allCases.filter { $0.rawValue < "R09" }.count == 8)
    let problems = Finding.allCases.filter(\.isProblem).map(\.rawValue)
    #expect(
      problems == [
        "R02", "R03", "R04", "R05", "R06", "R08", "R20", "R21", "R22", "R23", "R24", "R25",
      ])
  }

  @Test func `a unit is a division, or a zone within one`() throws {
    #expect(UnitCode("530102")?.level == .county)
    #expect(UnitCode("53010201")?.division == "530102")
    #expect(UnitCode("530100")?.level == .prefecture && UnitCode("530000")?.level == .province)
    #expect(UnitCode("53010") == nil && UnitCode("5301０2") == nil)
  }
}
