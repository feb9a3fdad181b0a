import Foundation
import TestSupport

/// Real nodes of one province, made and enrolled by the program itself.
struct TestTree: Sendable {
  static let province = "530000"
  static let prefecture = "530100"
  static let county = "530102"
  static let sibling = "530103"

  let nodes: [TestNode]
  let anchor: String
  private let folder: TemporaryFolder

  /// Makes the nodes of these codes, parents before children, in `folders` where another place is named. A county has one link to its prefecture, or to
  /// the province when there is no such node, and with `reachingFurther` another to the province.
  init(
    _ codes: [String] = [province, prefecture, county], reachingFurther: Bool = false,
    environment: [String: [String: String]] = [:], folders: [String: String] = [:]
  ) async throws {
    folder = try TemporaryFolder("end-to-end")
    var nodes: [TestNode] = []
    var anchor = ""
    for code in codes {
      let path = folders[code] ?? folder.path(of: code)
      var parents = nodes.filter { Self.isAbove($0.code, code) }.reversed().map { $0 }
      if !reachingFurther { parents = Array(parents.prefix(1)) }
      let node = TestNode(
        code: code, folder: path, links: try parents.map { _ in try FaultProxy(to: 1) },
        environment: environment[code] ?? [:])
      var arguments = ["init", path, "--node", code]
      if !anchor.isEmpty { arguments += ["--anchor", anchor] }
      let made = try await Program.expect(arguments)
      if anchor.isEmpty {
        anchor = made.output.trimmingCharacters(in: .whitespacesAndNewlines)
      }
      if let hub = parents.first {
        try await Program.expect(["enroll", hub.folder, path + "/enrolment.json"])
      }
      nodes.append(node)
    }
    (self.nodes, self.anchor) = (nodes, anchor)
  }

  func path(of name: String) -> String { folder.path(of: name) }

  private static func isAbove(_ hub: String, _ code: String) -> Bool {
    hub != code
      && (hub == province || (hub.hasSuffix("00") && hub.prefix(4) == code.prefix(4)))
  }

  func node(_ code: String) throws -> TestNode {
    guard let node = nodes.first(where: { $0.code == code }) else {
      throw ProgramFailure(description: "no node \(code)")
    }
    return node
  }

  var province: TestNode { get throws { try node(Self.province) } }
  var prefecture: TestNode { get throws { try node(Self.prefecture) } }
  var county: TestNode { get throws { try node(Self.county) } }

  /// The nodes that a node calls, in the order of its links.
  func parents(of node: TestNode) -> [TestNode] {
    Array(nodes.filter { Self.isAbove($0.code, node.code) }.reversed().prefix(node.links.count))
  }

  /// Starts one server and leads its children's links to it.
  func start(_ node: TestNode, _ arguments: [String] = []) async throws {
    try await node.start(arguments)
    for child in nodes {
      for (link, parent) in zip(child.links, parents(of: child)) where parent === node {
        link.retarget(to: node.port)
      }
    }
  }

  func start() async throws { for node in nodes { try await start(node) } }

  func stop() async throws {
    for node in nodes.reversed() { try await node.stop() }
  }

  /// Waits until each node and the first of its parents agree in every stream that both hold.
  func agree(within limit: Duration = .seconds(90)) async throws {
    var differences = ""
    let isEven = try await eventually(within: limit) {
      for node in nodes {
        if let server = node.server, server.hasEnded {
          throw ProgramFailure(description: "\(node.code) ended by itself:\n\(server.errors)")
        }
      }
      differences = try await self.differences()
      return differences.isEmpty
    }
    if !isEven {
      throw ProgramFailure(
        description: "no agreement after \(limit): \(differences)\n"
          + nodes.map { "\($0.code):\n\($0.log.suffix(2_000))" }.joined(separator: "\n"))
    }
  }

  private func differences() async throws -> String {
    var streams: [String: [String: Readings.Status.Stream]] = [:]
    for node in nodes {
      streams[node.code] = Dictionary(
        uniqueKeysWithValues: try await node.status().streams.map { ($0.stream, $0) })
    }
    var found: [String] = []
    for node in nodes {
      for (stream, own) in streams[node.code] ?? [:] where own.waitingChangeSets > 0 {
        found.append("\(stream) waits at \(node.code)")
      }
      guard let parent = parents(of: node).first else { continue }
      for (stream, own) in streams[node.code] ?? [:] {
        if let other = streams[parent.code]?[stream], other != own {
          found.append("\(stream) at \(node.code) and \(parent.code)")
        }
      }
    }
    return found.sorted().joined(separator: ", ")
  }

  /// Every node's file is sound.
  func check() async throws {
    for node in nodes {
      let check = try await node.check()
      if !check.isSound {
        throw ProgramFailure(description: "\(node.code): \(check.problems)")
      }
    }
  }
}

/// Waits until a condition holds; false when the limit passes before.
func eventually(
  within limit: Duration = .seconds(60), _ condition: () async throws -> Bool
) async throws -> Bool {
  let start = ContinuousClock.now
  while true {
    if try await condition() { return true }
    if ContinuousClock.now - start > limit { return false }
    try await Task.sleep(for: .milliseconds(50))
  }
}
