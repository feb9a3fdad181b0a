import Simulator
import Testing

/// What is enumerated instead of drawn, among the tests of worlds: the fault VFS is one per process.
extension WorldTests {
  @Test(arguments: DeliveryOrders.policies)
  func `every order of delivery of concurrent operations ends alike`(policy: String) throws {
    var orders = try DeliveryOrders(length: 1, policy: policy)
    orders.runConcurrent()
    #expect(orders.outcome.violation == nil)
    // Five steps of three writers, in 3! orders; sets of none to three operations.
    #expect(orders.outcome.histories == 125)
    #expect(orders.outcome.orders == 750)
    #expect(orders.outcome.states == 216)
  }

  @Test func `orders are counted as combinatorics says`() {
    #expect((1...3).map(DeliveryOrders.interleavings) == [6, 90, 1_680])
  }

  @Test func `every causal history of one operation each is looked at`() throws {
    var orders = try DeliveryOrders(length: 1, policy: "latest")
    orders.runCausal(stride: 1)
    #expect(orders.outcome.violation == nil)
    // There are 19 partial orders on three labelled things, with 42 linear extensions together.
    #expect(orders.outcome.histories == 19 * 125)
    #expect(orders.outcome.orders == 42 * 125)
  }

  @Test func `a bundle cut anywhere does no harm, and all kinds of its frames are cut`() throws {
    let outcome = try CutPoints.bundles(step: 41)
    #expect(outcome.violation == nil)
    #expect(outcome.cuts >= 20)
    for kind in ["bundleManifest", "bundleSeal", "changes"] {
      #expect(outcome.kinds[kind] ?? 0 > 0)
    }
  }

  @Test func `a link cut anywhere does no harm, and an error frame is among what is cut`() throws {
    let outcome = try CutPoints.links(.errors, stride: 1, step: 499)
    #expect(outcome.violation == nil)
    for kind in ["hello", "knowledge", "changes", "acknowledgement", "done", "error"] {
      #expect(outcome.kinds[kind] ?? 0 > 0, "\(kind)")
    }
  }

  @Test(arguments: 1..<4 as Range<UInt64>)
  func `links, direct links and bundles bring the same about`(seed: UInt64) throws {
    let violation = try Routes.check(seed: seed)
    #expect(violation == nil)
  }

  @Test func `a log changes nothing, and tells every event`() throws {
    let plan = try Plan(text: Self.plan)
    let silent = try World(plan).run()
    let world = try World(plan)
    var lines: [String] = []
    world.log = { lines.append($0) }
    let told = world.run()
    #expect(told.traceHash == silent.traceHash)
    #expect(lines.count >= told[.events])
  }

  @Test func `a failing plan shrinks to one that fails by the same invariant`() throws {
    // No time is given to agree.
    let plan = try Plan(
      text: Self.plan.replacing("option loss 20000", with: "option loss 900000\noption heal-ms 1"))
    let violation = try #require(try World(plan).run().violation)
    var shrinker = Shrinker(limit: 300)
    let small = try #require(try shrinker.shrink(plan))
    #expect(small.violation.invariant == violation.invariant)
    #expect(small.plan.nodes.count <= plan.nodes.count)
    #expect(small.plan.operations.count < plan.operations.count)
    let again = try World(Plan(text: small.plan.text)).run()
    #expect(again.violation == small.violation)
  }
}
