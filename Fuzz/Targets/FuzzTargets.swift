import Wire

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

  /// What the bound of time is of: decoding what faces a wire and reading a roster, and no more; all of `take` of
  /// other files. Returns the bytes of what is written for people.
  package mutating func decode(_ bytes: [UInt8], _ target: FuzzTarget) -> Int {
    switch target {
    case .frame, .message, .changeSet, .header, .vector, .inflate, .bundle, .dump, .mutated:
      return WireTargets.decode(bytes, target)
    case .roster:
      // What cannot be read has its error.
      _ = try? FileTargets.readRoster(bytes)
      return 0
    case .signed, .configuration, .enrolment, .draw, .answer, .lease:
      take(bytes, target)
      return 0
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
