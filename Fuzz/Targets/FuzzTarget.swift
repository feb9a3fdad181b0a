import Causality
import Changes
import Wire

/// The decoders that face a wire or a file, each as one function of bytes. libFuzzer calls it (`make fuzz`),
/// and `FuzzTests` calls it with every committed input.
///
/// A target traps when a property does not hold: what decodes is encoded to the same bytes, or where several
/// texts say the same, to a text that decodes to the same; what does not decode throws an error of the
/// decoder's type, which the compiler sees to (typed throws). Memory and time are bounded by whoever calls.
package enum FuzzTarget: String, Hashable, Sendable, CaseIterable {
  /// A stream of frames.
  case frame
  /// A byte for the kind, then a payload: HELLO, KNOWLEDGE and the others.
  case message
  /// The body of a change set, behind the header of Protocol/3-ChangeSets §2.
  case changeSet = "change-set"
  /// The header of a change set.
  case header
  /// A version vector.
  case vector
  /// Three bytes for the declared length, then deflated bytes, then a body in them.
  case inflate
  /// A bundle file.
  case bundle
  /// A stream of frames or a bundle, as text for auditors.
  case dump
  /// Three bytes that say which value of the body behind them becomes another one.
  case mutated
  /// A body that an enrolled writer has signed, applied to a replica.
  case signed
  /// A byte for the options, then a roster file: CSV in UTF-8 or GB18030.
  case roster
  /// `tributary.conf`.
  case configuration
  /// `enrolment.json`.
  case enrolment
  /// A published record of draws.
  case draw
  /// The body of a hub's error answer.
  case answer
  /// The lease file of a replica.
  case lease

  /// Bytes of an input, at most: longer ones find nothing that shorter ones do not.
  package static let inputBytes = 1 << 16

  /// Bytes that the limits allow a decoder to take for what it gives out; it may allocate four times as many.
  package var memoryCap: Int {
    switch self {
    case .frame, .message, .bundle, .dump: Limits.inflatedFrameBytes
    case .inflate, .changeSet, .mutated, .signed: Limits.changeSetBytes
    case .header, .vector: Limits.frameBytes
    case .configuration: Limits.configurationFileBytes
    case .answer: Limits.errorBodyBytes * 16
    case .enrolment, .roster, .draw, .lease: 16 << 20
    }
  }

  /// Whether time is at most 1 ms per KB; not of what SQLite writes.
  package var hasTimeBound: Bool { self != .signed }

  /// The input in KB (1,024 bytes), by which time is bounded: at least `leastKilobytes`, below which a clock and
  /// fixed costs are what is measured. Deflated bytes count by the length that they declare.
  package func kilobytes(of bytes: [UInt8]) -> Double {
    var count = bytes.count
    switch self {
    case .inflate where count > 3:
      count = max(count, Int(bytes[0]) << 16 | Int(bytes[1]) << 8 | Int(bytes[2]))
    default: break
    }
    return max(Self.leastKilobytes, Double(count) / 1_024)
  }

  private static let leastKilobytes = 1.0
}

/// The functions of the targets, with what the slow ones keep between inputs.
package struct FuzzTargets {
  private var signed: SignedTarget?

  package init() {}

  /// Checks the properties on these bytes. Returns whether they decode.
  @discardableResult package mutating func take(_ bytes: [UInt8], _ target: FuzzTarget) -> Bool {
    switch target {
    case .frame: decodes { () throws(WireError) in try WireTargets.frames(bytes) }
    case .message: decodes { () throws(WireError) in try WireTargets.message(bytes) }
    case .changeSet: decodes { () throws(WireError) in try WireTargets.changeSet(bytes) }
    case .header: decodes { () throws(WireError) in try WireTargets.header(bytes) }
    case .vector: decodes { () throws(WireError) in try WireTargets.vector(bytes) }
    case .inflate: decodes { () throws(WireError) in try WireTargets.inflate(bytes) }
    case .bundle: decodes { () throws(WireError) in try WireTargets.bundle(bytes) }
    case .dump: decodes { () throws(WireError) in try WireTargets.dump(bytes) }
    case .mutated: decodes { () throws(WireError) in try WireTargets.mutated(bytes) }
    case .signed: sign(bytes)
    case .roster: FileTargets.roster(bytes)
    case .configuration: FileTargets.configuration(bytes)
    case .enrolment: FileTargets.enrolment(bytes)
    case .draw: FileTargets.draw(bytes)
    case .answer: FileTargets.answer(bytes)
    case .lease: FileTargets.lease(bytes)
    }
  }

  private func decodes(_ body: () throws(WireError) -> Void) -> Bool {
    do throws(WireError) {
      try body()
      return true
    } catch {
      return false
    }
  }

  private mutating func sign(_ bytes: [UInt8]) -> Bool {
    let target: SignedTarget
    if let signed, signed.hasRoom {
      target = signed
    } else {
      signed = nil
      target = SignedTarget()
      signed = target
    }
    return target.take(bytes)
  }
}
