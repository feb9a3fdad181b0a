import Foundation
import Terminal

/// The `tributary.conf` that `init` writes: what was given, nothing else.
struct ConfigurationDraft {
  let parents: [String]
  let listen: String?

  /// Throws `Problem` for an address that the configuration would not take.
  init(parents: [String], listen: String?) throws(Problem) {
    for parent in parents { try Self.checkParent(parent) }
    if let listen { try Self.checkAddress(listen, what: "--listen") }
    (self.parents, self.listen) = (parents, listen)
  }

  var text: String {
    var lines = [
      "# The settings of this node. Lines are \"key = value\"; unknown keys are errors.",
      "# A flag goes before the environment (TRIBUTARY_…), that before this file.",
    ]
    if let listen { lines.append("listen = \(listen)") }
    if !parents.isEmpty { lines.append("parents = \(parents.joined(separator: ", "))") }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func checkParent(_ text: String) throws(Problem) {
    guard let parts = URLComponents(string: text), parts.scheme == "http",
      let host = parts.host, !host.isEmpty, parts.query == nil, parts.fragment == nil,
      parts.user == nil, !text.contains(",")
    else {
      throw Problem(
        "this is no address of a parent", on: text,
        because:
          "it is a host with port and prefix if needed, and plain http; https goes through a proxy",
        next: ["Give it as e.g. http://prefecture.example:8440"], status: .usage)
    }
  }

  private static func checkAddress(_ text: String, what: String) throws(Problem) {
    let colon = text.lastIndex(of: ":")
    let port = colon.flatMap { UInt16(text[text.index(after: $0)...]) }
    guard let colon, port != nil, colon > text.startIndex,
      !text.contains(where: \.isWhitespace)
    else {
      throw Problem(
        "this is no address to listen on", on: "\(what) \(text)", because: "it is HOST:PORT",
        next: ["Give it as e.g. 127.0.0.1:8440"], status: .usage)
    }
  }
}
