/// Why a benchmark stopped.
package enum BenchError: Error, Hashable, Sendable {
  /// The file of source rows cannot be read or holds too few.
  case source(path: String, reason: String)
  /// A folder for the files cannot be made.
  case folder(path: String, reason: String)
  /// An engine failed, or its result is not the expected one.
  case engine(name: String, phase: BenchPhase, reason: String)
  /// The sizes asked for make no run.
  case size(reason: String)
}

extension BenchError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .source(let path, let reason): "source \(path): \(reason)"
    case .folder(let path, let reason): "folder \(path): \(reason)"
    case .engine(let name, let phase, let reason): "\(name), \(phase.rawValue): \(reason)"
    case .size(let reason): reason
    }
  }
}

/// One way of keeping and sending rows, under measurement. Phases are run in their order, each once.
package protocol BenchEngine: AnyObject {
  /// `raw`, `session`, `tributary`.
  var name: String { get }
  /// Runs one phase and returns what it took; nil when the engine has no such phase.
  func run(_ phase: BenchPhase) throws(BenchError) -> PhaseResult?
}

/// How sure a commit is to survive a power cut; the same for every engine of a run unless said.
package enum Durability: String, Hashable, Sendable {
  /// `synchronous=FULL`: every commit reaches the disk before it returns.
  case full = "FULL"
  /// `synchronous=NORMAL`: in WAL mode the last commits may vanish.
  case normal = "NORMAL"
}
