import Foundation
import TestSupport
import Testing

/// Requests that are wrong as HTTP, against a running hub. Source: Protocol/7-HTTP.md §4, threats.md T16.
@Suite("A hub that is asked wrongly", .timeLimit(.minutes(5)))
struct BadRequestTests {
  private struct Problem: Decodable {
    let code: String
    let message: String
    let requestID: String
    enum CodingKeys: String, CodingKey {
      case code, message
      case requestID = "request_id"
    }
  }

  private static let frames = "application/vnd.tributary.frames"

  /// Request, status, code; no code where there is no body.
  private static let cases: [(request: [UInt8], status: Int, code: String)] = [
    (
      Array("GET /sync/v1/exchange HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n".utf8), 405,
      "method_not_allowed"
    ),
    (
      Array("DELETE /sync/v1/wait HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n".utf8), 405,
      "method_not_allowed"
    ),
    (RawRequest.post("/sync/v2/exchange", body: []), 404, "not_found"),
    (RawRequest.post("/sync/v1/../../etc/passwd", body: []), 404, "not_found"),
    (RawRequest.post("/sync/v1/%2e%2e/%2e%2e/etc/passwd", body: []), 404, "not_found"),
    (RawRequest.post(body: [1], type: "application/json"), 415, "unsupported_media_type"),
    (
      RawRequest.post(body: [1], headers: "Content-Encoding: gzip\r\n"), 415,
      "unsupported_content_encoding"
    ),
    (
      RawRequest.post("/sync/v1/wait", body: [UInt8](repeating: 0xB7, count: (2 << 20) + 1)), 413,
      "content_too_large"
    ),
    (
      Array(
        ("POST /sync/v1/exchange HTTP/1.1\r\nHost: t\r\nContent-Type: \(frames)\r\n"
          + "Connection: close\r\nContent-Length: 999999999999\r\n\r\n").utf8), 413,
      "content_too_large"
    ),
    (RawRequest.post(body: Array("this is no frame".utf8)), 400, "malformed_frames"),
    (RawRequest.post(body: [0xB7, 0, 0, 0, 0, 7, 0]), 400, "malformed_frames"),
    (RawRequest.post(body: []), 400, "malformed_frames"),
    (
      Array("POST /sync/v1/exchange HTTP/1.1\r\nHost: t\r\nContent-Length: -1\r\n\r\n".utf8), 400,
      ""
    ),
    (Array("no HTTP at all\r\n\r\n".utf8), 400, ""),
    (
      Array(
        "POST /sync/v1/exchange HTTP/1.1\r\nHost: t\r\nX: \(String(repeating: "x", count: 40_000))\r\n\r\n"
          .utf8), 400, ""
    ),
  ]

  @Test("answers each with its status, a code, a sentence and the request's id, and serves on")
  func table() async throws {
    let tree = try await TestTree([TestTree.province, TestTree.county])
    let (province, county) = (try tree.province, try tree.county)
    try await tree.start(province)
    for (request, status, code) in Self.cases {
      let answer = try await RawRequest.send([request], to: province.port)
      let name = String(decoding: request.prefix(60), as: UTF8.self)
      #expect(answer.status == status, "\(name): \(answer.text.prefix(400))")
      if code.isEmpty { continue }
      let problem = try JSONDecoder().decode(Problem.self, from: Data(answer.body.utf8))
      #expect(problem.code == code, "\(name)")
      #expect(!problem.message.isEmpty && !problem.requestID.isEmpty, "\(name)")
      // Nothing of the machine or its rows.
      #expect(!answer.text.contains(province.folder) && !answer.text.contains("SQLite"))
    }
    #expect(try await county.insert("STILL"))
    #expect(try await county.sync().isComplete)
    #expect(try await province.companies(TestTree.county) == ["STILL"])
    try await tree.stop()
  }

  @Test("A crowd that drips its requests is given up, and a child beside it is served")
  func drips() async throws {
    let tree = try await TestTree([TestTree.province, TestTree.county])
    let (province, county) = (try tree.province, try tree.county)
    try await tree.start(province)
    let head = RawRequest.post(body: [UInt8](repeating: 0xB7, count: 10_000)).prefix { $0 != 0xB7 }
    let pieces = [Array(head)] + [[UInt8]](repeating: [0xB7], count: 200)
    try await withThrowingTaskGroup(of: RawRequest.Answer.self) { group in
      for _ in 0..<40 {
        group.addTask {
          try await RawRequest.send(pieces, to: province.port, pauseMilliseconds: 100)
        }
      }
      #expect(try await county.insert("BESIDE"))
      #expect(try await county.sync().isComplete)
      for try await answer in group {
        #expect([400, 408].contains(answer.status), "\(answer.text.prefix(200))")
      }
    }
    try await tree.stop()
  }

  @Test("One exchange too many is told when to come again, and its child does so")
  func busy() async throws {
    let tree = try await TestTree(
      [TestTree.province, TestTree.county],
      environment: [TestTree.province: ["TRIBUTARY_CONCURRENT_EXCHANGES": "1"]])
    let (province, county) = (try tree.province, try tree.county)
    try await tree.start(province)
    // Holds the only place for as long as the hub has patience.
    let head = Array(
      ("POST /sync/v1/exchange HTTP/1.1\r\nHost: t\r\nContent-Type: \(Self.frames)\r\n"
        + "Content-Length: 1000\r\n\r\n").utf8)
    var refused: RawRequest.Answer?
    for _ in 0..<20 where refused?.status != 429 {
      async let holder = RawRequest.send([head, [0xB7]], to: province.port, pauseMilliseconds: 10)
      // Whoever asks first has the place: the holder must be there before.
      try await Task.sleep(for: .milliseconds(500))
      refused = try await RawRequest.send([RawRequest.post(body: [1])], to: province.port)
      _ = try await holder
    }
    let answer = try #require(refused)
    #expect(answer.status == 429)
    #expect(answer.text.lowercased().contains("retry-after: "), "\(answer.text)")
    #expect(answer.body.contains("too_many_requests"))
    try await tree.start(county)
    #expect(try await county.insert("LATER"))
    try await tree.agree()
    try await tree.stop()
  }
}
