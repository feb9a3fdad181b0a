import TestSupport
import Testing
import Transport

@Suite struct OperationsTests {
  @Test func `metrics are printed in the exposition format`() {
    let metrics = [
      Metric(
        "tributary_change_sets_total", .counter, help: "Change sets\nby \\ way",
        samples: [
          .init(.whole(3), labels: [.init("way", "sent"), .init("peer", "a\"b\\c\nd")]),
          .init(.whole(0), labels: [.init("way", "received")]),
        ]),
      Metric("tributary_lag_seconds", .gauge, help: "Lag", .thousandths(-1_050)),
      Metric("tributary_age_seconds", .gauge, help: "Age", .thousandths(7)),
    ]
    #expect(
      PrometheusText.encode(metrics) == """
        # HELP tributary_change_sets_total Change sets\\nby \\\\ way
        # TYPE tributary_change_sets_total counter
        tributary_change_sets_total{way="sent",peer="a\\"b\\\\c\\nd"} 3
        tributary_change_sets_total{way="received"} 0
        # HELP tributary_lag_seconds Lag
        # TYPE tributary_lag_seconds gauge
        tributary_lag_seconds -1.050
        # HELP tributary_age_seconds Age
        # TYPE tributary_age_seconds gauge
        tributary_age_seconds 0.007

        """)
  }

  @Test func `health, readiness and metrics answer on their own listener`() async throws {
    let port = Box<UInt16>()
    let address = try #require(HostAndPort("127.0.0.1:0"))
    let server = OperationsServer(
      address: address, logger: silentLogger, onListening: { port.put($0) },
      snapshot: {
        OperationsSnapshot(
          checks: [.init("replica"), .init("disk", failure: "is full: free 100 MB")],
          metrics: [Metric("tributary_up", .gauge, help: "Up", .whole(1))])
      })
    let cases = [
      ("GET /healthz", "200 ", "\r\n\r\nok\n"),
      ("GET /readyz", "503 ", "\r\n\r\ndisk: is full: free 100 MB\n"),
      ("GET /metrics", "200 ", "tributary_up 1\n"),
      ("POST /metrics", "405 ", "method_not_allowed"),
      ("GET /sync/v1/exchange", "404 ", "not_found"),
    ]
    try await withServer(server, port: port) { port, _ in
      for (request, status, part) in cases {
        let answer = try await raw(port) { connection in
          try await connection.send("\(request) HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n")
          return await connection.read()
        }
        #expect(answer.hasPrefix("HTTP/1.1 " + status), "\(request)\n\(answer)")
        #expect(answer.contains(part), "\(request)\n\(answer)")
      }
    }
  }

  @Test func `an address in use is an error that names it`() async throws {
    try await withSyncServer(EchoHandler()) { port, _ in
      let address = try #require(HostAndPort("127.0.0.1:\(port)"))
      do {
        try await SyncServer(address: address, handler: EchoHandler(), logger: silentLogger).run()
        Issue.record("two listeners on one address")
      } catch {
        guard case TransportError.cannotListen(address, _) = error else {
          Issue.record("\(error)")
          return
        }
      }
    }
  }
}
