import Subprocess
import TestSupport
import Testing

@Suite("Links between running nodes", .timeLimit(.minutes(5)))
struct LinkTests {
  @Test("carry a county's change to the province as it happens, not when a timer rings")
  func newsTravels() async throws {
    let tree = try await TestTree()
    try await tree.start()
    #expect(try await tree.county.insert("FIRST"))
    try await tree.agree()
    // Timers of minutes (safety exchange) and of a long poll cannot be what brings this.
    for number in 0..<5 {
      let code = "NEXT-\(number)"
      #expect(try await tree.county.insert(code))
      let start = ContinuousClock.now
      let province = try tree.province
      #expect(
        try await eventually(within: .seconds(20)) {
          try await province.companies(TestTree.county).contains(code)
        })
      print("county to province: \(ContinuousClock.now - start), with the reading of it")
    }
    // Down as well: a long poll is answered when there is news.
    #expect(try await tree.province.write("UPDATE companies SET name = 'from above'"))
    let county = try tree.county
    #expect(
      try await eventually(within: .seconds(20)) {
        try await county.rows("SELECT DISTINCT name FROM companies") == [["from above"]]
      })
    // All that others wrote came from the prefecture, also what came before the county knew its key.
    #expect(
      try await eventually(within: .seconds(20)) {
        let status = try await county.status()
        let others = status.streams.flatMap(\.knowledge).filter { $0.key != status.replica }
        return status.peer("530100-1")?.changeSetsIn == others.reduce(0) { $0 + $1.value }
      })
    try await tree.stop()
  }

  @Test("lead a county straight to the province while its prefecture is down, and back")
  func failOver() async throws {
    let tree = try await TestTree(reachingFurther: true)
    let (prefecture, county, province) = (try tree.prefecture, try tree.county, try tree.province)
    try await tree.start()
    #expect(try await county.insert("BEFORE"))
    try await tree.agree()
    let contact = try await county.status().peer("530100-1")?.lastContactAt
    try await prefecture.kill()
    county.links[0].disconnect()
    #expect(try await county.insert("MEANWHILE"))
    #expect(
      try await eventually {
        try await province.companies(TestTree.county).contains("MEANWHILE")
      })
    let status = try await county.status()
    let peer = try #require(status.peer("530100-1"))
    let error = peer.lastError ?? "none"
    #expect(error.hasPrefix("unreachable: ") || error.hasPrefix("link_lost: "), "\(error)")
    // The file was read some time before the kill.
    #expect(try #require(peer.lastContactAt) >= (contact ?? ""))
    #expect(status.peer("530000-1")?.lastError == nil)
    county.links[0].heal()
    try await tree.start(prefecture)
    try await tree.agree()
    #expect(try await county.insert("AFTER"))
    #expect(
      try await eventually {
        try await prefecture.companies(TestTree.county).contains("AFTER")
      })
    let isBack = try await eventually {
      try await county.status().peer("530100-1")?.lastError == nil
    }
    #expect(isBack, "the first parent is called again")
    try await tree.agree()
    try await tree.stop()
  }

  @Test("A silent parent is no contact: status goes on telling when it last spoke")
  func noContact() async throws {
    let tree = try await TestTree([TestTree.province, TestTree.county])
    let county = try tree.county
    try await tree.start()
    #expect(try await county.insert("FIRST"))
    try await tree.agree()
    try await tree.province.stop()
    // Through the proxy of the test a stopped parent looks unreachable or like a link that ends at once.
    #expect(
      try await eventually {
        let error = try await county.status().peer("530000-1")?.lastError ?? ""
        return error.hasPrefix("unreachable") || error.hasPrefix("link_lost")
      })
    let last = try await county.status().peer("530000-1")?.lastContactAt
    let server = try #require(county.server)
    try await server.line(containing: "exchange failed")
    #expect(try await county.insert("SECOND"))
    #expect(try await eventually { county.log.split(separator: "\n").count > 4 })
    #expect(try await county.status().peer("530000-1")?.lastContactAt == last)
    #expect(try await county.status().peer("530000-1")?.lagChangeSets == 1)
    try await county.stop()
  }

  @Test("SIGTERM ends a busy node in order with 0, a second one ends it at once")
  func signals() async throws {
    let tree = try await TestTree([TestTree.province, TestTree.county])
    try await tree.start()
    for number in 0..<3 { #expect(try await tree.county.insert("ROW-\(number)")) }
    try await tree.county.stop()
    let province = try #require(try tree.province.server)
    province.send(.terminate)
    let outcome = try await province.outcome()
    #expect(outcome.status == 0, "\(outcome.errors)")
    try await tree.check()
    // Interrupted as well as terminated.
    let alone = try tree.county
    try await tree.start(alone)
    let server = try #require(alone.server)
    server.send(.interrupt)
    #expect(try await server.outcome().status == 0)
    try await tree.start(alone)
    let again = try #require(alone.server)
    again.send(.terminate)
    again.send(.terminate)
    let ended = try await again.outcome()
    #expect([0, 75].contains(ended.status), "\(ended.errors)")
    try await tree.check()
  }
}
