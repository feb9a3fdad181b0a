import Foundation
import Simulator
import Testing

@Suite(.serialized)
struct WorldTests {
  /// Four nodes in three tiers, faults of every kind.
  static let plan = """
    tributary-plan 1
    seed 1
    option chaos-ms 300000
    option loss 20000
    option duplicate 200000
    node 1 0
    node 2 1
    node 3 2
    node 4 2
    fault 60000 cut 3 0 60000
    fault 90000 kill 2 0 5000
    fault 150000 power 4 1 5000
    fault 200000 crash 2 20 5000
    do 1000 3 put 3 1 0 1=1 4=2 6=3
    do 61000 3 put 3 1 0 1=2 4=5
    do 62000 1 put 3 1 0 1=3 4=7 8=1
    do 63000 4 put 4 1 0 1=1
    do 140000 3 delete 3 1 0
    do 210000 2 both 3 2 0 1=4
    """

  @Test func `a four-node world under faults ends in agreement`() throws {
    let verdict = try World(Plan(text: Self.plan)).run()
    #expect(verdict.violation == nil)
    #expect(verdict[.commits] >= 6)
    #expect(verdict[.rowsChecked] > 20)
  }

  @Test func `the same plan gives the same trace`() throws {
    let first = try World(Plan(text: Self.plan)).run()
    let second = try World(Plan(text: Self.plan)).run()
    #expect(first.traceHash == second.traceHash)
  }

  @Test func `deciding a duplicate create reaches every holder`() throws {
    // Sim/bugs/resolve-writes-no-columns.plan: the decision could not be decoded by anybody.
    let plan = try Plan(
      text: """
        seed 1
        option chaos-ms 1480735
        option loss 178916
        node 1 0
        node 2 1
        node 3 2
        do 1252830 1 put 3 5 2 1=1
        do 1254264 3 put 3 5 2 1=2
        do 1480734 2 resolve 3 0 2
        """)
    let verdict = try World(plan).run()
    #expect(verdict.violation == nil)
    #expect(verdict[.commits] == 3)
  }

  @Test func `plans that failed once fail no more`() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Sim/bugs")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
      .filter { $0.hasSuffix(".plan") }
    #expect(!names.isEmpty)
    for name in names {
      let text = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
      let verdict = try World(Plan(text: text)).run()
      #expect(verdict.violation == nil, "\(name)")
    }
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func `a plan is the same after its text is read`(seed: UInt64) throws {
    let plan = PlanGenerator.plan(seed: seed)
    #expect(try Plan(text: plan.text) == plan)
  }

  @Test func `a line that is no fact is told with its number`() {
    let error = #expect(throws: PlanError.self) {
      try Plan(text: "tributary-plan 1\nsed 1\n")
    }
    #expect(error?.line == 2)
    #expect(error?.problem == "sed is unknown")
  }
}
