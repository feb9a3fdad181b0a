package import Transport

/// The settings of one node, checked, with where each came from: flag > environment > file > default.
package struct Configuration: Hashable, Sendable {
  /// One effective value, for `config show`.
  package struct Setting: Hashable, Sendable {
    package let key: ConfigurationKey
    package let value: String
    package let origin: ConfigurationOrigin
  }

  package let listen: HostAndPort
  package let operationsListen: HostAndPort
  /// In the order in which they are tried.
  package let parents: [ParentAddress]
  package let dataFolder: String
  package let pollMilliseconds: UInt64
  package let longPollMilliseconds: UInt64
  package let connectMilliseconds: UInt64
  package let answerMilliseconds: UInt64
  package let silenceMilliseconds: UInt64
  package let turnBytes: Int
  package let concurrentExchanges: Int
  package let concurrentWaits: Int
  package let connections: Int
  package let logLevel: ConfigurationLogLevel
  package let logFormat: ConfigurationLogFormat
  /// One for each key, in the order of `ConfigurationKey`.
  package let settings: [Setting]

  /// - Parameters:
  ///   - flags: values given on the command line.
  ///   - environment: the process's variables; those that name no key are left alone.
  ///   - file: the path, for errors, and the content of the configuration file, when there is one.
  package init(
    flags: [ConfigurationKey: String] = [:], environment: [String: String] = [:],
    file: (path: String, bytes: [UInt8])? = nil
  ) throws(ConfigurationError) {
    var entries: [ConfigurationKey: ConfigurationFile.Entry] = [:]
    if let file {
      entries = try ConfigurationFile(path: file.path, bytes: file.bytes).entries
    }
    let settings = ConfigurationKey.allCases.map { key in
      if let value = flags[key] {
        return Setting(key: key, value: value, origin: .flag(key.flagName))
      }
      if let value = environment[key.environmentName] {
        return Setting(key: key, value: value, origin: .environment(key.environmentName))
      }
      if let file, let entry = entries[key] {
        return Setting(
          key: key, value: entry.value, origin: .file(path: file.path, line: entry.line))
      }
      return Setting(key: key, value: key.defaultText, origin: .builtIn)
    }
    let values = ConfigurationValues(settings)
    listen = try values.address(.listen)
    operationsListen = try values.address(.operationsListen)
    parents = try values.parents()
    dataFolder = try values.path(.dataFolder)
    pollMilliseconds = try values.number(.pollMilliseconds)
    longPollMilliseconds = try values.number(.longPollMilliseconds)
    connectMilliseconds = try values.number(.connectMilliseconds)
    // A parent holds a long poll in silence.
    answerMilliseconds = try values.number(
      .answerMilliseconds, above: .longPollMilliseconds)
    silenceMilliseconds = try values.number(.silenceMilliseconds)
    turnBytes = Int(try values.number(.turnBytes))
    concurrentExchanges = Int(try values.number(.concurrentExchanges))
    concurrentWaits = Int(try values.number(.concurrentWaits))
    connections = Int(try values.number(.connections))
    logLevel = try values.choice(.logLevel)
    logFormat = try values.choice(.logFormat)
    self.settings = settings
  }

  /// A file with every key, commented out, at its default: what `config show --example` prints.
  package static let example: String = {
    var text = """
      # tributary.conf: the settings of one node.
      #
      # Lines are "key = value"; lines that begin with # are comments. Unknown keys are errors.
      # A flag (--log-level) goes before the environment (TRIBUTARY_LOG_LEVEL), that before this
      # file, that before the default. "tributary config show" prints what is in effect and why.
      # Every key is shown here with its default.

      """
    for key in ConfigurationKey.allCases {
      text += "\n# \(key.summary).\n# Allowed: \(key.allowed).\n"
      text += "#\(key.rawValue) =\(key.defaultText.isEmpty ? "" : " " + key.defaultText)\n"
    }
    return text
  }()
}

/// Turns the texts of settings into values.
private struct ConfigurationValues {
  private let settings: [ConfigurationKey: Configuration.Setting]

  init(_ settings: [Configuration.Setting]) {
    self.settings = Dictionary(uniqueKeysWithValues: settings.map { ($0.key, $0) })
  }

  private subscript(key: ConfigurationKey) -> Configuration.Setting {
    guard let setting = settings[key] else { preconditionFailure("every key has a setting") }
    return setting
  }

  private func invalid(_ key: ConfigurationKey) -> ConfigurationError {
    // A whole file may have been pasted into a variable.
    .invalidValue(key, value: String(self[key].value.prefix(200)), origin: self[key].origin)
  }

  func address(_ key: ConfigurationKey) throws(ConfigurationError) -> HostAndPort {
    guard let address = HostAndPort(self[key].value) else { throw invalid(key) }
    return address
  }

  func parents() throws(ConfigurationError) -> [ParentAddress] {
    let text = self[.parents].value
    guard !ConfigurationFile.trimmed(text[...]).isEmpty else { return [] }
    var parents: [ParentAddress] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let parent: ParentAddress
      do throws(ParentAddress.Invalid) {
        parent = try ParentAddress(String(ConfigurationFile.trimmed(part)))
      } catch {
        throw invalid(.parents)
      }
      guard !parents.contains(parent), parents.count < ConfigurationRules.parents else {
        throw invalid(.parents)
      }
      parents.append(parent)
    }
    return parents
  }

  func path(_ key: ConfigurationKey) throws(ConfigurationError) -> String {
    let value = self[key].value
    guard !value.isEmpty, !value.utf8.contains(0) else { throw invalid(key) }
    return value
  }

  func number(_ key: ConfigurationKey, above lower: ConfigurationKey? = nil)
    throws(ConfigurationError) -> UInt64
  {
    guard let range = ConfigurationRules.range(of: key) else {
      preconditionFailure("\(key.rawValue) is a number")
    }
    guard let number = UInt64(self[key].value), range.contains(number) else { throw invalid(key) }
    if let lower, number <= (try self.number(lower)) { throw invalid(key) }
    return number
  }

  func choice<Choice: RawRepresentable<String>>(_ key: ConfigurationKey)
    throws(ConfigurationError) -> Choice
  {
    guard let choice = Choice(rawValue: self[key].value) else { throw invalid(key) }
    return choice
  }
}
