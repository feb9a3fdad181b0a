import CFaultVFS
import Causality
import Changes
import Replication
import Store
import Wire

/// A frame that went over a link: its place among all bytes that were said.
struct SaidFrame {
  let kind: MessageKind
  /// Bytes said before it.
  let start: Int
  let bytes: [UInt8]
}

/// Links and bundle files that end after every byte (F10, F12).
///
/// A receiver sees whole frames and that the link ended: `FrameDecoder` gives out nothing of a frame that is not
/// complete. That is checked for every byte of every frame first. All cuts inside a frame are one class by that: a run
/// by classes takes four of each frame. Else every byte is cut at, in the payload of a PART frame, which has up to
/// 256 KiB, its first and last bytes and every `stride`-th between.
package struct CutPoints {
  /// What two nodes say to each other.
  package enum Dialogue: String, CaseIterable, Sendable {
    /// Writes, an update, a delete: HELLO, KNOWLEDGE, CHANGES, ACKNOWLEDGEMENT, DONE.
    case plain
    /// Some messages are corrupted, which is answered with ERROR.
    case errors
    /// A value so large that it goes in PART frames.
    case parts
  }

  /// How an enumeration went.
  package struct Outcome: Sendable {
    /// Runs with a cut, and bytes of all frames.
    package var cuts = 0
    package var bytes = 0
    /// Bytes by kind of frame.
    package var kinds: [String: Int] = [:]
    package var violation: String?
  }

  /// Bytes at both ends of a long payload that are all cut at.
  private static let edge = 64

  /// Cuts at every `step`-th of the chosen places from `first` on. `stride`: nil for one of each class.
  package static func links(
    _ dialogue: Dialogue, stride: Int?, first: Int = 0, step: Int = 1
  ) throws -> Outcome {
    var outcome = Outcome()
    var plan = try Plan(text: text(of: dialogue))
    let world = try World(plan)
    world.saidFrames = []
    outcome.violation = world.run().violation.map { "\($0.invariant) \($0.detail); no cut" }
    outcome.bytes = world.verdict[.bytes]
    var places: [Int] = []
    for frame in world.saidFrames ?? [] where outcome.violation == nil {
      outcome.kinds["\(frame.kind)", default: 0] += frame.bytes.count
      outcome.violation = misread(frame)
      places += cutPlaces(in: frame, stride)
    }
    for place in Swift.stride(from: first, to: places.count, by: max(1, step))
    where outcome.violation == nil {
      plan.options.cutAt = places[place]
      outcome.violation = try World(plan).run().violation.map {
        "\($0.invariant) \($0.detail); \(dialogue.rawValue), cut after byte \(places[place]) of \(outcome.bytes)"
      }
      outcome.cuts += 1
    }
    return outcome
  }

  /// The first prefix of a frame of which the decoder gives something out or at which it stops; nil when all is well.
  private static func misread(_ frame: SaidFrame) -> String? {
    var decoder = FrameDecoder()
    for (place, byte) in frame.bytes.enumerated() {
      decoder.append(CollectionOfOne(byte))
      do throws(WireError) {
        let isWhole = place == frame.bytes.count - 1
        if try (decoder.next() != nil) != isWhole { return "S9 \(frame.kind) at byte \(place)" }
      } catch {
        return "S9 \(frame.kind) is refused at byte \(place): \(error)"
      }
    }
    return nil
  }

  /// Numbers of the bytes after which the link ends: of the frame's bytes none to all.
  private static func cutPlaces(in frame: SaidFrame, _ stride: Int?) -> [Int] {
    let count = frame.bytes.count
    let offsets = (0..<count).filter { offset in
      guard let stride else { return [0, 1, count / 2, count - 1].contains(offset) }
      return frame.kind != .part || offset < edge || offset >= count - edge
        || offset % max(1, stride) == 0
    }
    return offsets.map { frame.start + $0 + 1 }
  }

  private static func text(of dialogue: Dialogue) -> String {
    let plain = """
      seed 3
      option chaos-ms 100000
      option apply-again 0
      node 1 0
      node 2 1
      do 100 2 put 2 1 0 1=1 4=2
      do 200 1 put 2 1 0 1=3 9=2
      do 40000 2 delete 2 1 0

      """
    switch dialogue {
    case .plain: return plain
    case .errors: return plain + "option corruption 150000\n"
    case .parts: return plain + "do 50000 2 large 2 2 1\n"
    }
  }

  // MARK: bundles

  /// A bundle of a node for its hub ends after every byte; what is whole of it is taken, then the whole file. After
  /// each the hub's file is checked and compared with the model.
  package static func bundles(first: Int = 0, step: Int = 1) throws -> Outcome {
    var outcome = Outcome()
    let world = try World(
      Plan(
        text: """
          seed 4
          option chaos-ms 100000
          option check-all 1
          node 1 0
          node 2 1
          fault 50 cut 2 0 200000
          do 100 2 put 2 1 0 1=1 4=2
          do 200 2 put 2 1 0 1=3 9=2
          do 300 2 both 2 2 0 1=3
          do 400 2 label 2 1 0
          do 500 2 delete 2 1 0
          """))
    world.start()
    while world.now < .milliseconds(1_000), let next = world.queue.pop() {
      world.now = next.time
      _ = world.perform(next.event)
    }
    guard let bytes = world.makeBundle(from: 1, to: 0) else {
      preconditionFailure("a node with a file makes a bundle")
    }
    outcome.bytes = bytes.count
    for (kind, count) in kinds(of: bytes) { outcome.kinds[kind, default: 0] += count }
    let base = world.checkpoint()
    for place in Swift.stride(from: first, to: bytes.count + 1, by: max(1, step))
    where outcome.violation == nil {
      world.restore(base)
      world.restart(0)
      world.take(bytes.prefix(place))
      world.take(bytes[...])
      world.checkAll(0)
      if world.checkers.shadows[0] != world.checkers.shadows[1] {
        world.violate("Q1", "the hub lacks something of the bundle")
      }
      outcome.violation = world.verdict.violation.map {
        "\($0.invariant) \($0.detail); bundle cut after byte \(place) of \(bytes.count)"
      }
      outcome.cuts += 1
    }
    world.finish()
    return outcome
  }

  /// Bytes of each kind of frame in a bundle file.
  private static func kinds(of bytes: [UInt8]) -> [(String, Int)] {
    var reader = BundleReader()
    var list: [(String, Int)] = []
    var start: UInt64 = 0
    reader.append(bytes)
    // It was just made.
    while let message = try? reader.next() {
      list.append(("\(message.kind)", Int(reader.offset - start)))
      start = reader.offset
    }
    return list
  }
}

extension World {
  /// Keeps a frame that is about to be said.
  func note(_ frame: [UInt8], of kind: MessageKind, at start: Int) {
    saidFrames?.append(SaidFrame(kind: kind, start: start, bytes: frame))
  }

  /// A bundle file from the second node is read at the first.
  fileprivate func take(_ bytes: ArraySlice<UInt8>) {
    let bundle = CarriedBundle(from: 1, to: 0, bytes: Array(bytes))
    takeBundle(bundle, .bundle(bundle))
  }
}
