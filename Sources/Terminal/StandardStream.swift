import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The standard output for data, the standard error for all else.
package enum StandardStream: Int32, Sendable {
  case output = 1
  case error = 2

  /// Whether a person looks at it.
  package var isTerminal: Bool { isatty(rawValue) == 1 }

  /// Columns of the terminal; nil when it is none or does not say.
  package var columns: Int? {
    var size = winsize()
    guard ioctl(rawValue, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }

  /// Writes all of a text. Throws `Problem` when the stream takes no more, e.g. a full disk.
  package func write(_ text: String) throws(Problem) {
    do {
      let handle = self == .output ? FileHandle.standardOutput : FileHandle.standardError
      try handle.write(contentsOf: Data(text.utf8))
    } catch {
      throw Problem(
        "cannot write the output", because: error.localizedDescription,
        next: ["Make room or write elsewhere, then run the command again."], status: .inputOutput)
    }
  }
}
