/// How a command ends: the statuses of sysexits.h, and 1 for "done, and something is wrong".
package enum ExitStatus: Int32, Sendable, CaseIterable {
  case success = 0
  /// The command did its work and found something wrong, e.g. `check`, or `demo` without agreement.
  case found = 1
  /// EX_USAGE.
  case usage = 64
  /// EX_DATAERR.
  case data = 65
  /// EX_NOINPUT.
  case noInput = 66
  /// EX_NOHOST.
  case noHost = 68
  /// EX_UNAVAILABLE.
  case unavailable = 69
  /// EX_SOFTWARE.
  case software = 70
  /// EX_OSERR.
  case system = 71
  /// EX_CANTCREAT.
  case cannotCreate = 73
  /// EX_IOERR.
  case inputOutput = 74
  /// EX_TEMPFAIL.
  case temporary = 75
  /// EX_PROTOCOL.
  case protocolError = 76
  /// EX_NOPERM.
  case noPermission = 77
  /// EX_CONFIG.
  case configuration = 78

  /// What it means, for `--help`.
  package var meaning: String {
    switch self {
    case .success: "done"
    case .found: "done, and something is wrong (check, demo)"
    case .usage: "the command line is wrong"
    case .data: "the input is wrong (roster, bundle, replica file)"
    case .noInput: "a file or folder to read is missing"
    case .noHost: "a parent's name is unknown"
    case .unavailable: "a parent cannot be reached, or the file is in use"
    case .software: "a fault in tributary itself; please report it"
    case .system: "the system refused a thread, socket or process"
    case .cannotCreate: "a file or folder cannot be created"
    case .inputOutput: "reading or writing failed (disk full?)"
    case .temporary: "not now; try again later"
    case .protocolError: "the peer does not keep to the protocol, or speaks another version"
    case .noPermission: "refused: unknown node, missing right, or a replica that must not write"
    case .configuration: "the configuration is wrong"
    }
  }

  /// The list for `--help`, one line each.
  package static var helpText: String {
    let lines = allCases.map { status in
      let number = String(status.rawValue)
      let padding = String(repeating: " ", count: 5 - number.utf8.count)
      return padding + number + "  " + status.meaning
    }
    return "EXIT STATUS\n" + lines.joined(separator: "\n")
  }
}
