import Foundation
import TestSupport
import Testing

/// The air gap with real processes: county, stick, prefecture, and back.
@Suite("Bundles by hand", .timeLimit(.minutes(3)))
struct BundleCommandTests {
  private struct Imported: Decodable {
    struct Rows: Decodable {
      let table: String
      let inserted: Int
    }

    let isDryRun: Bool
    let seal: String
    let applied: Int
    let duplicates: Int
    let rows: [Rows]
    let openedConflicts: [Conflict]
    let acknowledgedStreams: [String]
    let isIncomplete: Bool
  }

  private struct Conflict: Decodable { let id: String }

  private struct Exported: Decodable {
    let changeSets: Int
    let bytes: Int
  }

  private struct Anchor: Decodable { let anchor: String }

  private struct Status: Decodable {
    struct Peer: Decodable {
      let replica: String
      let lagChangeSets: Int
      let missingChangeSets: Int
    }
    struct Stream: Decodable {
      let stream: String
      let digest: String
    }

    let peers: [Peer]
    let streams: [Stream]
  }

  /// A province, a prefecture and a county that knows nobody yet.
  private struct Nodes {
    let folder: TemporaryFolder
    var province: String { folder.path(of: "province") }
    var prefecture: String { folder.path(of: "prefecture") }
    var county: String { folder.path(of: "county") }

    init() async throws {
      folder = try TemporaryFolder("tributary-air-gap")
      try await Program.expect(["init", province, "--node", "530000"])
      let anchor = try await Program.expect(["status", province, "--json"])
        .decoded(as: Anchor.self).anchor
      for (place, code) in [(prefecture, "530100"), (county, "530102")] {
        try await Program.expect(["init", place, "--node", code, "--anchor", anchor])
      }
      try await Program.expect(["enroll", province, prefecture + "/enrolment.json"])
      try await Program.expect(["enroll", prefecture, county + "/enrolment.json"])
    }

    func stick(_ name: String) -> String { folder.path(of: name) }

    func export(
      _ from: String, to: String, _ name: String, _ more: [String] = []
    ) async throws -> Exported {
      try await Program.expect(
        ["bundle", "export", from, "--to", to, "--out", stick(name), "--json"] + more
      ).decoded(as: Exported.self)
    }

    func load(
      _ name: String, at place: String, _ more: [String] = [], status: Int32 = 0
    ) async throws -> Imported {
      try await Program.expect(
        ["bundle", "import", place, stick(name), "--json"] + more, status: status
      ).decoded(as: Imported.self)
    }

    func status(_ place: String) async throws -> Status {
      try await Program.expect(["status", place, "--json"]).decoded(as: Status.self)
    }

    func expectAgreement(_ left: String, _ right: String) async throws {
      let (mine, theirs) = (try await status(left).streams, try await status(right).streams)
      for stream in mine {
        let other = theirs.first { $0.stream == stream.stream }
        #expect(other == nil || other?.digest == stream.digest, "\(stream.stream)")
      }
      #expect(mine.contains { stream in theirs.contains { $0.stream == stream.stream } })
    }
  }

