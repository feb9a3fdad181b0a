import Causality
import Changes
import Foundation
import Replication
import Testing
import Wire

/// The machines do what the tables of states in 6-Sessions say.
@Suite struct StateTableTests {
  /// The rows of the table whose heading begins with `| child in`, `| hub in` and so on: per state, per frame.
  private static func table(_ side: String) throws -> [String: [String: String]] {
    let page = try String(
      contentsOf: VectorFolder.root.appending(path: "Protocol/6-Sessions.md"), encoding: .utf8)
    let lines = page.components(separatedBy: "\n")
    let start = try #require(lines.firstIndex { $0.hasPrefix("| \(side) in |") })
    func cells(_ line: String) -> [String] {
      line.components(separatedBy: "|").dropFirst().dropLast().map {
        $0.trimmingCharacters(in: CharacterSet(charactersIn: " `"))
      }
    }
    let heading = cells(lines[start])
    var rows: [String: [String: String]] = [:]
    for line in lines[(start + 2)...].prefix(while: { $0.hasPrefix("|") }) {
      let row = cells(line)
      rows[row[0]] = Dictionary(
        zip(heading.dropFirst(), row.dropFirst()), uniquingKeysWith: { first, _ in first })
    }
    return rows
  }

  private static func world() throws -> SessionWorld {
    try SessionWorld(
      SessionFile.Session(
        name: "states", child: "530102-1", hub: "530100-1", childKnowsHub: true,
        challenge: Hex.encode([UInt8](repeating: 0x7F, count: 16)), streams: ["530102/both"],
        steps: []))
  }

  private static func hello(of node: SessionNode) -> Message {
    .hello(
      node.signed(
        Hello(
          protocolVersions: 1...1, replica: node.id, schemaVersion: 1, wallMilliseconds: 0,
          quarantineCount: 0, challenge: [UInt8](repeating: 0x7F, count: 16), streams: [],
          signature: [])))
  }

  /// A frame of a kind that would be fine at its place.
  private static func frame(_ kind: MessageKind, from node: SessionNode) throws -> Message {
    let stream = try StreamID(vector: "530102/both")
    let none = VersionVector()
    switch kind {
    case .hello: return hello(of: node)
    case .knowledge:
      return .knowledge(StreamKnowledge(stream: stream, known: none, receiverHead: nil))
    case .changes: return .changes(ChangesMessage(changeSets: [], heads: []))
    case .part:
      let dot = try Dot(vector: "530102/both:530102-1:1")
      return .part(PartMessage(dot: dot, contentHash: .zero, index: 0, count: 2, bytes: []))
    case .acknowledgement:
      return .acknowledgement(
        Acknowledgement(stream: stream, held: none, needs: none, top: none))
    case .error:
      return .error(ErrorMessage(code: .streamNotShared, subject: "530102/both"))
    case .done: return .done
    case .bundleManifest:
      return .bundleManifest(
        BundleManifest(
          from: node.id, to: nil, createdMilliseconds: 0, isAcknowledgement: true, ranges: [],
          frameCount: 0))
    case .bundleSeal: return .bundleSeal(BundleSeal(contentHash: .zero, signature: []))
    }
  }

  /// Brings a machine to a state, gives it a frame, and says what it did, in the words of the table.
  private static func reaction(
    _ start: some ExchangeMachine, _ node: SessionNode, _ peer: SessionNode, state: String,
    _ kind: MessageKind
  ) throws -> String {
    var machine = start
    var outcome: ExchangeOutcome?
    _ = node.drain(&machine, &outcome)
    if state == "listening" || state == "opening" || state == "waiting" {
      machine.receive(hello(of: peer), wallMilliseconds: 0)
      _ = node.drain(&machine, &outcome)
    }
    if state == "waiting" {
      machine.receive(.done, wallMilliseconds: 0)
      _ = node.drain(&machine, &outcome)
    }
    #expect(outcome == nil, "\(state) is met before the conversation ends")
    if state == "finished" {
      machine.linkEnded()
      _ = node.drain(&machine, &outcome)
      outcome = nil
    }
    machine.receive(try frame(kind, from: peer), wallMilliseconds: 0)
    let said = node.drain(&machine, &outcome)
    if state == "finished" || state == "waiting" {
      return outcome == nil && said.isEmpty ? "ignored" : "acts"
    }
    switch outcome?.result {
    case .failed(.violated(let error))? where error.code == .unexpectedFrame: return "violation"
    case nil: return "goes on"
    default: return "ends"
    }
  }

  private static func agrees(_ reaction: String, with cell: String) -> Bool {
    switch cell {
    case "violation", "ignored": reaction == cell
    case "ends", "says its turn": reaction == "ends"
    default: reaction == "goes on"
    }
  }

  @Test func `The child meets every frame in every state as the table says`() throws {
    let world = try Self.world()
    let rows = try Self.table("child")
    #expect(rows.count == 3)
    for (state, row) in rows {
      for kind in MessageKind.allCases {
        let cell = try #require(row["\(kind)"], "\(state), \(kind)")
        let start = ChildExchange(
          context: world.child.context, shared: world.child.shared, hint: PeerHint())
        let found = try Self.reaction(start, world.child, world.hub, state: state, kind)
        #expect(Self.agrees(found, with: cell), "\(state), \(kind): \(found), the page: \(cell)")
      }
    }
  }

  @Test func `The hub meets every frame in every state as the table says`() throws {
    let world = try Self.world()
    let rows = try Self.table("hub")
    #expect(rows.count == 3)
    for (state, row) in rows {
      for kind in MessageKind.allCases {
        let cell = try #require(row["\(kind)"], "\(state), \(kind)")
        let start = HubExchange(context: world.hub.context, memory: ChildMemory())
        let found = try Self.reaction(start, world.hub, world.child, state: state, kind)
        #expect(Self.agrees(found, with: cell), "\(state), \(kind): \(found), the page: \(cell)")
      }
    }
  }

  /// A world whose two have met: a long poll needs a challenge, and a hub that told its tops.
  private static func met() throws -> SessionWorld {
    var world = try world()
    for _ in 0..<3 { _ = try world.run(SessionFile.Step(action: "exchange")) }
    return world
  }

  @Test func `The child of a long poll meets every frame in every state as the table says`() throws
  {
    let world = try Self.met()
    let rows = try Self.table("long-poll child")
    #expect(rows.count == 3)
    for (state, row) in rows {
      for kind in MessageKind.allCases {
        let cell = try #require(row["\(kind)"], "\(state), \(kind)")
        let start = ChildWait(
          context: world.child.context, shared: world.child.shared, hint: world.hint)
        let found = try Self.reaction(start, world.child, world.hub, state: state, kind)
        #expect(Self.agrees(found, with: cell), "\(state), \(kind): \(found), the page: \(cell)")
      }
    }
  }

  @Test func `The hub of a long poll meets every frame in every state as the table says`() throws {
    let world = try Self.met()
    let rows = try Self.table("long-poll hub")
    #expect(rows.count == 4)
    for (state, row) in rows {
      for kind in MessageKind.allCases {
        let cell = try #require(row["\(kind)"], "\(state), \(kind)")
        let start = HubWait(context: world.hub.context, memory: world.memory)
        let found = try Self.reaction(start, world.hub, world.child, state: state, kind)
        #expect(Self.agrees(found, with: cell), "\(state), \(kind): \(found), the page: \(cell)")
      }
    }
  }
}
