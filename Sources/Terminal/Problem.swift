/// Why a command ends early, in words for people: what failed, on what, why, and what to do next.
package struct Problem: Error, Hashable, Sendable {
  /// `cannot open the replica`: lower case, no full stop.
  package let failed: String
  /// The file, node, stream or line concerned; nil when `failed` says all.
  package let subject: String?
  /// Why, when it is known; one line each.
  package let reasons: [String]
  /// What to do, one step each; at least one unless nothing can be done.
  package let next: [String]
  package let status: ExitStatus

  package init(
    _ failed: String, on subject: String? = nil, because reason: String? = nil,
    next: [String] = [], status: ExitStatus
  ) {
    self.init(
      failed, on: subject, because: reason.map { [$0] } ?? [], next: next, status: status)
  }

  /// The same for several reasons at once.
  package init(
    _ failed: String, on subject: String? = nil, because reasons: [String],
    next: [String] = [], status: ExitStatus
  ) {
    self.failed = failed
    self.subject = subject
    self.reasons = reasons
    self.next = next
    self.status = status
  }

  /// Lines for the standard error, each ended. What comes from outside is made visible.
  package func text(program: String = "tributary") -> String {
    var text = "\(program): \(failed.visible)"
    if let subject { text += ": \(subject.visible)" }
    text += "\n"
    for (index, reason) in reasons.enumerated() {
      text += (index == 0 ? "  why:  " : "        ") + reason.visible + "\n"
    }
    for (index, step) in next.enumerated() {
      text += (index == 0 ? "  next: " : "        ") + step.visible + "\n"
    }
    return text
  }
}

extension Problem: CustomStringConvertible {
  package var description: String { text() }
}