  @Test("County, stick, prefecture, stick, county: all agree and acknowledgements count")
  func roundTrip() async throws {
    let nodes = try await Nodes()
    _ = try await nodes.export(nodes.province, to: "530100", "down")
    _ = try await nodes.load("down", at: nodes.prefecture)
    try await Program.expect([
      "roster", "generate", nodes.county, "--scale", "0.001", "--division", "530102",
    ])
    let first = try await nodes.export(nodes.county, to: "昆明市", "up")
    #expect(first.changeSets == 2)
    let shown = try await nodes.load("up", at: nodes.prefecture, ["--dry-run"])
    let taken = try await nodes.load("up", at: nodes.prefecture, ["--ack", nodes.stick("ack")])
    #expect(shown.isDryRun && !taken.isDryRun && taken.seal == "holds")
    #expect(shown.applied == taken.applied && taken.applied == 2)
    #expect(shown.rows.map(\.inserted) == taken.rows.map(\.inserted))
    #expect(taken.rows.contains { $0.table == "companies" && $0.inserted > 100 })
    _ = try await nodes.export(nodes.prefecture, to: "530102", "back")
    let back = try await nodes.load("back", at: nodes.county, ["--ack", nodes.stick("ack2")])
    #expect(back.seal == "holds" && !back.acknowledgedStreams.isEmpty)
    _ = try await nodes.load("ack2", at: nodes.prefecture)
    try await nodes.expectAgreement(nodes.county, nodes.prefecture)
    let peers = try await nodes.status(nodes.prefecture).peers
    let county = try #require(peers.first { $0.replica == "530102-1" })
    #expect(county.lagChangeSets == 0 && county.missingChangeSets == 0)
    // Nothing is left to say; all can be said again.
    #expect(try await nodes.export(nodes.county, to: "530100", "again").changeSets == 0)
    #expect(try await nodes.export(nodes.county, to: "530100", "all", ["--full"]).changeSets > 2)
    let again = try await nodes.load("all", at: nodes.prefecture)
    #expect(again.applied == 0 && again.duplicates > 2)
  }

  @Test("A server keeps its file while bundles come and go, and serves what they brought")
  func besideServer() async throws {
    let nodes = try await Nodes()
    _ = try await nodes.export(nodes.province, to: "530100", "down")
    let server = RunningProgram([
      "serve", nodes.prefecture, "--listen", "127.0.0.1:0", "--operations-listen", "127.0.0.1:0",
    ])
    let line = try await server.line(containing: "listening on 127")
    let address = try #require(line.split(separator: " ").last)
    _ = try await nodes.load("down", at: nodes.prefecture)
    _ = try await nodes.export(nodes.prefecture, to: "530102", "below")
    _ = try await nodes.load("below", at: nodes.county)
    try await Program.expect([
      "roster", "generate", nodes.county, "--scale", "0.001", "--division", "530102",
    ])
    _ = try await nodes.export(nodes.county, to: "530100", "up")
    let taken = try await nodes.load("up", at: nodes.prefecture, ["--ack", nodes.stick("ack")])
    #expect(taken.applied == 2 && !taken.isIncomplete)
    try await Program.expect(["sync", nodes.county, "--parents", "http://\(address)"])
    try await nodes.expectAgreement(nodes.county, nodes.prefecture)
    #expect(try await server.stop().status == 0)
    try await Program.expect(["check", nodes.prefecture])
  }

  @Test("Damaged, foreign and missing bundles end with their status and say what to do")
  func wrongFiles() async throws {
    let nodes = try await Nodes()
    _ = try await nodes.export(nodes.province, to: "530100", "down")
    var bytes = try nodes.folder.bytes(of: "down")
    bytes[bytes.count / 2] ^= 8
    try nodes.folder.write(bytes, to: "flipped")
    try nodes.folder.write(Array(bytes.prefix(40)), to: "cut")
    try nodes.folder.write(Array("no bundle at all".utf8), to: "text")
    for (file, place, status, word) in [
      ("flipped", nodes.prefecture, Int32(65), "damaged"), ("cut", nodes.prefecture, 65, "ends"),
      ("text", nodes.prefecture, 65, "no bundle"), ("down", nodes.county, 65, "530100"),
      ("down", nodes.province, 64, "this node itself"), ("missing", nodes.prefecture, 66, "open"),
    ] {
      let outcome = try await Program.expect(
        ["bundle", "import", place, nodes.stick(file)], status: status)
      #expect(outcome.errors.contains(word), "\(file): \(outcome.errors)")
      #expect(outcome.errors.contains("next:"), "\(file): \(outcome.errors)")
    }
    #expect(try await nodes.load("down", at: nodes.prefecture).seal == "holds")
    let dump = try await Program.expect(["frames", "dump", nodes.stick("down")])
    #expect(dump.output.contains("insert tributary_replicas \"530100-1\""))
    let broken = try await Program.expect(["frames", "dump", nodes.stick("flipped")], status: 65)
    #expect(broken.output.contains("bundle from 530000-1") && broken.errors.contains("at byte"))
  }
}
