import Causality
import Changes
import Foundation
import Store
import TestSupport
import Testing
import Transport
import Wire

/// Frames that are wrong, from a child that holds a real key, against a running hub. Source: Protocol/5-Frames
/// §6, 6-Sessions §6, threats.md T8.
@Suite("A hub that is told nonsense", .timeLimit(.minutes(5)))
struct BadFrameTests {
  private struct World {
    let tree: TestTree
    let hub: TestNode
    let sibling: TestNode
    let child: HostileChild
    let stream: StreamID
  }

  /// A province, a hostile county with five change sets, and a good one beside it.
  private static func world() async throws -> World {
    let tree = try await TestTree([TestTree.province, TestTree.county, TestTree.sibling])
    for number in 0..<5 { #expect(try await tree.county.insert("OWN-\(number)")) }
    try await tree.start(tree.province)
    let child = try HostileChild(tree.county, calling: tree.province)
    try await child.meet()
    let stream = StreamID(scope: try #require(Scope(code: 530_102)))
    return World(
      tree: tree, hub: try tree.province, sibling: try tree.node(TestTree.sibling), child: child,
      stream: stream)
  }

  /// The hub lives, holds what it should of the county, and serves the other one.
  private static func expectAlive(_ world: World, holding rows: Int) async throws {
    #expect(try await world.hub.companies(TestTree.county).count == rows)
    #expect(try await world.sibling.insert("BESIDE"))
    #expect(try await world.sibling.sync().isComplete)
    #expect(try await world.hub.companies(TestTree.sibling) == ["BESIDE"])
    try world.child.close()
    // The county itself goes on as if nothing had been.
    #expect(try await world.tree.county.sync().isComplete)
    #expect(try await world.hub.companies(TestTree.county).count == 5)
    try await world.tree.check()
    try await world.tree.stop()
  }

  @Test("takes change sets in order only, once, and whole") func order() async throws {
    let world = try await Self.world()
    let child = world.child
    let frames = try child.changes(in: world.stream).map { child.frame(.changes($0)) }
    try #require(frames.count == 5)
    // Behind a gap: kept or refused, never applied before its time.
    let late = try await child.tell([frames[2]])
    #expect(late.isWhole, "\(late)")
    #expect(try await world.hub.companies(TestTree.county).isEmpty)
    // Twice each, and the second before the first again.
    let repeated = try await child.tell([
      frames[0], frames[0], frames[1], frames[0], frames[1],
    ])
    #expect(repeated.isWhole && repeated.errors.isEmpty, "\(repeated)")
    let rows = try await world.hub.companies(TestTree.county)
    #expect(rows == ["OWN-0", "OWN-1"] || rows == ["OWN-0", "OWN-1", "OWN-2"])
    // The last, then the one before it.
    let reversed = try await child.tell([frames[4], frames[3]])
    #expect(reversed.isWhole, "\(reversed)")
    try await Self.expectAlive(world, holding: try await world.hub.companies(TestTree.county).count)
  }

  @Test("answers frames out of place with an error that names them") func outOfPlace() async throws
  {
    let world = try await Self.world()
    let child = world.child
    let frames = try child.changes(in: world.stream).map { child.frame(.changes($0)) }
    // Nothing goes before HELLO, and HELLO comes once.
    let first = try await child.say(frames[0] + child.frame(.done))
    #expect(first.errors == [.unexpectedFrame], "\(first)")
    let twice = try await child.tell([child.frame(child.hello())])
    #expect(twice.errors == [.unexpectedFrame], "\(twice)")
    // What comes behind DONE is not heard.
    let after = try await child.say(
      child.frame(child.hello()) + child.frame(.done) + frames[0] + frames[1])
    #expect(after.isWhole && after.errors.isEmpty, "\(after)")
    #expect(try await child.say(child.frame(child.hello())).status == 400)
    try await Self.expectAlive(world, holding: 0)
  }

  @Test("A turn that breaks at any byte counts as far as its frames are whole")
  func truncated() async throws {
    let world = try await Self.world()
    let child = world.child
    let frames = try child.changes(in: world.stream).prefix(2).map { child.frame(.changes($0)) }
    let hello = child.frame(try child.hello())
    let turn = hello + frames[0] + frames[1]
    for length in stride(from: 1, to: hello.count + frames[0].count, by: 7) {
      let heard = try await child.say(Array(turn.prefix(length)))
      #expect(heard.status == 400, "\(length): \(heard)")
    }
    #expect(try await world.hub.companies(TestTree.county).isEmpty)
    let heard = try await child.say(Array(turn.dropLast()))
    #expect(heard.status == 400, "\(heard)")
    #expect(try await world.hub.companies(TestTree.county) == ["OWN-0"])
    try await Self.expectAlive(world, holding: 1)
  }

  @Test("A turned bit is found wherever it is, and nothing of the frame is taken")
  func turnedBits() async throws {
    let world = try await Self.world()
    let child = world.child
    let frame = child.frame(.changes(try child.changes(in: world.stream)[0]))
    var random = SeededGenerator(seed: faultSeed)
    print("TRIBUTARY_SEED=\(faultSeed)")
    for place in stride(from: 0, to: frame.count, by: 3) {
      var spoiled = frame
      spoiled[place] ^= 1 << UInt8(random.below(8))
      let heard = try await child.tell([spoiled])
      // Longer than it is, it swallows DONE and is cut; else it is told.
      let isTold = !Set(heard.errors).isDisjoint(with: [.malformedFrame, .limitExceeded])
      #expect(heard.status == 400 || isTold, "byte \(place): \(heard)")
    }
    try await Self.expectAlive(world, holding: 0)
  }

  @Test("A frame that inflates to a gigabyte costs the hub no memory") func bomb() async throws {
    let world = try await Self.world()
    let child = world.child
    let before = try Self.peakKibibytes(of: world.hub)
    // 16 MiB of zeros deflate to some 16 KB: beyond the ratio, whatever is declared.
    let zeros = HostileChild.deflated([UInt8](repeating: 0, count: 16 << 20))
    let bombs: [(name: String, frame: [UInt8], error: ProtocolErrorCode)] = [
      (
        "a gigabyte declared",
        HostileChild.bomb(
          carried: Array(zeros.prefix(1_024)),
          inflatedBytes: 1 << 30), .limitExceeded
      ),
      (
        "a ratio of a thousand", HostileChild.bomb(carried: zeros, inflatedBytes: 16 << 20),
        .limitExceeded
      ),
      (
        "more than declared", HostileChild.bomb(carried: zeros, inflatedBytes: 60_000),
        .malformedFrame
      ),
      (
        "a length beyond the limit", [FrameCodec.magic, 0, 0, 0, 0, 3, 0xFF, 0xFF, 0xFF, 0x7F],
        .limitExceeded
      ),
    ]
    for bomb in bombs {
      let heard = try await child.tell([bomb.frame])
      #expect(heard.errors == [bomb.error], "\(bomb.name): \(heard)")
    }
    let after = try Self.peakKibibytes(of: world.hub)
    print("peak of the hub: \(before) KiB before, \(after) KiB after the bombs")
    #expect(after < before + (32 << 10), "T8a: at most 32 MiB more")
    try await Self.expectAlive(world, holding: 0)
  }

  private static func peakKibibytes(of node: TestNode) throws -> Int {
    let id = try #require(node.server?.processID)
    let text = try String(contentsOfFile: "/proc/\(id)/status", encoding: .utf8)
    let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
    return try #require(line.split(separator: " ").dropFirst().first.flatMap { Int($0) })
  }

  @Test("Another version, another key, another's name and an old challenge are refused")
  func forged() async throws {
    let world = try await Self.world()
    let child = world.child
    let own = child.replica.identity.replica
    let sibling = try #require(ReplicaID("530103-1"))
    let stranger = try #require(ReplicaID("530111-1"))
    let cases: [(name: String, hello: Message, error: ProtocolErrorCode)] = [
      ("version", try child.hello(versions: 9...12), .versionMismatch),
      ("signature", try child.hello(spoiled: true), .authenticationNeeded),
      ("another's name", try child.hello(as: sibling), .authenticationNeeded),
      ("a stranger", try child.hello(as: stranger), .unknownReplica),
      (
        "old challenge", try child.hello(challenge: [UInt8](repeating: 7, count: 16)),
        .authenticationNeeded
      ),
    ]
    let frame = child.frame(.changes(try child.changes(in: world.stream)[0]))
    for (name, hello, error) in cases {
      for path in [SyncPath.exchange, .wait] {
        let bytes = child.frame(hello) + (path == .exchange ? frame : []) + child.frame(.done)
        let heard = try await child.say(bytes, path)
        #expect(heard.errors == [error], "\(name): \(heard)")
        guard case .hello(let answer)? = heard.messages.first else { continue }
        #expect(answer.streams.isEmpty, "\(name): who is not known is told nothing")
      }
    }
    // Nothing is kept of who proved nothing, and nobody is spoken of falsely.
    let peers = try await world.hub.status().peers.map(\.replica)
    #expect(Set(peers).isSubset(of: ["\(own)"]), "\(peers)")
    try await Self.expectAlive(world, holding: 0)
  }
}
