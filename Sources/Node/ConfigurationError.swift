/// Where a value came from.
package enum ConfigurationOrigin: Hashable, Sendable, CustomStringConvertible {
  case flag(String)
  case environment(String)
  /// Lines count from 1.
  case file(path: String, line: Int)
  case builtIn

  /// `flag --listen`, `environment TRIBUTARY_LISTEN`, `path:7`, `default`.
  package var description: String {
    switch self {
    case .flag(let name): "flag \(name)"
    case .environment(let name): "environment \(name)"
    case .file(let path, let line): "\(path):\(line)"
    case .builtIn: "default"
    }
  }
}

/// Why a configuration cannot be used. Nothing is guessed: the node does not start.
package enum ConfigurationError: Error, Hashable, Sendable {
  /// A line of the file that is no `key = value`.
  case malformedLine(path: String, line: Int, text: String)
  /// A key that there is not. `nearest` is the key that was meant, perhaps.
  case unknownKey(path: String, line: Int, key: String, nearest: ConfigurationKey?)
  /// A key that the file sets twice.
  case repeatedKey(path: String, line: Int, key: ConfigurationKey, firstLine: Int)
  /// A value out of what is allowed.
  case invalidValue(ConfigurationKey, value: String, origin: ConfigurationOrigin)
  /// The file is larger than `Limits.configurationFileBytes`, or not UTF-8.
  case unreadable(path: String, reason: String)
}

extension ConfigurationError: CustomStringConvertible {
  /// What is wrong, where, and what is allowed: one line.
  package var description: String {
    switch self {
    case .malformedLine(let path, let line, let text):
      "\(path):\(line): “\(text)” is not of the form key = value; # begins a comment line"
    case .unknownKey(let path, let line, let key, let nearest):
      "\(path):\(line): there is no key “\(key)”; "
        + (nearest.map { "was \($0.rawValue) meant?" } ?? "config show lists the keys")
    case .repeatedKey(let path, let line, let key, let firstLine):
      "\(path):\(line): \(key.rawValue) is set already in line \(firstLine); remove one of them"
    case .invalidValue(let key, let value, let origin):
      "\(key.rawValue) = “\(value)” (\(origin)): allowed is \(key.allowed)"
    case .unreadable(let path, let reason): "\(path): \(reason)"
    }
  }
}
