package import Causality
package import Store

/// The challenges that this process gives its children: one each, for the life of the process.
package final class ChallengeBook {
  /// What a stranger is given: nothing that a HELLO could sign.
  package static let none = [UInt8](repeating: 0, count: 16)

  private let host: any Host
  private var known: [ReplicaID: [UInt8]] = [:]

  package init(host: any Host = SystemHost()) { self.host = host }

  /// 16 bytes that nobody can guess, the same for each call.
  package func challenge(for child: ReplicaID) -> [UInt8] {
    if let challenge = known[child] { return challenge }
    let challenge = host.randomBytes(16)
    known[child] = challenge
    return challenge
  }
}
