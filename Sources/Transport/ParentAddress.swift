/// A host and a port, as in a socket address: `127.0.0.1:8440`, `[::1]:8440`, `hub.example:80`.
package struct HostAndPort: Hashable, Sendable, CustomStringConvertible {
  /// A name of letters, digits, `.`, `-` and `_`, or a numeric address without brackets.
  package let host: String
  /// 0…65,535; 0 asks the system for a free port when listening.
  package let port: UInt16

  /// Parses `host:port`; without a port, `defaultPort` is taken when there is one. Nil for anything else.
  package init?(_ text: String, defaultPort: UInt16? = nil) {
    var (host, rest) = (Substring(), Substring(text))
    if rest.hasPrefix("[") {
      guard let end = rest.firstIndex(of: "]") else { return nil }
      host = rest[rest.index(after: rest.startIndex)..<end]
      rest = rest[rest.index(after: end)...]
      guard !host.isEmpty, host.contains(":"), host.allSatisfy(Self.isAddressCharacter) else {
        return nil
      }
    } else {
      let end = rest.firstIndex(of: ":") ?? rest.endIndex
      host = rest[..<end]
      rest = rest[end...]
      guard !host.isEmpty, host.utf8.count <= 253, host.allSatisfy(Self.isNameCharacter),
        !host.hasPrefix("-"), !host.hasPrefix(".")
      else { return nil }
    }
    if rest.isEmpty {
      guard let defaultPort else { return nil }
      port = defaultPort
    } else {
      let digits = rest.dropFirst()
      guard rest.first == ":", let number = UInt16(digits), String(number) == digits else {
        return nil
      }
      port = number
    }
    self.host = String(host)
  }

  /// The text that `init(_:)` reads; an IPv6 address is in brackets.
  package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  private static func isNameCharacter(_ character: Character) -> Bool {
    character.isASCII
      && (character.isLetter || character.isNumber || character == "." || character == "-"
        || character == "_")
  }

  private static func isAddressCharacter(_ character: Character) -> Bool {
    character.isASCII && (character.isHexDigit || character == ":" || character == ".")
  }
}

/// Where a parent hub is reached: `http://host[:port][/prefix]`. Source: Protocol/7-HTTP.md §1.
///
/// Only `http` is spoken; a hub behind TLS is reached through a TLS proxy on the child's side.
package struct ParentAddress: Hashable, Sendable, CustomStringConvertible {
  /// The port of `http://` addresses that name none.
  package static let defaultPort: UInt16 = 80

  package let endpoint: HostAndPort
  /// Put before each path: empty, or `/` and segments without a trailing `/`.
  package let prefix: String

  /// What keeps a text from being a parent's address.
  package enum Invalid: Error, Hashable, Sendable {
    /// `https://` and other schemes.
    case scheme(String)
    /// No host, a port outside 1…65,535, or characters that no host has.
    case host
    /// A prefix with a query, a fragment, a space, `..` or an empty segment.
    case prefix
  }

  /// Parses an address; one `/` at the end is dropped.
  package init(_ text: String) throws(Invalid) {
    guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://") else {
      throw .scheme("")
    }
    guard text[..<colon] == "http" else { throw .scheme(String(text[..<colon])) }
    let rest = text[colon...].dropFirst(3)
    let slash = rest.firstIndex(of: "/") ?? rest.endIndex
    guard
      let endpoint = HostAndPort(String(rest[..<slash]), defaultPort: Self.defaultPort),
      endpoint.port > 0
    else { throw .host }
    var prefix = rest[slash...]
    if prefix.hasSuffix("/") { prefix = prefix.dropLast() }
    for segment in prefix.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
      guard !segment.isEmpty, segment != ".", segment != "..",
        segment.utf8.allSatisfy(Self.isSegmentByte)
      else { throw .prefix }
    }
    self.endpoint = endpoint
    self.prefix = String(prefix)
  }

  /// The address in its one form, with its port.
  package var description: String { "http://\(endpoint)\(prefix)" }

  private static func isSegmentByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
      UInt8(ascii: "_"), UInt8(ascii: "~"):
      true
    default: false
    }
  }
}

/// The two requests of the protocol. Source: Protocol/7-HTTP.md §2.
package enum SyncPath: String, Hashable, Sendable, CaseIterable {
  /// One turn of the child, one turn of the hub.
  case exchange = "/sync/v1/exchange"
  /// The long poll: answered when something differs, or after `Limits.longPollMilliseconds`.
  case wait = "/sync/v1/wait"

  /// The type of request and response bodies.
  package static let contentType = "application/vnd.tributary.frames"
}
