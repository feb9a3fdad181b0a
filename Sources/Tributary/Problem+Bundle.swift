import Causality
import Foundation
import Node
import Terminal
import Transport
import Wire

extension Problem {
  /// Runs `body`; what goes wrong with a bundle becomes a problem for people.
  static func fromBundle<Result>(
    _ failed: String, on path: String, node folder: String,
    _ body: () throws(BundleError) -> Result
  ) throws(Problem) -> Result {
    do throws(BundleError) { return try body() } catch {
      throw Problem(failed, on: path, node: folder, error)
    }
  }

  /// An error of a bundle in words. `path`: the bundle.
  init(_ failed: String, on path: String, node folder: String, _ error: BundleError) {
    func problem(
      _ reason: String, _ next: [String], _ status: ExitStatus = .data
    ) -> Problem {
      Problem(failed, on: path, because: reason, next: next, status: status)
    }
    switch error {
    case .store(let error): self.init(failed, on: folder, error)
    case .file(let error): self.init(failed, file: error)
    case .unreadable(let damage):
      self = problem(
        damage.text, ["Export it again, or copy it again from the stick; nothing was taken."])
    case .addressed(let to, let from):
      self = problem(
        "it is for \(to), made by \(from); nothing was taken",
        ["Import it at \(to), or have one made for this node: bundle export --to …"])
    case .own(let replica):
      self = problem(
        "\(replica) is this node itself",
        ["Name another node; a bundle is imported at the node it was made for."], .usage)
    case .unknownNode(let node):
      self = problem(
        "there is no division \(node.division)",
        ["Give a six-digit code of GB/T 2260, e.g. 530102, or a full name."], .usage)
    case .notRelated(let node):
      self = problem(
        "\(node) is neither above nor below this node: it may not have its data",
        ["Exchange through the hub above both."], .noPermission)
    default: self = Self.standing(failed, path, error)
    }
  }

  /// Errors about who the other side is and what the two know.
  private static func standing(
    _ failed: String, _ path: String, _ error: BundleError
  ) -> Problem {
    func problem(
      _ reason: String, _ next: [String], _ status: ExitStatus = .data
    ) -> Problem {
      Problem(failed, on: path, because: reason, next: next, status: status)
    }
    switch error {
    case .notAdmitted(let node):
      return problem(
        "\(node) has not been admitted here",
        ["Admit it first: tributary enroll DIR enrolment.json"], .noPermission)
    case .retired(let replica):
      return problem(
        "the life of \(replica) is over; nothing was taken",
        ["Have the bundle made by the node that took its place."], .noPermission)
    case .gap(let streams, let from):
      let list = streams.map(\.description).joined(separator: ", ")
      return problem(
        "it builds on change sets of \(list) that are not here; nothing was taken",
        [
          "Import the bundles of \(from) that were made before this one first,",
          "or have all carried: tributary bundle export … --full at \(from.node).",
        ])
    case .restored(let stream, let own, let known):
      return problem(
        "its sender knows change set \(known) of this node in \(stream), which has only \(own): "
          + "this replica was put back from a copy and stopped writing; nothing was taken",
        ["Make a node with a new folder by `tributary init`, and have it enrolled."],
        .noPermission)
    case .violated(let message):
      return problem(
        "it breaks the protocol: \(message.code): \(message.subject)",
        ["What was taken before is safe. Have it exported again."], .protocolError)
    default: return problem("\(error)", ["Report this."], .software)
    }
  }

  /// A bundle file that cannot be read or written.
  init(_ failed: String, file error: TransportError) {
    switch error {
    case .file(let path, let step, let code):
      let isWritten = path.hasSuffix(".partial") || step != .read && step != .open
      let reason = code == 0 ? nil : String(cString: strerror(code))
      let name = path.hasSuffix(".partial") ? String(path.dropLast(8)) : path
      let status: ExitStatus =
        code == ENOSPC || step == .read
        ? .inputOutput : isWritten || code == EEXIST ? .cannotCreate : .noInput
      self.init(
        failed, on: name, because: "cannot \(step.rawValue)\(reason.map { ": \($0)" } ?? "")",
        next: [
          code == ENOSPC
            ? "Make room on the disk or stick, then run the command again; nothing was lost."
            : "Check the path, the stick and the rights, then run the command again."
        ],
        status: status)
    case .fileTooLarge(let path, let limit):
      self.init(
        failed, on: path, because: "it is larger than \(Quantity.bytes(UInt64(limit)))",
        next: ["Export again: what does not fit goes into a next bundle."], status: .data)
    default:
      self.init(
        failed, because: error.description, next: ["Run the command again."],
        status: .inputOutput)
    }
  }
}

extension BundleDamage {
  /// Where and what, for people.
  var text: String {
    switch error {
    case .malformed(.bundle): "it is no bundle"
    case .bundleTruncated where frame == 0: "it ends within its first frame"
    case .bundleTruncated(let frames, let expected):
      "it ends after \(frames) of \(expected) frames, at byte \(offset)"
    default: "frame \(frame) at byte \(offset) is damaged: \(error.text)"
    }
  }
}

extension WireError {
  /// What is wrong with bytes, for people.
  var text: String {
    switch self {
    case .truncated(let offset): "it ends within a value (byte \(offset) of the payload)"
    case .nonCanonical(let subject): "\(subject.rawValue) is not in its one required form"
    case .limitExceeded(let subject, let value, let limit):
      "\(subject.rawValue) is \(value), the limit is \(limit)"
    case .unknownCode(let subject, let code): "\(subject.rawValue) \(code) is not known"
    case .malformed(let subject): "\(subject.rawValue) is malformed"
    case .checksumMismatch: "the checksum does not fit the bytes"
    case .inflationFailed: "the compressed bytes do not inflate"
    case .frameOutOfPlace: "a frame is missing, repeated or out of order"
    case .bundleTruncated(let frames, let expected): "\(frames) of \(expected) frames are there"
    case .trailingBytes: "bytes follow the seal"
    }
  }
}
