import Changes

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
    case .frame, .message, .bundle: Limits.inflatedFrameBytes
    case .inflate, .changeSet, .mutated, .dump, .signed: Limits.changeSetBytes
    case .header, .vector: Limits.frameBytes
    case .configuration: Limits.configurationFileBytes
    case .answer: Limits.errorBodyBytes * 16
    case .enrolment, .roster, .draw, .lease: 16 << 20
    }
  }

  /// Milliseconds of processor time per KB under the sanitizers, at most. The bound is 1 ms in the build that is
  /// shipped, which `Time.swift` measures; counters, checks and fresh pages take up to fifty times as long here, so that
  /// this finds only what is not linear. A dump takes as long as its text is; what SQLite writes is not bounded.
  package var sanitizedMillisecondsPerKilobyte: Double {
    switch self {
    case .frame, .message, .changeSet, .header, .vector, .inflate, .bundle, .mutated: 50
    case .roster, .configuration, .enrolment, .draw, .answer, .lease: 10
    case .dump, .signed: .infinity
    }
  }

  /// The input in KB (1,024 bytes), by which time is bounded: at least `leastKilobytes`, below which a clock and
  /// fixed costs are what is measured. Deflated bytes count by the length that they
  /// declare, a dump by the text too that it is.
  package func kilobytes(of bytes: [UInt8], written: Int = 0) -> Double {
    var count = max(bytes.count, written)
    switch self {
    case .inflate where count > 3:
      count = max(count, Int(bytes[0]) << 16 | Int(bytes[1]) << 8 | Int(bytes[2]))
    default: break
    }
    return max(Self.leastKilobytes, Double(count) / 1_024)
  }

  private static let leastKilobytes = 1.0
}
